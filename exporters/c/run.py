"""Running an integer graph as the C program that the exporter writes: `run_c(graph, inputs) -> SpikeRecord`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt

from snnhw.errors import InputError
from snnhw.exporters.c.folder import write_program
from snnhw.exporters.c.program import Program, program_of
from snnhw.exporters.c.size import STRICT
from snnhw.exporters.lava.runtime.scratch import scratch_folder
from snnhw.graph.ir import Array, Graph
from snnhw.rules.ways import C, compiled
from snnhw.simulation.frames import check_inputs, has_steps
from snnhw.simulation.record import SpikeRecord, event_record, unit_record

RECORDER = Path(__file__).with_name("record.c")
TIMEOUT_S = 600.0


def run_c(
    graph: Graph, inputs: Array, *, events: bool = False, raster: bool = False, timeout_s: float = TIMEOUT_S
) -> SpikeRecord:
    """Record of an integer graph, the same as from every backend; the program shows no membranes.

    Args:
        graph: in Loihi integers.
        inputs: [N, *shape], repeated over the time steps, or [N, T, *shape], before they are coded as integers.
        events: the event-driven form of the program.
        raster: keep every spike, uint8 [N, T, K, *shape] per unit.
        timeout_s: wall time for the compiler, and for the program.

    Raises:
        InputError: the graph or the inputs do not fit, there is no C compiler, or the program fails.
    """
    ready = compiled(graph, C)
    frames = check_inputs(ready, inputs)
    if not len(frames):
        raise InputError("There are no samples to run; give inputs with at least one.")
    program = program_of(ready, events=events)
    coded = ready.input.coded(frames).astype(_dtype(program.value))
    with scratch_folder("snnhw-c-") as folder:
        write_program(folder, ready, program, "")
        compiler = os.environ.get("CC", "cc")
        sources = [str(folder / "network.c"), str(RECORDER), "-I", str(folder)]
        _run([compiler, *STRICT, "-O2", "-DNETWORK_OBSERVED", *sources, "-o", str(folder / "record")], b"", timeout_s)
        command = [str(folder / "record"), str(len(frames)), str(frames.shape[1])]
        rasters, logits = _taken_apart(ready, program, _run(command, coded.tobytes(), timeout_s), len(frames))
    units = {unit: unit_record(fired) for unit, fired in rasters.items()}
    if ready.input.levels is not None:
        units = {ready.input.name: event_record(frames, ready.input.levels, ready.timesteps), **units}
    stepped = has_steps(graph, inputs)
    return SpikeRecord(len(frames), ready.timesteps, units, logits, rasters if raster else {}, stepped=stepped)


def _taken_apart(graph: Graph, program: Program, said: bytes, samples: int) -> tuple[dict[str, Array], Array]:
    """(rasters uint8 [N, T, K, *shape] of the units, output int64 [N, *shape])."""
    spikes, steps = sum(each.size for each in program.populations), graph.timesteps
    output = _dtype(program.output)
    record = np.dtype([("spikes", np.uint8, (steps, spikes)), ("output", output, graph.readout.shape)])
    if len(said) != samples * record.itemsize:
        raise InputError("The C program wrote another number of spikes than its network has; compile it again.")
    found = np.frombuffer(said, record)
    levels: dict[str, list[Array]] = {unit: [] for unit in graph.units()}
    first = 0
    for each in program.populations:
        shape = graph.units()[each.unit][each.level].shape
        levels[each.unit].append(found["spikes"][:, :, first : first + each.size].reshape(samples, steps, *shape))
        first += each.size
    return {unit: np.stack(fired, axis=2) for unit, fired in levels.items()}, found["output"].astype(np.int64)


def _dtype(ctype: str) -> npt.DTypeLike:
    return np.dtype(ctype.removesuffix("_t"))


def _run(command: list[str], given: bytes, timeout_s: float) -> bytes:
    """What a command prints.

    Raises:
        InputError: it is not there, fails or takes too long.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=timeout_s, check=False)
    except OSError as error:
        message = f"Cannot start the C compiler {name} ({error.strerror}); install gcc, or name another one with CC."
        raise InputError(message) from error
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{name} did not end within {timeout_s:g} s; run fewer samples.") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise InputError(f"{name} failed ({lines[0]}); use another C compiler, which CC names.")
    return done.stdout
