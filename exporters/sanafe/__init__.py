"""Exporter for SANA-FE, a simulator of energy and time on a mesh of neuromorphic cores; for graphs of a few layers.

Writes SANA-FE's network file, mapped on its Loihi; the first sample is part of it. Every synapse is listed, so keep it
below some million synapses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.analysis.hardware.mesh import LOIHI_MESH
from snnhw.errors import InputError
from snnhw.exporters.base import Artifact, check_options
from snnhw.exporters.lava.runtime.scratch import scratch_folder
from snnhw.exporters.sanafe.network import build
from snnhw.exporters.sanafe.run import ChipRun, channels, record, run, samples, windows
from snnhw.files import write_atomically
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Array, Graph
from snnhw.passes.relays import with_relays

__all__ = ["ChipRun", "Options", "export", "record", "run", "unavailable", "with_relays"]


@dataclass(frozen=True)
class Options:
    """What a SANA-FE network needs beside the graph."""

    inputs: Array | None = None  # the first is part of it: images [N, *shape] or binary events [N, T, *shape]


def export(graph: Graph, path: Path, options: Options = Options()) -> Artifact:
    """Write `graph` as a SANA-FE network, mapped on its Loihi architecture.

    Args:
        graph: any graph that can be decomposed into channels, float or integer.
        path: of the YAML file.
        options: its input.

    Raises:
        InputError: the graph has nodes that SANA-FE lacks, does not fit the chip, or the inputs are missing.
    """
    check_options("sanafe", options, Options)
    if options.inputs is None:
        raise InputError("A SANA-FE network contains its input; name samples with --input, the first is taken.")
    chip, relays = with_relays(channels(graph))
    sample = samples(chip, np.asarray(options.inputs)[:1])[0]
    network, _, gates = build(chip, sample, LOIHI_MESH, windows(chip))
    with scratch_folder("snnhw-sanafe-") as folder:
        beside = folder / "network.yaml"
        network.save(str(beside))
        path = write_atomically(path, lambda file: file.write(beside.read_bytes()))
    findings = [
        Finding(
            "relay", "info", name, "Delays a branch by one step with neurons of its own.", "Count them in the energy."
        )
        for name in relays
    ]
    findings += [
        Finding(
            "gate", "info", name, "A neuron sends its biases, once they count.", "Leave its spikes out of the energy."
        )
        for name in gates
    ]
    return Artifact("sanafe", path, path.stat().st_size, tuple(findings))


def unavailable() -> str | None:
    """Why SANA-FE cannot run here, or None."""
    try:
        import sanafe  # noqa: F401
    except ImportError:
        return "SANA-FE is not installed; run `pip install sanafe==2.2.9`."
    return None
