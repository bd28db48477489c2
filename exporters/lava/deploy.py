"""Exporter for Lava: a folder that runs with `python run.py` where there are only numpy and lava-nc 0.10.0.

It holds the network file, the worker, an input example with the spikes that are expected, and a README.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.exporters.base import Artifact, check_options
from snnhw.exporters.example import example_frames
from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.runtime import command, supervise
from snnhw.exporters.lava.runtime.network import Array, LavaNetwork
from snnhw.files import write_atomically, write_text
from snnhw.gates.folder import MANIFEST, place_for
from snnhw.graph.finding import Finding
from snnhw.graph.ir import LIF, Graph, LoihiLIF
from snnhw.rules.ways import LAVA, compiled
from snnhw.simulation.record import SpikeRecord

PACKAGE = "lava_runtime"
RUN = f'''"""Runs this folder's network in Lava; see README.md."""

import sys
from pathlib import Path

from {PACKAGE}.command import main

if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent, sys.argv[1:]))
'''
GRADED = Finding(
    "graded-sum",
    "info",
    "",
    "a unit is one LIF process per level; a synapse gets their sum as one graded spike",
    "on Loihi 2, put the levels of a unit into one neuron program",
)


@dataclass(frozen=True)
class Options:
    """What can be chosen about the folder."""

    inputs: Array | None = None  # [N, *shape] or [N, T, *shape], the example; else three samples of noise
    calibration: Array | None = None  # samples that turn a float graph into Loihi integers; else it stays in floats
    binary: bool = False  # one synapse with one-bit messages per source population
    force: bool = False  # replace files of the same names that no earlier export wrote


def export(graph: Graph, path: Path, options: Options = Options()) -> Artifact:
    """Write `graph` as a folder; the files of an earlier export are replaced, others in it are kept.

    Raises:
        InputError: the graph cannot run in Lava, the inputs do not fit, or `path` holds something else.
    """
    check_options("lava", options, Options)
    place = place_for(path, force=options.force)
    graded = any(e.payload_bits for e in graph.edges)
    graph = _compiled(graph, options.calibration)
    network = lower(graph, binary=options.binary)
    frames = example_frames(graph, options.inputs)
    with place.filling() as folder:
        _fill(folder, graph, network, frames)
        size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    return Artifact("lava", Path(path), size, (GRADED,) if graded else ())


def unavailable() -> str | None:
    """None: writing the folder needs no Lava."""
    return None


def _compiled(graph: Graph, calibration: Array | None) -> Graph:
    """The graph as it can run in Lava: K channels, in integers if there are calibration samples."""
    from snnhw.quantisation.compile import compile_loihi

    return compiled(graph if calibration is None else compile_loihi(graph, calibration).graph, LAVA)


def _fill(folder: Path, graph: Graph, network: LavaNetwork, frames: Array) -> None:
    from snnhw.simulation.certificate import graph_backend

    record = graph_backend("expected", graph).run(frames if frames.shape[1] > 1 else frames[:, 0], False)
    here = Path(supervise.__file__).parent
    shutil.copytree(here, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).with_name("requirements.txt"), folder)
    write_atomically(folder / command.NETWORK, network.save)
    write_atomically(folder / command.EXAMPLE, lambda file: np.savez_compressed(file, input=frames))
    write_atomically(folder / command.EXPECTED, lambda file: np.savez_compressed(file, **_expected(record, network)))  # type: ignore[arg-type]
    write_text(folder / "run.py", RUN)
    write_text(folder / "README.md", _readme(graph, network))


def _expected(record: SpikeRecord, network: LavaNetwork) -> dict[str, Array]:
    """What the worker returns: logits and the counts of its units, of which the events of the input are none."""
    arrays = {"logits": record.logits}
    for name in (unit.name for unit in network.units):
        unit = record.units[name]
        arrays.update(
            {f"levels/{name}": unit.levels, f"events/{name}": unit.graded_spikes, f"levels_t/{name}": unit.levels_t}
        )
    return arrays


def _waits(network: LavaNetwork) -> str:
    return f"\n{network.gap} silent steps lie between samples, in which delayed spikes run out." if network.gap else ""


def _readme(graph: Graph, network: LavaNetwork) -> str:
    neurons = sum(n.size for n in graph.of_type(LIF, LoihiLIF))
    shape = ", ".join(map(str, graph.input.shape))
    arithmetic = "Loihi integers (fixed_pt)" if network.integer else "floating point (floating_pt)"
    coding = f"`input` [N, {shape}], repeated over the time steps, or [N, {network.timesteps}, {shape}]"
    if network.integer:
        scale, bits = network.source.params["scale"], network.source.params["bits"]
        coding += f"; the network takes round({scale:g} x), clipped to {bits} bits, and run.py does that"
    return f"""# {network.name} for Lava

{neurons} neurons in {len(network.units)} units, {len(network.processes)} Lava processes, {network.timesteps} time steps
a sample, {arithmetic}. Needs Python 3.10, numpy and lava-nc 0.10.0, nothing else:

    python3.10 -m venv env
    env/bin/pip install -r requirements.txt
    env/bin/python run.py

runs the samples of `{command.EXAMPLE}` and compares spikes and logits with `{command.EXPECTED}`.
`run.py SAMPLES.npz -o SPIKES.npz` runs other samples; `run.py --help` lists the options.

| file | content |
|---|---|
| `{command.NETWORK}` | weights, biases, thresholds and connections |
| `{command.EXAMPLE}` | {coding} |
| `{command.EXPECTED}` | unit `levels/` [K, *shape], `events/` [*shape], `levels_t/` [K, T]; `logits` [N, *outputs] |
| `{MANIFEST}` | names and sha256 of all these files, by which the next export knows its own |
| `{PACKAGE}/` | the worker, its supervisor, and our Lava processes |

`levels/` counts the spikes of each threshold over samples and steps, `events/` the steps in which any of them fired.
Samples stream through the network back to back; it is {network.depth} steps deep, so sample n leaves
{network.depth} steps after it entered, and every population starts afresh with each sample.{_waits(network)}
A run that fails or takes too long ends with an error and leaves no process behind.
"""
