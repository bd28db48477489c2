"""`RawGraph` -> typed graph: nesting flattened, shapes passed along the edges, loops made causal, metadata put back."""

from __future__ import annotations

import re
from collections.abc import Mapping

from snnhw.graph.assumptions import TIMESTEPS
from snnhw.graph.finding import Finding
from snnhw.graph.ir import LIF, NODE_NAME, Edge, Graph, Node
from snnhw.graph.names import free_name
from snnhw.nir.file import RawGraph, RawNode
from snnhw.nir.frameworks import CONVENTIONS, DEFAULT_CONVENTION, DIALECTS
from snnhw.nir.metadata import KEY, Metadata
from snnhw.nir.read.fields import Context, shown
from snnhw.nir.read.flatten import IDENTITY, flattened, without_batch_axis
from snnhw.nir.read.loops import with_causal_loops
from snnhw.nir.read.mended import channels_first, mended
from snnhw.nir.read.restore import restore, with_origins
from snnhw.nir.read.time_step import DEFAULT_DT, gain_per_step, time_step
from snnhw.nir.read.walk import Walk, without_carriers
from snnhw.nir.read.writer import say_writer
from snnhw.nir.reading import AS_WRITTEN, Reading

DEFAULT_TIMESTEPS = 16
LAST_WITHOUT_RESET = (1, 0, 5)
NEWEST_MAJOR = 1


def graph_from_raw(
    raw: RawGraph, reading: Reading = AS_WRITTEN, *, name: str = "network"
) -> tuple[Graph, tuple[Finding, ...]]:
    """(graph, findings); neurons are channels, `unit` and `level` set where metadata says them.

    Raises:
        InputError: the file cannot be understood; the node and the remedy are named.
    """
    convention = reading.convention()
    context = Context(
        DEFAULT_DT,
        form=convention.form,
        convention=convention,
        reset=reading.known_reset(),
        predates_reset=_version(raw.version) <= LAST_WITHOUT_RESET,
        written_by=reading.written_by or "",
    )
    if _version(raw.version) >= (NEWEST_MAJOR + 1,):
        context.find(
            "version-newer",
            "warning",
            "",
            f"the file is of nir {shown(raw.version)}; it is read as nir {NEWEST_MAJOR} defines it",
            "compare with the framework that wrote it",
        )
    meta = _metadata(raw, context)
    if meta is not None:
        _step_as_written(meta, context)
        context.currents = meta.currents
    flat = flattened(raw, context)
    if meta is None and reading.written_by is None:
        say_writer(flat, context)
    context.gain_per_step = gain_per_step(flat, meta, context)
    context.dt = time_step(flat, reading.dt, meta, context)
    context.lift = any(node.type == "Conv1d" for node in flat.nodes.values())
    if meta is None:
        flat = without_batch_axis(flat, context)
        flat = mended(flat, context)
    walk = Walk(flat, _typed_names(flat.nodes, meta, context), context)
    walk.run()
    nodes, edges = walk.nodes, without_carriers(flat, walk, meta)
    if meta is not None:
        targets: dict[str, set[str]] = {}
        for edge in edges:
            targets.setdefault(edge.source, set()).add(edge.target)
        nodes = restore(nodes, walk.raws, targets, meta, context)
        edges = _with_delays(edges, meta, context)
    else:
        nodes = channels_first(nodes, edges, context) if context.convention.channels_last else nodes
        _say_assumptions(nodes, context)
    nodes, edges, found = with_causal_loops(nodes, edges)
    context.findings.extend(found)
    steps = reading.timesteps or (meta.timesteps if meta else _assumed_timesteps(context))
    order = meta.order if meta and len(meta.order) == len(nodes) and set(meta.order) == set(nodes) else tuple(nodes)
    title, longest = (meta.name, meta.longest) if meta else (name, None)
    graph = Graph.build([nodes[n] for n in order], edges, steps, title, longest=longest)
    if meta is not None:
        graph = with_origins(graph, meta, context)
    return graph, tuple(context.findings)


def _step_as_written(meta: Metadata, context: Context) -> None:
    """A file of ours says how it is stepped; what else was asked for does not apply to it."""
    if context.convention.name != DEFAULT_CONVENTION or context.reset is not None:
        context.find(
            "convention-ignored",
            "warning",
            "",
            "the file holds snnhw metadata, which says how its neurons step; the framework and the reset that were "
            "asked for are not applied",
            "leave out --written-by and --reset",
        )
    context.convention, context.reset = CONVENTIONS[DEFAULT_CONVENTION], None
    dialect = DIALECTS.get(meta.dialect)
    context.form = "exponential" if dialect is not None and dialect.form == "exponential" else "euler"


