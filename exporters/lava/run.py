"""Running a graph in Lava, out of process: `run_lava(graph, inputs) -> SpikeRecord`.

Takes a graph after all passes, floats or Loihi integers; writes it to a temporary file, has the worker run it under a
time limit, and reads the spikes back. Whatever happens, no process and no file is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from snnhw.errors import InputError
from snnhw.exporters.interpreter import environment_of
from snnhw.exporters.lava.env import find_interpreter
from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.runtime.network import Array, LavaNetwork, LavaRunError, load_result
from snnhw.exporters.lava.runtime.scratch import scratch_folder
from snnhw.exporters.lava.runtime.stream import to_torch_order
from snnhw.exporters.lava.runtime.supervise import supervise, worker_command
from snnhw.files import write_atomically
from snnhw.graph.ir import Graph
from snnhw.simulation.frames import check_inputs, has_steps
from snnhw.simulation.record import SpikeRecord, UnitRecord, event_record

TIMEOUT_S = 600.0


class LavaError(InputError):
    """Lava failed; the message says why in one sentence, `traceback_text` holds what the worker printed."""

    def __init__(self, message: str, traceback_text: str = "") -> None:
        super().__init__(message)
        self.traceback_text = traceback_text


@dataclass(frozen=True)
class RunOptions:
    """How Lava runs a graph, and what is kept of the run.

    Attributes:
        timeout_s: wall time after which the run is given up.
        conv: our im2col model of Conv, or Lava's own ("stock"), which is up to 60 times slower.
        binary: one synapse with one-bit messages per source population instead of graded sums.
        raster: keep every spike, uint8 [N, T, K, *shape] per unit.
        membranes: keep every membrane before the reset, [N, T, K, *shape] per unit; in units of 1/64 weight for
            integers.
        python: interpreter with lava-nc 0.10.0; by default the one that `env.find_interpreter` finds.
    """

    timeout_s: float = TIMEOUT_S
    conv: Literal["im2col", "stock"] = "im2col"
    binary: bool = False
    raster: bool = False
    membranes: bool = False
    python: str | None = None

    def worker_flags(self) -> tuple[str, ...]:
        """The options that the worker takes on its command line."""
        chosen = {"--stock-conv": self.conv == "stock", "--raster": self.raster, "--membranes": self.membranes}
        return tuple(flag for flag, on in chosen.items() if on)


def run_lava(
    graph: Graph,
    inputs: Array,
    options: RunOptions = RunOptions(),
    progress: Callable[[int, int], None] | None = None,
) -> SpikeRecord:
    """Run `graph` in Lava: `Loihi2SimCfg`, fixed_pt for Loihi integers, else floating_pt.

    Args:
        graph: folded, decomposed, delays balanced.
        inputs: [N, *input.shape], repeated over the time steps, or [N, T, *input.shape].
        options: how it is run, and what is kept.
        progress: called with samples finished and samples in all.

    Raises:
        InputError: the inputs or the graph do not fit, or there is no interpreter.
        LavaError: Lava failed or ran out of time.
    """
    network = lower(graph, binary=options.binary)
    frames = check_inputs(graph, inputs)
    if not len(frames):
        raise InputError("There are no samples to run; give inputs with at least one.")
    record = replace(run_network(network, frames, options, progress), stepped=has_steps(graph, inputs))
    if graph.input.levels is None:
        return record
    entered = event_record(frames, graph.input.levels, graph.timesteps)
    return replace(record, units={graph.input.name: entered, **record.units})


def run_network(
    network: LavaNetwork,
    frames: Array,
    options: RunOptions = RunOptions(),
    progress: Callable[[int, int], None] | None = None,
) -> SpikeRecord:
    """Run a lowered network.

    Args:
        network: from `lower`, where `binary` has been decided.
        frames: [N, *shape] or [N, 1 or T, *shape] in torch's order, before quantisation.
        options: as in `run_lava`.
        progress: as in `run_lava`.

    Raises:
        InputError: there is no interpreter, or the files cannot be written.
        LavaError: Lava failed or ran out of time.
    """
    interpreter = options.python or find_interpreter()
    with scratch_folder("snnhw-lava-") as folder:
        paths = [folder / name for name in ("network.npz", "input.npz", "output.npz")]
        write_atomically(paths[0], network.save)
        write_atomically(paths[1], lambda file: np.savez(file, input=frames))
        try:
            supervise(
                worker_command(interpreter, paths[0], paths[1], paths[2], options.worker_flags()),
                timeout_s=options.timeout_s,
                progress=progress,
                environment=environment_of(interpreter),
            )
            arrays = load_result(paths[2])
        except LavaRunError as error:
            raise LavaError(str(error), error.traceback_text) from error
    try:
        return record_of(network, arrays, len(frames))
    except (LookupError, ValueError, TypeError) as error:
        raise LavaError(
            f"The result of Lava is of another network ({error}); install its interpreter again."
        ) from error


def record_of(network: LavaNetwork, arrays: dict[str, Array], samples: int) -> SpikeRecord:
    """The worker's arrays as a record."""
    shapes = {p.name: p.shape for p in network.processes}
    units, raster, membranes = {}, {}, {}
    for unit in network.units:
        units[unit.name] = UnitRecord(*(arrays[f"{key}/{unit.name}"] for key in ("levels", "events", "levels_t")))
        if f"raster_bits/{unit.name}" in arrays:
            shape = shapes[unit.populations[0]]
            bits = arrays[f"raster_bits/{unit.name}"]
            spikes = np.unpackbits(bits, axis=-1, count=int(np.prod(shape))).reshape(*bits.shape[:-1], *shape)
            raster[unit.name] = to_torch_order(spikes) if len(shape) == 3 else spikes
        if f"membranes/{unit.name}" in arrays:
            membranes[unit.name] = arrays[f"membranes/{unit.name}"]
    return SpikeRecord(samples, network.timesteps, units, arrays["logits"], raster, membranes)
