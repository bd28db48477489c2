"""Checks for all targets but NIR: what the verbs refuse, what the chip lacks, what passes settle.

Errors come from the rules that the verbs ask too (`snnhw.rules.ways`), beside what a chip lacks and Lava computes.
Limits: lava-nc 0.10.0 as its fixed-point models compute, and Davies et al., IEEE Micro 38(1), 2018
(`snnhw.graph.loihi`). Severity `info` marks what the standard pipeline settles by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.finding import Finding, Severity
from snnhw.graph.ir import (
    ILIF,
    MLF,
    SYNAPSES,
    Conv2d,
    Graph,
    Input,
    Linear,
    MaxPool,
    Neuron,
    Node,
    Norm,
    Pool,
)
from snnhw.graph.loihi import DECAY_PAIRS
from snnhw.passes.balance_delays import depths
from snnhw.passes.fold_current import keeps_nothing
from snnhw.passes.max_pool_into_neurons import is_pool_of_spikes, pool_neurons
from snnhw.quantisation.decay_pairs import decay_pairs
from snnhw.rules.expressible import deployment
from snnhw.rules.integers import exponents, wide_sums
from snnhw.rules.neurons import one_threshold, resets_to_zero
from snnhw.rules.ways import BUNDLE, INTEGERS, LAVA, NENGO_LOIHI, RRAM, SANAFE, C, Rule, Way, refusals

SANAFE_SYNAPSES = 10_000_000  # SANA-FE lists every synapse at about 1 KB each


@dataclass(frozen=True)
class Chip:
    """What a target is for the rule book: the ways of its verbs, and what it lacks beyond them."""

    floats: Way  # of a graph in floats
    integers: Way  # of a graph in Loihi integers
    lacks: tuple[Rule, ...] = ()  # asked of the graph as it is given


CHIPS: dict[str, Chip] = {
    "lava": Chip(LAVA, LAVA),
    "loihi1": Chip(INTEGERS, LAVA, (one_threshold, resets_to_zero, exponents, deployment)),
    "loihi2": Chip(INTEGERS, LAVA, (exponents,)),
    "sanafe": Chip(SANAFE, SANAFE),
    "nengo-loihi": Chip(INTEGERS, NENGO_LOIHI, (resets_to_zero,)),
    "c": Chip(INTEGERS, C),
    "bundle": Chip(INTEGERS, BUNDLE),
    "rram": Chip(INTEGERS, RRAM),
}


def hardware(graph: Graph, target: str) -> Iterator[Finding]:
    """Findings for `target`, a key of `CHIPS`; of errors about the structure of the graph, `structure` speaks."""
    chip = CHIPS[target]
    refused = refusals(graph, chip.integers if graph.is_integer else chip.floats)
    yield from refused
    for rule in chip.lacks:
        yield from (f for f in rule(graph, target) if (f.code, f.node) not in {(r.code, r.node) for r in refused})
    if target == "lava" and not graph.is_integer:
        yield from _in_floats_alone(graph, refused)
    pools = {f.node for f in refused if f.code == "pool"}
    for node in graph.nodes.values():
        if node.name not in pools:
            yield from _settled(graph, node, target)
        if isinstance(node, Neuron) and target in ("loihi1", "loihi2"):
            yield from _decays(graph, node, target)
    if target == "nengo-loihi" and graph.is_integer and not refused:
        yield from wide_sums(graph)
    yield from _whole(graph, target)


def _in_floats_alone(graph: Graph, refused: list[Finding]) -> Iterator[Finding]:
    """A warning for everything that Lava runs in floating point, and for which there are no integers."""
    known = {(finding.code, finding.node) for finding in refused}
    for finding in refusals(graph, INTEGERS):
        if (finding.code, finding.node) not in known:
            message = f"in floating point alone, for Loihi integers: {finding.message}"
            yield replace(finding, severity="warning", message=message)


def _settled(graph: Graph, node: Node, target: str) -> Iterator[Finding]:
    if keeps_nothing(node):
        message = "the current keeps nothing from one step to the next, so it is what arrives"
        yield Finding("current", "info", node.name, message, settled("fold_current"))
    elif isinstance(node, Norm):
        yield Finding("norm", "info", node.name, "the normalisation is folded into its synapse", settled("fold_norm"))
    elif isinstance(node, Pool):
        message = "the pool is folded into the weights behind it, where that is possible"
        yield Finding("pool", "info", node.name, message, settled("fold_pool or pool_into_conv"))
    elif isinstance(node, MaxPool) and is_pool_of_spikes(graph, node):
        message = (
            f"{pool_neurons(graph, node)} neurons that forget each step compute it on the chip, deeper by a synapse: "
            "counts of the compiled network have them, those of this one have operations of a host"
        )
        yield Finding("max-pool", "info", node.name, message, settled("max_pool_into_neurons"))
    elif isinstance(node, MLF) or (isinstance(node, ILIF) and node.separable(graph.timesteps)):
        message = (
            f"the unit becomes {node.levels} binary populations, or one that sends graded spikes of 0..{node.levels}"
        )
        yield Finding("multi-level", "info", node.name, message, settled("decompose"))
        if target == "loihi1" and node.levels > 1:
            message = "spikes of Loihi 1 carry no payload, so the levels are separate neurons"
            yield Finding("no-payload", "info", node.name, message, f"count {node.levels} times its neurons")
    elif isinstance(node, Input) and node.levels is None and node.scale is None:
        yield Finding(
            "analogue-input", "info", node.name, "the first layer gets analogue values", "quantise the network"
        )
    if isinstance(node, Neuron):
        alone = Neuron if graph.is_integer else (Neuron, Input)  # coded integers may enter as a current
        direct = [e.source for e in graph.into(node.name) if isinstance(graph.nodes[e.source], alone)]
        if direct:
            message = f"it takes {', '.join(direct)} without a synapse between"
            yield Finding("no-synapse", "info", node.name, message, settled("identity_synapses"))


def settled(by: str) -> str:
    """Remedy for what export and simulation do by themselves."""
    return f"nothing to do, the pass {by} does it on the way"


def _decays(graph: Graph, node: Neuron, target: str) -> Iterator[Finding]:
    """What decays of channels or neurons take of a core."""
    with np.errstate(invalid="ignore"):  # values that are not finite are errors of their own
        pairs = np.unique(decay_pairs(graph, node)).size
    if pairs == 1:
        return
    severity: Severity = "warning"
    if target == "loihi2":
        message = f"it has {pairs} different decays; how many a core of Loihi 2 holds is not public, so map counts none"
    else:
        message = f"it has {pairs} different decays, and a core of Loihi 1 holds {DECAY_PAIRS} (nengo_loihi 1.1.0)"
        severity = "info" if pairs <= DECAY_PAIRS else "warning"
        if pairs > DECAY_PAIRS:
            message += f", so it takes at least {-(-pairs // DECAY_PAIRS)} cores"
    yield Finding("decays-per-core", severity, node.name, message, "use one decay, or few that its channels share")


def _whole(graph: Graph, target: str) -> Iterator[Finding]:
    if not graph.is_integer and target in ("loihi1", "loihi2", "nengo-loihi", "c", "bundle", "rram"):
        yield Finding("not-quantised", "info", "", "the network computes in floats", "run snnhw quantise")
    try:
        depths(graph)
    except InputError:  # a loop is an error of its own
        yield Finding("unbalanced", "info", "", "branches of unequal depth meet", settled("balance_delays"))
    if target == "sanafe":
        synapses = sum(synapse_count(graph, n) for n in graph.nodes.values() if isinstance(n, SYNAPSES))
        if synapses > SANAFE_SYNAPSES:
            message = f"SANA-FE lists every one of the {synapses} synapses, at about 1 KB each"
            yield Finding("too-many-synapses", "warning", "", message, "use the closed formula of the energy report")


def synapse_count(graph: Graph, node: Conv2d | Linear) -> int:
    """Synapses if every weight use is one, padding included."""
    uses = node.shape[1] * node.shape[2] if isinstance(node, Conv2d) and len(node.shape) == 3 else 1
    return int(node.weight.size) * uses
