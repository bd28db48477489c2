"""Reads a NIR file in a process of its own: `python hdf5.py FILE MAX_BYTES` sends a pickled dict to its output.

A damaged HDF5 file can make the library loop for ever, crash, or ask for any amount of memory, and no exception stops
that; `file.py` starts this script, limits its time and turns what happens into one sentence. It needs numpy and h5py.
Layout: `/version`, `/node/{type,edges,nodes/<name>/<field>,metadata}`. Declared sizes are checked before reading.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

SMALL_BYTES = 16 * 2**20  # a file may declare this much whatever its size ...
COMPRESSION_LIMIT = 1100  # ... or this many times its size: deflate cannot do better than 1032 to 1
MAX_NODES = 100_000
MAX_MEMBERS = 1_000_000  # groups and arrays that are looked at; links may lead to the same one again and again
MAX_NAME = 255  # characters
MAX_DEPTH = 16  # nesting of subgraphs
STRINGS_AT_ONCE = 256  # an array of a few bytes may hold the same long string in every place
BROKEN = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, IndexError, MemoryError)


class RefusedError(Exception):
    """The file is not one that we read; the message is a sentence."""


def budget_of(path: Path, max_bytes: int) -> int:
    """Bytes that the arrays of a file of this size may have together."""
    size = path.stat().st_size if path.is_file() else 0
    return min(max_bytes, max(SMALL_BYTES, size * COMPRESSION_LIMIT))


def content(path: Path, max_bytes: int) -> dict[str, Any]:
    """{"version": str, "graph": {"nodes", "edges", "metadata"}}; a node is {"type": str, "fields": dict} or a graph.

    Raises:
        RefusedError: no NIR file, damaged, or it declares arrays that it cannot hold.
    """
    try:
        with h5py.File(path, "r") as file:
            if "node" not in file:
                raise RefusedError(f"{path} is HDF5 but holds no NIR graph; export it with nir.write.")
            reader = _Reader(path, budget_of(path, max_bytes))
            version = reader.value("version", reader.child(file, "version")) if "version" in file else ""
            return {"version": str(version), "graph": reader.graph(reader.child(file, "node"), 0)}
    except FileNotFoundError as error:
        raise RefusedError(f"There is no file {path}; give the path of a .nir file.") from error
    except IsADirectoryError as error:
        raise RefusedError(f"{path} is a folder; give the path of a .nir file.") from error
    except BROKEN as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise RefusedError(f"{path} is not a readable NIR file ({first_line}); write it again.") from error


class _Reader:
    """Walks one file and keeps account of what it declares."""

    def __init__(self, path: Path, budget: int) -> None:
        self.path = path
        self.budget = budget
        self.left = budget
        self.nodes_left = MAX_NODES
        self.members_left = MAX_MEMBERS

    def graph(self, group: Any, depth: int) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise RefusedError(
                f"{self.path}: graphs are nested more than {MAX_DEPTH} deep; flatten them before writing."
            )
        members = self.child(group, "nodes")
        nodes = {name: self.node(name, self.child(members, name), depth) for name in members}
        pairs = np.asarray(self.value("edges", self.child(group, "edges"))).reshape(-1, 2)
        metadata = self.fields(self.child(group, "metadata"), depth) if "metadata" in group else {}
        return {"nodes": nodes, "edges": [(_text(a), _text(b)) for a, b in pairs], "metadata": metadata}

    def node(self, name: str, group: Any, depth: int) -> dict[str, Any]:
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise RefusedError(f"{self.path} has more than {MAX_NODES} nodes; split the network.")
        if isinstance(group, h5py.Group) and "type" not in group and not _holds_groups(group):
            raise RefusedError(
                f"{self.path}: node {name!r} has no type, so the file is incomplete, as nir.write leaves it where it "
                "breaks off; write it again."
            )
        if not isinstance(group, h5py.Group) or "type" not in group:
            raise RefusedError(
                f"{self.path}: node {name!r} has no type; names cannot contain '/', rename and write again."
            )
        kind = _text(self.value(f"{name}/type", self.child(group, "type")))
        if kind == "NIRGraph":
            return self.graph(group, depth + 1)
        return {"type": kind, "fields": {k: v for k, v in self.fields(group, depth).items() if k != "type"}}

    def fields(self, group: Any, depth: int) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise RefusedError(f"{self.path}: fields are nested more than {MAX_DEPTH} deep; write them flat.")
        found: dict[str, Any] = {}
        for key in group:
            child = self.child(group, key)
            found[key] = self.fields(child, depth + 1) if isinstance(child, h5py.Group) else self.value(key, child)
        return found

    def child(self, group: Any, key: str) -> Any:
        """A member of `group`, unless it lies elsewhere: links out of the file could open any file of the reader."""
        self.members_left -= 1
        if self.members_left < 0:
            raise RefusedError(f"{self.path} has more than {MAX_MEMBERS} groups and arrays; split the network.")
        if len(key) > MAX_NAME:
            raise RefusedError(f"{self.path}: a name has {len(key)} characters; give it at most {MAX_NAME}.")
        place = f"{group.name.rstrip('/')}/{key}"
        link = group.get(key, getlink=True)
        if link is None:
            raise RefusedError(
                f"{self.path}: {place} is missing, so the file is incomplete, as nir.write leaves it where it breaks "
                "off; write it again."
            )
        if not isinstance(link, h5py.HardLink):
            raise RefusedError(f"{self.path}: {place} is a link; write the array itself into the file.")
        return group[key]

    def value(self, key: str, dataset: Any) -> Any:
        """Content of a dataset, after its declared size has been taken off the budget."""
        if not isinstance(dataset, h5py.Dataset):
            raise RefusedError(f"{self.path}: {key} is not an array; write the file again.")
        if dataset.is_virtual or dataset.external:
            raise RefusedError(
                f"{self.path}: {dataset.name} lies outside the file; write the array itself into the file."
            )
        if dataset.shape is None:
            raise RefusedError(f"{self.path}: {dataset.name} is empty; write the file again.")
        self._take(
            int(np.prod([int(n) for n in dataset.shape], dtype=object)) * max(dataset.dtype.itemsize, 1), dataset
        )
        if dataset.dtype.kind == "O" and h5py.check_string_dtype(dataset.dtype) is None:
            raise RefusedError(f"{self.path}: {dataset.name} holds neither numbers nor text; write the file again.")
        if dataset.dtype.kind == "O" and dataset.ndim:
            return self._strings(dataset)
        value = dataset[()]
        return _text(value) if isinstance(value, bytes | str) else value

    def _take(self, size: int, dataset: Any) -> None:
        self.left -= size
        if self.left < 0:
            raise RefusedError(
                f"{self.path}: {dataset.name} of shape {list(dataset.shape)} is beyond the {self.budget} bytes that a "
                "file of this size can hold; write the arrays themselves."
            )

    def _strings(self, dataset: Any) -> Any:
        """An array of text, some of it at a time: only reading tells how long it is."""
        found = np.empty(dataset.shape, dtype=object)
        rows = max(1, STRINGS_AT_ONCE // max(1, int(np.prod(dataset.shape[1:]))))
        for start in range(0, len(dataset), rows):
            block = found[start : start + rows] = dataset[start : start + rows]
            self._take(sum(len(text) for text in block.flat), dataset)
        return found


def _holds_groups(group: h5py.Group) -> bool:
    """Whether there are groups in it, as where a name with '/' was cut in two."""
    own = [key for key in group if isinstance(group.get(key, getlink=True), h5py.HardLink)]
    return any(group.get(key, getclass=True) is h5py.Group for key in own)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf8")
    if isinstance(value, str):
        return value
    raise ValueError(f"a {type(value).__name__} stands where text is needed")


def _limit_memory(budget: int) -> None:
    try:
        import resource

        room = 3 * budget + 2**30  # the arrays, their pickle, and the library
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
    except (ImportError, ValueError, OSError):
        return  # not on this system: the declared sizes are checked all the same


def _main(path: str, max_bytes: int) -> None:
    _limit_memory(budget_of(Path(path), max_bytes))
    try:
        answer: dict[str, Any] = content(Path(path), max_bytes)
    except RefusedError as refused:
        answer = {"refused": str(refused)}
    pickle.dump(answer, sys.stdout.buffer, protocol=5)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
