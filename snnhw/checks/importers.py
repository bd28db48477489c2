"""Checks for export to NIR: what the writer refuses, and what the importer of a dialect makes of the rest.

What an importer lacks is an error where the file is for that importer, and a warning where no dialect is named: the
file is right by NIR's equations, and others may read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from snnhw.graph.finding import Finding, Severity
from snnhw.graph.ir import LI, LIF, Conv2d, Delay, Graph, LoihiLIF, Node, Pool, Product, Scale, SlotMLF
from snnhw.nir.edges import currents
from snnhw.nir.frameworks import DEFAULT_DIALECT, Dialect, dialect_named
from snnhw.nir.portable import bias_carriers
from snnhw.nir.write import refusals, written_graph
from snnhw.passes.decompose import inseparable
from snnhw.rules.given import separate_membranes

ABOUT = re.compile(r"^[A-Z][a-z]+ '[^']+' ")  # a node, which a finding names itself


def nir(graph: Graph, dialect: str | None) -> Iterator[Finding]:
    """Findings of an export in `dialect`; None for the default one, in a file that is for no importer in particular.

    Raises:
        InputError: there is no such dialect.
    """
    chosen = dialect_named(dialect or DEFAULT_DIALECT)
    lacking: Severity = "warning" if dialect is None else "error"
    refused = refusals(graph, chosen.name)
    whole = inseparable(graph)
    yield from separate_membranes(graph, "nir")  # `deployment` and `products` speak of the others that are left out
    held = {e.target for synapse in bias_carriers(graph) for e in graph.out_of(synapse)}
    for name, node in graph.nodes.items():
        if name in refused and not (isinstance(node, SlotMLF | Product) or node in whole):
            message, _, remedy = refused[name].rstrip(".").rpartition("; ")
            yield Finding("nir-refused", "error", name, ABOUT.sub("it ", message), remedy)
        yield from _importer(graph, node, chosen, lacking)
        if isinstance(node, LoihiLIF) and node.bias_mant.any() and name not in held and not chosen.resets_elsewhere:
            message = f"its bias fits no synapse before it and becomes a leak, which {chosen.name} refuses or ignores"
            yield Finding("bias-as-leak", lacking, name, message, "use one bias per channel, equal for all levels")
    longest = written_graph(graph).longest
    if longest is not None:
        message = f"the file is this network in runs of at most T = {longest}, and another one in longer runs"
        yield Finding("longest-run", "warning", "", message, "export it with the T of the runs, by --timesteps")
    yield Finding(
        "importer-limits", "info", "", f"{chosen.name}: {chosen.limits}", "keep to it when you import the file"
    )


def _importer(graph: Graph, node: Node, dialect: Dialect, lacking: Severity) -> Iterator[Finding]:
    kind = {LI: "LI", Scale: "Scale", Delay: "Delay"}.get(type(node))
    if isinstance(node, Pool) and node.kind == "avg":
        kind = "AvgPool2d"
    if node.name in currents(graph).values() or (isinstance(node, LoihiLIF) and node.current_lasts):
        kind = "CubaLIF"  # it is written as part of one
    if kind in dialect.unknown:
        message = f"the importer of {dialect.name} has no {kind}"
        yield Finding(
            "importer-lacks",
            lacking,
            node.name,
            message,
            "replace it, or leave out --dialect and map it yourself in the importer",
        )
    if not dialect.branches and len(graph.into(node.name)) > 1:
        message = f"several edges meet, and {dialect.name} runs chains only"
        yield Finding("importer-branches", lacking, node.name, message, "use another dialect")
    if isinstance(node, LIF):
        yield from _neuron(node, dialect, lacking)
    if isinstance(node, LoihiLIF) and (np.any(node.start) or np.any(node.current_start)):
        message = "its membrane or its current starts at another value than 0, which NIR cannot say"
        yield Finding(
            "start", lacking, node.name, message, "read the file with snnhw, or set the states in the importer"
        )
    if isinstance(node, LoihiLIF) and node.reset == "subtract":
        message = f"it {node.resetting}, which NIR cannot say: importers reset it to 0"
        yield Finding("reset", lacking, node.name, message, "read the file with snnhw")
    if isinstance(node, LoihiLIF):
        mixed = [key for key in ("du", "dv") if np.ptp(getattr(node, key)) > 0]
        yield from _per_neuron(mixed, node, dialect, lacking)
        message = "Loihi truncates the membrane to 1/64 weight unit in each step, importers do not"
        yield Finding("integers-truncated", "info", node.name, message, "expect other spikes at near-ties")
    if isinstance(node, Pool) and node.kind == "sum" and any(node.padding):
        message = "nirtorch ignores the padding of a sum pool"
        yield Finding("sum-pool-padding", "warning", node.name, message, "pool without padding")
    if isinstance(node, Conv2d) and (node.weight.shape[2] - node.weight.shape[3]) % 2:
        message = f"nir.read refuses the kernel {list(node.weight.shape[2:])}: it takes the height for the width"
        yield Finding(
            "kernel-not-square", "warning", node.name, message, "import it with nir.read(path, type_check=False)"
        )
    analog = [e for e in graph.into(node.name) if graph.signal(e.source).kind == "analog"]
    if len(analog) > 2:
        message = f"it sums {len(analog)} analogue values; importers do so in any order"
        yield Finding("sum-order", "info", node.name, message, "expect differences in the last bit")


def _neuron(node: LIF, dialect: Dialect, lacking: Severity) -> Iterator[Finding]:
    parameters = {key: getattr(node, key) for key in ("decay", "threshold", "gain", "leak", "v_reset")}
    mixed = [key for key, value in parameters.items() if isinstance(value, np.ndarray) and np.ptp(value) > 0]
    yield from _per_neuron(mixed, node, dialect, lacking)
    if not dialect.resets_elsewhere:
        ignored = [key for key in ("leak", "v_reset") if np.any(parameters[key])]
        if ignored:
            message = f"{dialect.name} refuses or ignores a {' and a '.join(ignored)} other than 0"
            yield Finding("reset-ignored", lacking, node.name, message, "train without it")


def _per_neuron(mixed: list[str], node: Node, dialect: Dialect, lacking: Severity) -> Iterator[Finding]:
    if dialect.uniform and mixed:
        message = f"{', '.join(mixed)} differ between its neurons, which {dialect.name} does not import"
        yield Finding("per-neuron-parameters", lacking, node.name, message, "use the dialect norse, or equal values")
