"""Exporter for a bundle: integer network, stimuli, expected spikes and a certificate that NumPy alone can check.

The folder holds the network as NIR and as plain arrays, what it is given and what it sends in every step, hashes of all
of it, and `verify_certificate`, a program that simulates it anew and shares no code with the engine.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from snnhw.errors import InputError
from snnhw.exporters.base import Artifact, check_options
from snnhw.exporters.bundle import verify_certificate
from snnhw.exporters.bundle.network import described
from snnhw.exporters.bundle.verify_certificate import CERTIFICATE, FORMAT, claims, digest_of, hash_of
from snnhw.exporters.example import example_frames
from snnhw.exporters.integers import integers_of
from snnhw.files import write_atomically, write_text
from snnhw.gates.folder import place_for
from snnhw.gates.text import file_name
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Array, Graph, LoihiLIF
from snnhw.nir.io import read_nir, write_nir
from snnhw.passes import compile_channels
from snnhw.rules.ways import BUNDLE
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE

EXAMPLES = 5
PROGRAM = Path(verify_certificate.__file__)
NIR_FILE = "network.nir"
OTHER_POPULATIONS = Finding(
    *("no-float-stage", "info", "", "the certificate has no stage in floats, whose populations are others"),
    "export without --prune-dead to have both",
)


@dataclass(frozen=True)
class Options:
    """What can be chosen about the bundle."""

    inputs: Array | None = None  # [N, *shape] or [N, T, *shape], the first five are stimuli; else noise
    calibration: Array | None = None  # samples that turn a float graph into Loihi integers
    floats: Graph | None = None  # what a graph in integers was made of, for the stage in floats
    force: bool = False  # replace files of the same names that no earlier export wrote


@dataclass(frozen=True)
class Stage:
    """One way in which the network was run."""

    name: str
    arithmetic: str  # float64 or integers
    spikes: Mapping[str, Array]  # of each population, uint8 [N, T, *shape]


def export(graph: Graph, path: Path, options: Options = Options()) -> Artifact:
    """Write `graph` as a folder; the files of an earlier export are replaced, others in it are kept.

    Raises:
        InputError: the graph is in floats and there is no calibration, a rule refuses it, the inputs do not fit, what
            it was made of is not in floats, or `path` holds something else.
    """
    check_options("bundle", options, Options)
    made_of = options.floats if graph.is_integer else graph
    if made_of is not None and made_of.is_integer:
        raise InputError("What these integers were made of is in integers itself; give the network in floats.")
    place = place_for(path, force=options.force)
    integers = integers_of(graph, options.calibration, BUNDLE)
    frames = example_frames(integers, options.inputs, EXAMPLES)
    channels = None if made_of is None else compile_channels(made_of)
    told: tuple[Finding, ...] = ()
    if channels is not None and _populations(channels) != _populations(integers):
        channels, told = None, (OTHER_POPULATIONS,)
    with place.filling() as folder:
        certificate = _fill(folder, integers, channels, frames)
        size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    message = f"the certificate has the digest {certificate['digest']}"
    digest = Finding("digest", "info", "", message, "publish it apart from the bundle, and check with --digest")
    return Artifact("bundle", Path(path), size, (*told, digest))


def unavailable() -> str | None:
    """None: what a bundle needs is in the core."""
    return None


def _fill(folder: Path, graph: Graph, channels: Graph | None, frames: Array) -> dict[str, object]:
    """Writes the files, and gives the certificate."""
    write_nir(graph, folder / NIR_FILE)
    spikes, output = _run(graph, frames)
    stages = [
        Stage("integer engine", "integers", spikes),
        Stage("integer NIR read back", "integers", _run(read_nir(folder / NIR_FILE), frames)[0]),
    ]
    network, weights = described(graph)
    files = {
        "network.npz": weights,
        "stimuli.npz": {"stimuli": graph.input.coded(frames).astype(np.int32)},
        "expected.npz": {"output": output, **{f"spikes/{name}": raster for name, raster in spikes.items()}},
    }
    if channels is not None:
        floats = _run(channels, frames)[0]
        stages.insert(0, Stage("K channels", "float64", floats))
        files["floats.npz"] = {f"spikes/{name}": raster for name, raster in floats.items()}
    for name, arrays in files.items():
        write_atomically(folder / name, lambda file, arrays=arrays: np.savez_compressed(file, **arrays))  # type: ignore[misc]
    write_text(folder / "README.md", _readme(graph, len(frames)))
    shutil.copy(PROGRAM, folder / PROGRAM.name)
    certificate: dict[str, object] = {
        "format": FORMAT,
        "name": file_name(graph.name),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("snnhw", "numpy")}},
        "samples": len(frames),
        "spikes": sum(int(raster.sum()) for raster in spikes.values()),
        "network": network,
        "stages": [{"name": s.name, "arithmetic": s.arithmetic, "populations": claims(dict(s.spikes))} for s in stages],
        "rounding": None if channels is None else sum(int((floats[name] != spikes[name]).sum()) for name in floats),
        "files": {name: _sha256(folder / name) for name in (*files, NIR_FILE, "README.md")},
        "arrays": {name: {key: hash_of(a) for key, a in arrays.items()} for name, arrays in files.items()},
    }
    certificate["digest"] = digest_of(certificate)
    write_text(folder / CERTIFICATE, json.dumps(certificate, indent=1, sort_keys=True) + "\n")
    return certificate


def _run(graph: Graph, frames: Array) -> tuple[dict[str, Array], Array]:
    """Spikes of every population by its node's name, and the output, by the engine."""
    inputs = frames if frames.shape[1] > 1 else frames[:, 0]
    record = simulate(graph, inputs, raster=True, execution=DOUBLE)
    spikes = {
        node.name: np.ascontiguousarray(record.raster[unit][:, :, level])
        for unit, nodes in graph.units().items()
        for level, node in enumerate(nodes)
    }
    return spikes, record.logits


def _populations(graph: Graph) -> dict[str, tuple[int, ...]]:
    """Shape of every population by its node's name."""
    return {node.name: node.shape for nodes in graph.units().values() for node in nodes}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _readme(graph: Graph, samples: int) -> str:
    populations = len(graph.of_type(LoihiLIF))
    return f"""# {file_name(graph.name)}: a bundle that can be checked

{populations} populations in Loihi integers, {graph.timesteps} steps a sample, {samples} samples. With Python and NumPy,

    python {PROGRAM.name}

looks at the hashes of all files and arrays, simulates the integers anew and compares every spike, count and output.
Whoever changes bundle and certificate together is found out by the digest of the certificate, if that is known from
elsewhere: `--digest SHA256`.

| file | content |
|---|---|
| `{CERTIFICATE}` | network, hashes, versions; spikes of each population in each stage; spikes that rounding changed |
| `network.npz`, `{NIR_FILE}` | weights, thresholds, decays and biases as arrays node/key; the same network as NIR |
| `stimuli.npz` | integers that enter [N, 1 or T, *shape] |
| `expected.npz` | `spikes/` of each population [N, T, *shape], and `output` |
| `floats.npz` | `spikes/` of the network in floats, where it was made of one |
"""
