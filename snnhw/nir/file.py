"""NIR files as plain values: HDF5 <-> `RawGraph`.

We read the layout ourselves (`hdf5`, in a process of its own) because nir's reader allocates what a file declares,
runs a type inference with known errors, and raises whatever comes.
"""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import nir

from snnhw.errors import InputError
from snnhw.files import write_atomically

MAX_BYTES = 4 * 2**30  # of all arrays of a file together
SECONDS = 60.0  # to read a file, on a busy machine too, and ...
BYTES_PER_SECOND = 2 * 2**20  # ... this many bytes of it in each second more
READER = Path(__file__).with_name("hdf5.py")


@dataclass(frozen=True)
class RawNode:
    """One NIR node: its type and fields as they stand in the file; strings are decoded."""

    type: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class RawGraph:
    """A NIR graph, perhaps nested; `version` is that of the nir package that wrote it, "" if unknown."""

    nodes: Mapping[str, RawNode | RawGraph]
    edges: tuple[tuple[str, str], ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""


def read_raw(path: Path) -> RawGraph:
    """The file's content.

    Raises:
        InputError: not a NIR file, damaged, or it declares arrays that it cannot hold.
    """
    path = Path(path)
    size = path.stat().st_size if path.is_file() else 0
    command = [sys.executable, "-I", str(READER), str(path.absolute()), str(MAX_BYTES)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS + size / BYTES_PER_SECOND, check=True)
        answer = pickle.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{path} is damaged: reading it does not end; write it again.") from error
    except (subprocess.CalledProcessError, pickle.UnpicklingError, EOFError) as error:
        raise InputError(f"{path} is damaged: the HDF5 library breaks down on it; write it again.") from error
    if "refused" in answer:
        raise InputError(answer["refused"])
    return _raw(answer["graph"], answer["version"])


def _raw(graph: Mapping[str, Any], version: str) -> RawGraph:
    nodes: dict[str, RawNode | RawGraph] = {
        name: _raw(node, version) if "nodes" in node else RawNode(node["type"], node["fields"])
        for name, node in graph["nodes"].items()
    }
    return RawGraph(nodes, tuple(graph["edges"]), graph["metadata"], version)


def raw_of(graph: nir.NIRGraph, version: str = nir.version) -> RawGraph:
    """A graph in memory as plain values.

    Raises:
        InputError: it is not a NIR graph.
    """
    if not isinstance(graph, nir.NIRGraph):
        raise InputError(f"Got a {type(graph).__name__} where a nir.NIRGraph is needed; pass the whole graph.")
    nodes: dict[str, RawNode | RawGraph] = {}
    for name, node in graph.nodes.items():
        if isinstance(node, nir.NIRGraph):
            nodes[str(name)] = raw_of(node, version)
        else:
            fields = {key: value for key, value in node.to_dict().items() if key != "type" and value is not None}
            nodes[str(name)] = RawNode(type(node).__name__, fields)
    edges = tuple((str(a), str(b)) for a, b in graph.edges)
    return RawGraph(nodes, edges, dict(graph.metadata), version)


def write_file(graph: nir.NIRGraph, path: Path, *, reset: bool = True) -> Path:
    """Write `graph` so that no reader sees half a file; without `reset`, neurons get no field v_reset.

    Raises:
        InputError: the path cannot be written.
    """
    buffer = io.BytesIO()
    nir.write(buffer, graph)
    if not reset:
        with h5py.File(buffer, "a") as file:
            for node in file["node/nodes"].values():
                node.pop("v_reset", None)
    return write_atomically(path, lambda file: file.write(buffer.getbuffer()))
