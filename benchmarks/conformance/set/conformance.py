"""Does a framework send the spikes of the set? NumPy and nir alone.

    python conformance.py                       what is in the set
    python conformance.py NAME theirs.npz       compares, and ends with 1 where a spike differs

theirs.npz holds the spikes of each population under its name in the file, [N, T, ...] for the N samples and T steps of
the set, neurons in the order of C arrays. `frames` and `expected` give the same to a program; `compared` compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nir
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
HERE = Path(__file__).parent


def names() -> list[str]:
    """Networks of the set."""
    return sorted(path.name.partition(".")[0] for path in HERE.glob("*.data.nir"))


def network(name: str) -> Path:
    """The file of a network."""
    return HERE / f"{name}.nir"


def frames(name: str) -> Array:
    """What enters it [N, T, *shape]."""
    (shape,) = (
        n.input_type["input"]
        for n in nir.read(network(name), type_check=False).nodes.values()
        if isinstance(n, nir.Input)
    )
    values: Array = _data(name)["input"].observables["values"].data
    return values.reshape(*values.shape[:2], *map(int, shape))


def expected(name: str) -> dict[str, Array]:
    """Spikes of every population, bool [N, T, neurons]."""
    return {node: data.observables["spikes"].data for node, data in _data(name).items() if "spikes" in data.observables}


def compared(name: str, theirs: dict[str, Array]) -> tuple[int, int, str]:
    """(differing, neuron-steps, the first difference in words) of spikes [N, T, ...] by their population."""
    differing, every, first = 0, 0, ""
    for node, spikes in expected(name).items():
        every += spikes.size
        if node not in theirs or theirs[node].size != spikes.size:
            differing += spikes.size
            first = first or f"there are no spikes of {node!r} with {spikes.size} entries"
            continue
        wrong = theirs[node].reshape(spikes.shape) != spikes
        differing += int(wrong.sum())
        if wrong.any() and not first:
            sample, step, neuron = (int(place[0]) for place in np.nonzero(wrong))
            first = f"{node!r}, sample {sample}, step {step}, neuron {neuron}"
    return differing, every, first


def _data(name: str) -> dict[str, Any]:
    return dict(nir.read_data(str(HERE / f"{name}.data.nir")).nodes)


def main(arguments: list[str]) -> int:
    """0 where everything is as expected."""
    if len(arguments) != 2:
        for name in names():
            spikes = expected(name)
            fired = sum(int(rows.sum()) for rows in spikes.values())
            print(f"{name:18} {tuple(frames(name).shape)}  {', '.join(spikes)}  {fired} spikes")
        return 0
    name, path = arguments
    if name not in names():
        print(f"{name!r} is not in the set; it has {', '.join(names())}.")
        return 2
    with np.load(path, allow_pickle=False) as theirs:
        differing, every, first = compared(name, {key: theirs[key] for key in theirs.files})
    print(f"{name}: {differing} of {every} differ{f'; the first: {first}' if first else ''}")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