def _with_delays(edges: list[Edge], meta: Metadata, context: Context) -> list[Edge]:
    """Edges with the delays of pipelined hardware, where gains agree with the file; elsewhere there is a finding."""
    delayed: dict[tuple[str, str], list[Edge]] = {}
    for source, target, gain, delay in meta.delays:
        delayed.setdefault((source, target), []).append(Edge(source, target, gain, delay))
    out: list[Edge] = []
    for edge in edges:
        parts = delayed.pop((edge.source, edge.target), [])
        agrees = sum(e.gain for e in parts) == edge.gain
        out.extend(parts if parts and agrees else [edge])
        if parts and not agrees:
            _say_dropped(edge.source, edge.target, "has another gain there than in the nodes of the file", context)
    for source, target in delayed:
        _say_dropped(source, target, "is not in the file", context)
    return out


def _say_dropped(source: str, target: str, why: str, context: Context) -> None:
    message = f"the snnhw metadata delays the edge {source} -> {target}, which {why}; its delay is left out"
    context.find("delays-ignored", "warning", target, message, "write the file again; exporters balance delays anew")


def _metadata(raw: RawGraph, context: Context) -> Metadata | None:
    text = raw.metadata.get(KEY)
    if text is None:
        return None
    try:
        return Metadata.from_json(str(text))
    except ValueError as error:
        context.find(
            "metadata-unreadable",
            "warning",
            "",
            f"the snnhw metadata of the file is not usable: {error}",
            "write the file again with snnhw export; it is now read as a foreign file",
        )
        return None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"[0-9]{1,9}", text)[:3])


def _assumed_timesteps(context: Context) -> int:
    context.find(
        TIMESTEPS,
        "warning",
        "",
        f"the file does not say how many time steps a sample lasts; {DEFAULT_TIMESTEPS} are taken",
        "give --timesteps",
    )
    return DEFAULT_TIMESTEPS


def _say_assumptions(nodes: Mapping[str, Node], context: Context) -> None:
    convention = context.convention
    if convention.name != DEFAULT_CONVENTION:
        context.find(
            "convention-applied",
            "info",
            "",
            f"the neurons step as those of {convention.name}, dt {context.dt:g}; {convention.limits}",
            "leave out --written-by to step by the equations of NIR",
        )
    if convention.several and any(isinstance(node, LIF) for node in nodes.values()):
        context.find(
            "one-spike-a-step",
            "warning",
            "",
            f"neurons of {convention.name} may send several spikes in one step, and do where their membrane reaches "
            "twice the threshold; here they send one",
            "train with at most one spike in a step, or compare the spikes with those of the framework",
        )
    context.find(
        "readout-mean" if context.written_by else "readout-assumed",
        "info",
        list(nodes)[-1],
        "NIR does not say how outputs are read; their mean over time is taken, which ranks classes as their sum does",
        "none needed, unless the network was trained otherwise"
        if context.written_by
        else "name the framework with --written-by if its network was trained so",
    )
    if context.lift:
        context.find(
            "conv1d-as-conv2d",
            "info",
            "",
            "the network is one-dimensional; shapes (channels, length) are read as (channels, 1, length)",
            "give inputs of shape [N, channels, 1, length]",
        )


def _typed_names(files: Mapping[str, RawNode], meta: Metadata | None, context: Context) -> dict[str, str]:
    """Name in the file -> identifier, unique; ours where metadata gives it."""
    names: dict[str, str] = {}
    taken = set(files)
    for file_name, node in files.items():
        wanted = meta.names.get(file_name, file_name) if meta else file_name
        ours = wanted
        if not NODE_NAME.match(ours):
            ours = re.sub(r"[^A-Za-z0-9_]", "_", ours)
            ours = ours if NODE_NAME.match(ours) else f"n{ours}"
        if ours != file_name:
            ours = free_name(ours, taken)
        if ours != wanted and node.type != IDENTITY:
            context.find("renamed", "info", ours, f"the node is called {file_name!r} in the file", "none needed")
        names[file_name] = ours
        taken.add(ours)
    return names
