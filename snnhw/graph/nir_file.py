"""NIR files as plain values: HDF5 <-> `RawGraph`, with every declared size checked before anything is allocated.

The layout is nir's (`/version`, `/node/{type,edges,nodes/<name>/<field>,metadata}`). We read it ourselves because nir's
reader allocates what a file declares, runs a type inference with known errors, and raises whatever comes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np

from snnhw.errors import InputError
from snnhw.files import write_atomically

MAX_BYTES = 4 * 2**30  # of all arrays of a file together
SMALL_BYTES = 16 * 2**20  # a file may declare this much whatever its size ...
COMPRESSION_LIMIT = 1100  # ... or this many times its size: deflate cannot do better than 1032 to 1
MAX_NODES = 100_000
MAX_DEPTH = 16  # nesting of subgraphs


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
    try:
        size = path.stat().st_size
        with h5py.File(path, "r") as file:
            if "node" not in file:
                raise InputError(f"{path} is HDF5 but holds no NIR graph; export it with nir.write.")
            version = _text(file["version"][()]) if "version" in file else ""
            graph = _Reader(path, min(MAX_BYTES, max(SMALL_BYTES, size * COMPRESSION_LIMIT))).graph(
                file["node"], 0, version
            )
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}; give the path of a .nir file.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; give the path of a .nir file.") from error
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, IndexError, MemoryError) as error:
        raise InputError(f"{path} is not a readable NIR file ({_first_line(error)}); write it again.") from error
    return graph


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


def write_file(graph: nir.NIRGraph, path: Path) -> Path:
    """Write `graph` so that no reader sees half a file.

    Raises:
        InputError: the path cannot be written.
    """
    buffer = io.BytesIO()
    nir.write(buffer, graph)
    return write_atomically(path, lambda file: file.write(buffer.getbuffer()))


class _Reader:
    """Walks one file and keeps account of what it declares."""

    def __init__(self, path: Path, budget: int) -> None:
        self.path = path
        self.budget = budget
        self.left = budget
        self.nodes_left = MAX_NODES

    def graph(self, group: Any, depth: int, version: str = "") -> RawGraph:
        if depth > MAX_DEPTH:
            raise InputError(f"{self.path}: graphs are nested more than {MAX_DEPTH} deep; flatten them before writing.")
        nodes: dict[str, RawNode | RawGraph] = {}
        for name in group["nodes"]:
            nodes[name] = self.node(name, self.child(group["nodes"], name), depth)
        raw_edges = self.value("edges", self.child(group, "edges"))
        pairs = np.asarray(raw_edges).reshape(-1, 2)
        edges = tuple((_text(a), _text(b)) for a, b in pairs)
        return RawGraph(nodes, edges, self.fields(group["metadata"], depth) if "metadata" in group else {}, version)

    def node(self, name: str, group: Any, depth: int) -> RawNode | RawGraph:
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise InputError(f"{self.path} has more than {MAX_NODES} nodes; split the network.")
        if not isinstance(group, h5py.Group) or "type" not in group:
            raise InputError(
                f"{self.path}: node {name!r} has no type; node names must not contain '/', rename and write again."
            )
        kind = _text(self.value(f"{name}/type", self.child(group, "type")))
        if kind == "NIRGraph":
            return self.graph(group, depth + 1)
        return RawNode(kind, {key: value for key, value in self.fields(group, depth).items() if key != "type"})

    def fields(self, group: Any, depth: int) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise InputError(f"{self.path}: fields are nested more than {MAX_DEPTH} deep; write them flat.")
        found: dict[str, Any] = {}
        for key in group:
            child = self.child(group, key)
            found[key] = self.fields(child, depth + 1) if isinstance(child, h5py.Group) else self.value(key, child)
        return found

    def child(self, group: Any, key: str) -> Any:
        """A member of `group`, unless it lies elsewhere: links out of the file could open any file of the reader."""
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise InputError(f"{self.path}: {group.name}/{key} is a link; write the array itself into the file.")
        return group[key]

    def value(self, key: str, dataset: Any) -> Any:
        """Content of a dataset, after its declared size has been taken off the budget."""
        if not isinstance(dataset, h5py.Dataset):
            raise InputError(f"{self.path}: {key} is not an array; write the file again.")
        if dataset.is_virtual or dataset.external:
            raise InputError(
                f"{self.path}: {dataset.name} lies outside the file; write the array itself into the file."
            )
        if dataset.shape is None:
            raise InputError(f"{self.path}: {dataset.name} is empty; write the file again.")
        self.left -= int(np.prod([int(n) for n in dataset.shape], dtype=object)) * max(dataset.dtype.itemsize, 1)
        if self.left < 0:
            raise InputError(
                f"{self.path}: {dataset.name} of shape {list(dataset.shape)} is beyond the {self.budget} bytes that a "
                "file of this size can hold; write the arrays themselves."
            )
        value = dataset[()]
        return _text(value) if isinstance(value, bytes | str) else value


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf8")
    if isinstance(value, str):
        return value
    raise ValueError(f"a {type(value).__name__} stands where text is needed")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
