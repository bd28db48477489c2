"""SANA-FE runs a graph: what its chip counts (`run`), and the record that every backend gives (`record`).

A spike arrives one step after it was sent, so a population at depth d counts in the T steps from d on. The read-out is
an accumulator that never fires; its potential after the last of its steps is the sum of the logits.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snnhw.analysis.hardware.mesh import LOIHI_MESH, Mesh
from snnhw.analysis.hardware.stepwise import FLOAT_SCALE, populations
from snnhw.errors import InputError
from snnhw.exporters.sanafe.network import Simulator, build, loihi
from snnhw.graph.ir import SYNAPSES, Array, Graph
from snnhw.passes.relays import with_relays
from snnhw.rules.ways import SANAFE, compiled
from snnhw.simulation.frames import check_inputs, has_steps
from snnhw.simulation.record import SpikeRecord, event_record, unit_record


@dataclass(frozen=True)
class ChipRun:
    """What SANA-FE says about one run."""

    fired: dict[str, npt.NDArray[np.int64]]  # sender -> spikes per neuron [*shape]
    events: int
    packets: int
    updated: int  # neuron-steps, those of the inputs that fired included
    synapse: float  # J
    soma: float
    network: float
    seconds: float  # simulated time


def run(graph: Graph, sample: Array, steps: int, mesh: Mesh = LOIHI_MESH) -> ChipRun:
    """Simulate one sample on SANA-FE's Loihi; `graph` as for `export`, with its branches in balance."""
    import sanafe

    network, senders, _ = build(graph, sample, mesh)
    chip = sanafe.SpikingChip(loihi())
    chip.load(network)
    found = _sim(chip, steps)
    fired = {name: np.zeros(graph.nodes[name].size, dtype=np.int64) for name in senders}
    for step in found["spike_trace"]:
        for address in step:
            fired[address.group_name][address.neuron_offset] += 1
    energy = found["energy"]
    return ChipRun(
        fired={name: counts.reshape(graph.nodes[name].shape) for name, counts in fired.items()},
        events=found["spikes"],
        packets=found["packets_sent"],
        updated=found["neurons_updated"],
        synapse=energy["synapse"],
        soma=energy["soma"],
        network=energy["network"],
        seconds=found["sim_time"],
    )


def record(
    graph: Graph, inputs: Array, *, raster: bool = False, progress: Callable[[int], None] | None = None
) -> SpikeRecord:
    """The same record as from the engines; the network is built anew for each sample.

    Args:
        graph: any graph that can be decomposed into channels, float or integer.
        inputs: images [N, *shape], held over the steps, or binary events [N, T, *shape].
        raster: keep every spike.
        progress: called with the number of samples that have finished.

    Raises:
        InputError: the graph has nodes that SANA-FE lacks or does not fit the chip, or the inputs do not fit.
    """
    import sanafe

    compiled_graph = channels(graph)
    chip, _ = with_relays(compiled_graph)
    units, start, steps = compiled_graph.units(), windows(chip), chip.timesteps
    level_of = {node.name: (unit, k) for unit, nodes in units.items() for k, node in enumerate(nodes)}
    (end,) = (n for n in populations(chip) if n == chip.readout.name)
    fed = samples(chip, inputs)
    rasters = {u: np.zeros((len(fed), steps, len(n), *n[0].shape), dtype=np.uint8) for u, n in units.items()}
    logits = np.zeros((len(fed), *chip.readout.shape))
    for i, sample in enumerate(fed):
        network, _, _ = build(chip, sample, LOIHI_MESH, start)
        simulator = sanafe.SpikingChip(loihi())
        simulator.load(network)
        found = _sim(simulator, start[end] + steps, potential_trace=True)
        for step, fired in enumerate(found["spike_trace"]):
            for address in fired:
                unit, level = level_of.get(address.group_name, ("", 0))
                if unit and 0 <= (t := step - start[address.group_name]) < steps:
                    rasters[unit][i, t, level].flat[address.neuron_offset] = 1
        logits[i].flat = found["potential_trace"][-1]
        if progress is not None:
            progress(1)
    kept = {unit: unit_record(fired) for unit, fired in rasters.items()}
    if chip.input.levels is not None:
        kept = {chip.input.name: event_record(check_inputs(chip, inputs), chip.input.levels, steps), **kept}
    logits /= 1.0 if chip.is_integer else FLOAT_SCALE
    if chip.readout.reduction == "mean":
        logits /= steps
    ends = np.rint(logits).astype(np.int64) if chip.is_integer else logits
    return SpikeRecord(len(fed), steps, kept, ends, rasters if raster else {}, stepped=has_steps(chip, inputs))


def _sim(chip: Simulator, steps: int, **traces: bool) -> Simulator:
    """What `SpikingChip.sim` finds; what it prints is dropped."""
    with contextlib.redirect_stdout(io.StringIO()):
        return chip.sim(steps, timing_model="simple", spike_trace=True, processing_threads=1, **traces)


def channels(graph: Graph) -> Graph:
    """The graph as SANA-FE can take it: one population per level, pools folded into the read-out.

    Raises:
        InputError: a rule of `snnhw.rules.ways.SANAFE` refuses the graph.
    """
    return compiled(graph, SANAFE)


def windows(graph: Graph) -> dict[str, int]:
    """First step in which each population counts: an image acts at once as a bias, a spike one step after it was sent.

    `graph` has its branches in balance (`with_relays`).
    """
    sent: dict[str, int] = {graph.input.name: -1 if graph.input.levels is None else 0}
    for name in graph.order():
        if name not in sent:
            sent[name] = max(sent[e.source] for e in graph.into(name)) + (not isinstance(graph.nodes[name], SYNAPSES))
    return {name: sent[name] for name in populations(graph)}


def samples(graph: Graph, inputs: Array) -> list[Array]:
    """Each sample as `build` takes it.

    Raises:
        InputError: they do not fit the input, or an image changes over time.
    """
    frames = check_inputs(graph, inputs)
    if graph.input.levels is not None:
        return list(np.broadcast_to(frames, (len(frames), graph.timesteps, *graph.input.shape)))
    if (frames != frames[:, :1]).any():
        raise InputError("SANA-FE gets an image as a bias, which cannot change over time; give one image a sample.")
    return list(frames[:, 0])
