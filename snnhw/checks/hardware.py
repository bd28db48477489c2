"""Checks for Lava, Loihi 1, Loihi 2 and SANA-FE: what has no counterpart there, and integers out of range.

Limits: lava-nc 0.10.0 as its fixed-point models compute, and Davies et al., IEEE Micro 38(1), 2018
(`snnhw.graph.loihi`).
Severity `info` marks what the standard pipeline settles by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.expressible import layers_on_sums
from snnhw.graph.finding import Finding, Severity
from snnhw.graph.ir import (
    LI,
    LIF,
    MLF,
    SYNAPSES,
    Conv2d,
    Delay,
    Flatten,
    Graph,
    Input,
    Linear,
    LoihiLIF,
    Neuron,
    Node,
    Norm,
    Pool,
    Readout,
)
from snnhw.graph.loihi import (
    BIAS_EXP_LIMIT,
    BIAS_MANT_LIMIT,
    CURRENT_LIMIT,
    DECAY_ONE,
    INT8_LIMIT,
    THRESHOLD_LIMIT,
    WEIGHT_LIMIT,
)
from snnhw.passes.balance_delays import depths
from snnhw.passes.fold_current import keeps_nothing
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.merge_readout import merge_readout
from snnhw.passes.pool_into_conv import pool_into_conv
from snnhw.proofs.largest import largest_input

COMMON = (Input, *SYNAPSES, Norm, Pool, Flatten, Neuron, Readout)  # what all of them have, after the passes
SANAFE_SYNAPSES = 10_000_000  # SANA-FE lists every synapse at about 1 KB each


def hardware(graph: Graph, target: str) -> Iterator[Finding]:
    """Findings for `target`, one of lava, loihi1, loihi2, sanafe."""
    left = pools_left(graph)
    merged = merge_readout(graph)
    yield from layers_on_sums(merged, target)
    if target in ("loihi1", "loihi2") and not graph.is_integer:
        yield from _readout(merged)
    for node in graph.nodes.values():
        yield from _counterpart(graph, node, target, left)
        if isinstance(node, LIF):
            yield from _lif(node, target)
        elif isinstance(node, LoihiLIF):
            yield from _integers(graph, node, target)
        elif isinstance(node, SYNAPSES):
            yield from _synapse(graph, node)
    yield from _whole(graph, target)


def _counterpart(graph: Graph, node: Node, target: str, left: set[str]) -> Iterator[Finding]:
    if keeps_nothing(node):
        message = "the current keeps nothing from one step to the next, so it is what arrives"
        yield Finding("current", "info", node.name, message, settled("fold_current"))
    elif isinstance(node, LI) and node.current_of:
        message = f"the current of {node.current_of!r} lasts longer than a step, which is not brought to {target}"
        yield Finding("no-counterpart", "error", node.name, message, "train with a synaptic time constant of one step")
    elif not isinstance(node, COMMON):
        message = f"a {type(node).__name__} has no counterpart on {target}"
        yield Finding("no-counterpart", "error", node.name, message, node.remedy)
    elif isinstance(node, Norm):
        yield Finding("norm", "info", node.name, "the normalisation is folded into its synapse", settled("fold_norm"))
    elif isinstance(node, Pool):
        if node.name not in left:
            message = "the pool is folded into the weights behind it"
            yield Finding("pool", "info", node.name, message, settled("fold_pool or pool_into_conv"))
        else:
            severity: Severity = "error" if target == "sanafe" or any(node.padding) else "info"
            message = "the pool cannot be folded into the weights behind it"
            yield Finding("pool", severity, node.name, message, "let it lead to one matrix or to convolutions alone")
    elif isinstance(node, MLF):
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
            yield Finding("no-synapse", "warning", node.name, message, "put an identity 1x1 convolution between them")


def _readout(graph: Graph) -> Iterator[Finding]:
    """A read-out that `quantise` would refuse."""
    for readout in graph.of_type(Readout):
        before = [graph.nodes[edge.source] for edge in graph.into(readout.name)]
        if len(before) != 1 or not isinstance(before[0], Linear):
            ends = ", ".join(node.name for node in before) or "nothing"
            message = f"it reads {ends}, and a network of Loihi integers ends in one matrix"
            yield Finding("readout", "error", readout.name, message, "end the network with one linear layer")


def settled(by: str) -> str:
    """Remedy for what export and simulation do by themselves."""
    return f"nothing to do, the pass {by} does it on the way"


def pools_left(graph: Graph) -> set[str]:
    """Pools that the passes cannot fold into the weights behind them."""
    try:
        return {pool.name for pool in pool_into_conv(fold_pool(graph)).of_type(Pool)}
    except InputError:  # a loop: no pipeline takes the graph
        return {pool.name for pool in graph.of_type(Pool) if len(graph.out_of(pool.name)) > 1}


def _lif(node: LIF, target: str) -> Iterator[Finding]:
    if not node.resets_to_zero:
        message = "it does not reset to 0"
        yield Finding("reset", "error", node.name, message, "train with a hard reset to 0")
    if not node.has_unit_gain or np.any(node.leak):
        yield Finding("gain", "error", node.name, "it has a gain or a leak of its own", "fold it into weights and bias")
    if isinstance(node.decay, np.ndarray) and np.ptp(node.decay) > 0:
        yield Finding(
            "mixed-decay", "error", node.name, "its neurons decay differently", "use one decay per population"
        )
    if isinstance(node.threshold, np.ndarray) and np.ptp(node.threshold) > 0:
        yield _mixed_threshold(node, target)


def _mixed_threshold(node: LIF | LoihiLIF, target: str) -> Finding:
    message = "its neurons have different thresholds, which Lava computes but Loihi 1 does not have"
    return Finding(
        "mixed-threshold", "error" if target == "loihi1" else "warning", node.name, message, "use one threshold"
    )


def _integers(graph: Graph, node: LoihiLIF, target: str) -> Iterator[Finding]:
    ranges = {
        "threshold": (node.threshold, 0, THRESHOLD_LIMIT),
        "du": (node.du, 0, DECAY_ONE - 1),
        "dv": (node.dv, 0, DECAY_ONE if target == "lava" else DECAY_ONE - 1),
        "bias_mant": (node.bias_mant, -BIAS_MANT_LIMIT - 1, BIAS_MANT_LIMIT),
        "bias_exp": (node.bias_exp, -BIAS_EXP_LIMIT if target == "lava" else 0, BIAS_EXP_LIMIT),
    }
    for key, (value, low, high) in ranges.items():
        if np.any(np.asarray(value) < low) or np.any(np.asarray(value) > high):
            message = f"{key} lies outside {low}..{high}"
            yield Finding("integer-range", "error", node.name, message, "quantise with a smaller scale")
    if isinstance(node.threshold, np.ndarray) and np.ptp(node.threshold) > 0:
        yield _mixed_threshold(node, target)
    bound = largest_input(graph, node.name)
    if bound >= CURRENT_LIMIT:
        message = f"up to {bound} weight units can arrive in a step; from {CURRENT_LIMIT} on the current wraps"
        yield Finding("current-may-wrap", "warning", node.name, message, "quantise with a smaller scale")


def _synapse(graph: Graph, node: Conv2d | Linear) -> Iterator[Finding]:
    if isinstance(node, Conv2d):
        largest = max(*node.weight.shape[2:], *node.stride, *node.padding, *node.dilation)
        if largest > INT8_LIMIT:
            message = f"a kernel, stride, padding or dilation of {largest} is beyond {INT8_LIMIT}"
            yield Finding("kernel-size", "error", node.name, message, "use smaller windows")
    if not graph.is_integer:
        return
    weight = node.weight
    if np.any(np.abs(weight) > WEIGHT_LIMIT) or np.any(np.mod(weight, 2) != 0):
        message = f"its weights are not even integers of at most {WEIGHT_LIMIT}"
        yield Finding("weight-range", "error", node.name, message, "quantise the network again")


def _whole(graph: Graph, target: str) -> Iterator[Finding]:
    if not graph.is_integer and target in ("loihi1", "loihi2"):
        yield Finding("not-quantised", "info", "", "the network computes in floats", "run snnhw quantise")
    try:
        depths(graph)
    except InputError as error:
        if graph.of_type(Delay):
            yield Finding("recurrent", "error", "", str(error), "remove the loop")
        else:
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
