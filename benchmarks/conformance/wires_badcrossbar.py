"""Currents of 50 random tiles with wires, as badcrossbar 1.1.0 solves them, into tests/golden/wires_badcrossbar.npz.

badcrossbar wants packages that its solver does not use, so it has an environment of its own, without this package:

    python -m venv badcrossbar && . badcrossbar/bin/activate
    pip install numpy scipy pathvalidate && pip install --no-deps badcrossbar==1.1.0
    python benchmarks/conformance/wires_badcrossbar.py

The file holds conductances, voltages, resistances and currents, so that the test needs neither it nor random numbers.
"""

import logging
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "wires_badcrossbar.npz"
TILES, SEED = 50, 1
OHM = (0.1, 0.5, 1.0, 2.0, 5.0, 20.0)


def tiles():
    """(conductances in S, voltages in V, ohm of a word and of a bit line) of every tile, most of them small."""
    rng = np.random.default_rng(SEED)
    for number in range(TILES):
        rows, columns = (64, 64) if number == 0 else (int(n) for n in rng.integers(2, 25, size=2))
        lowest, highest = rng.choice([1e-7, 1e-6, 5e-5]), rng.choice([1e-5, 4e-5, 2.25e-4])
        conductances = rng.uniform(min(lowest, highest), max(lowest, highest), size=(rows, columns))
        driven = rng.random(rows) < 0.7 if number % 2 else np.ones(rows, dtype=bool)
        voltages = np.where(driven, rng.choice([0.1, 0.2, 0.3]), 0.0)
        yield conductances, voltages, float(rng.choice(OHM)), float(rng.choice(OHM))


def main() -> None:
    """Solve the tiles and write the file."""
    try:
        installed = version("badcrossbar")
    except PackageNotFoundError:
        sys.exit("badcrossbar is not installed here; the text at the top of this file says how it is.")
    warnings.simplefilter("ignore")
    import badcrossbar

    logging.disable(logging.CRITICAL)
    found = {"badcrossbar": np.array(installed), "numpy": np.array(np.__version__), "scipy": np.array(version("scipy"))}
    drops = []
    for number, (conductances, voltages, word, bit) in enumerate(tiles()):
        solved = badcrossbar.compute(
            voltages[:, None],
            1 / conductances,
            r_i_word_line=word,
            r_i_bit_line=bit,
            node_voltages=False,
            all_currents=False,
        )
        currents = solved.currents.output[0]
        found |= {f"conductances_{number}": conductances, f"voltages_{number}": voltages}
        found |= {f"ohm_{number}": np.array([word, bit]), f"currents_{number}": currents}
        if voltages.any():
            drops.append(1 - currents.sum() / (voltages @ conductances).sum())
    np.savez_compressed(GOLDEN, **found)
    print(f"badcrossbar {installed}: {TILES} tiles in {GOLDEN}")
    print(f"current lost to wires: {min(drops):.2%} to {max(drops):.2%}, median {np.median(drops):.2%}")


if __name__ == "__main__":
    main()
