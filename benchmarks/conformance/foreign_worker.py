"""Lets one framework write and run small networks, in its own environment: foreign_worker.py FRAMEWORK FOLDER [CASE].

Writes CASE.npz for every case: the NIR file as it is, the input [T, *shape], the spikes of its neurons [T, n], what it
gives, and what the reader must be told; and refused.json, what the exporter says to networks that it cannot write.
Needs no snnhw.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path

import nir
import numpy as np
from foreign_data import Ran


def keep(ran: Ran, out: Path) -> None:
    """Everything that a comparison needs, in one file."""
    path = out.with_suffix(".nir")
    nir.write(path, ran.graph)
    flat = [np.asarray(rows).reshape(len(rows), -1) for rows in ran.spikes.values()]
    told = {key: getattr(ran, key) for key in ("options", "lost", "late")}
    told["versions"] = {package: version(package) for package in (*ran.versions, "nir")}
    told["neurons"] = {node: rows.shape[1] for node, rows in zip(ran.spikes, flat, strict=True)}
    np.savez_compressed(
        out,
        nir=np.frombuffer(path.read_bytes(), np.uint8),
        input=np.asarray(ran.input, np.float32),
        spikes=np.concatenate(flat, 1).astype(np.uint8) if flat else np.zeros((len(ran.input), 0), np.uint8),
        outputs=np.asarray(ran.outputs, np.float32),
        told=np.array(repr(told)),
    )


def main(framework: str, folder: str, only: str = "") -> None:
    module, refused = importlib.import_module(f"foreign_{framework}"), {}
    for name, case in module.CASES.items():
        if name == only or not only:
            keep(case(), Path(folder) / f"{name}.npz")
    for name, case in module.REFUSED.items():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                keep(case(), Path(folder) / "refused.npz")
            refused[name] = ""
        except Exception as error:
            refused[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    (Path(folder) / "refused.npz").unlink(missing_ok=True)
    (Path(folder) / "refused.json").write_text(json.dumps(refused))


if __name__ == "__main__":
    main(*sys.argv[1:])
