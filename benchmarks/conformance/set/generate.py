"""Writes the set: NAME.nir, the network, and NAME.data.nir, what enters it and what every population sends.

Spikes are those of `reference.py`, in float32 and in float64 alike; a network on which the two differ is not written.
Needs NumPy and nir. `python benchmarks/conformance/set/generate.py [FOLDER]`
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import h5py
import nir
import numpy as np
from cases import CASES, DT, Case
from reference import NEURONS, run

HERE = Path(__file__).parent
SUFFIX = ".data.nir"


def recorded(case: Case) -> tuple[nir.NIRGraphData, int]:
    """(input, spikes of every population and output as NIR has data [N, T, neurons], ties)."""
    runs = [run(case.graph, frames, DT) for frames in case.frames]
    for (sent, _), frames in zip(runs, case.frames, strict=True):
        exact, _ = run(case.graph, frames, DT, np.float64)
        if not all(np.array_equal(sent[name], exact[name]) for name in sent):
            raise ValueError(f"{case.what}: float32 and float64 give other numbers.")
    nodes = {}
    for name, node in case.graph.nodes.items():
        rows = np.stack([sent[name] for sent, _ in runs])
        flat = rows.reshape(*rows.shape[:2], -1)
        if isinstance(node, NEURONS):
            nodes[name] = nir.NIRNodeData({"spikes": nir.TimeGriddedData(flat.astype(bool), DT)})
        elif isinstance(node, nir.Input | nir.Output):
            nodes[name] = nir.NIRNodeData({"values": nir.TimeGriddedData(flat.astype(np.float32), DT)})
    return nir.NIRGraphData(nodes), sum(ties for _, ties in runs)


def packed(path: Path, folder: Path) -> None:
    """The same file in `folder`, without the kilobytes that HDF5's older groups reserve."""
    with h5py.File(path) as written, h5py.File(folder / path.name, "w", libver="latest") as small:

        def copied(name: str, item: h5py.Group | h5py.Dataset) -> None:
            to = small.create_group(name) if isinstance(item, h5py.Group) else small.create_dataset(name, data=item[()])
            to.attrs.update(item.attrs)

        small.attrs.update(written.attrs)
        written.visititems(copied)


def main(folder: Path) -> None:
    for name, made in CASES.items():
        case = made()
        data, ties = recorded(case)
        with tempfile.TemporaryDirectory() as place:
            network, values = Path(place) / f"{name}.nir", Path(place) / f"{name}{SUFFIX}"
            nir.write(network, case.graph, compression=None)
            nir.write_data(values, data, compression=None)
            packed(network, folder)
            packed(values, folder)
        spikes = [node.observables["spikes"].data for node in data.nodes.values() if "spikes" in node.observables]
        fired = sum(int(rows.sum()) for rows in spikes)
        print(f"{name:18} {fired:6,} spikes of {sum(rows.size for rows in spikes):6,}, {ties:4} ties  {case.what}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
