"""Digital and crossbar, spiking and artificial: the verdict table for two networks of the zoo.

    python benchmarks/crossbar_verdict.py                              # minutes on two cores

For the digits and CIFAR-10 networks of the zoo on crossbars of 128 x 128: the energy of each way as a range, what the
ranges let one say of the spiking network on crossbars, and what would have to be true for it to need less. Data that
are not at hand are left out and named; the digits come with the package. The last line has the ratios of the spiking
network, silent reads skipped, to its matched twin on the same crossbars, with the same constants on both sides.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from snnhw.analysis.crossbar.verdict import MATCHED_SKIPPED, SNN_SKIPPED, claim_cells, row_cells
from snnhw.analysis.digits import ratio_text
from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.workflows.crossbar import Compared, compare_on_crossbars, crossbar_of
from snnhw.workflows.load import load_model

NETWORKS = {"digits": 64, "cifar10": 16}  # and samples
ROWS = ("way", "energy", "bits", "nm", "covers")
CLAIMS = ("on crossbars", "against", "ratio of the ranges", "with the same constants", "what the ranges say")
CONDITIONS = ("what", "now", "needed")


def compared(name: str, chip: str, samples: int) -> Compared:
    """The zoo network `name` on the first test samples."""
    model = load_model(name)
    inputs = load_inputs(f"{name}:test", None, model.timesteps, None).first(samples)
    return compare_on_crossbars(model, crossbar_of(chip, "channels"), inputs)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ratio_of(made: Compared) -> str:
    """The spiking network to its matched twin, silent reads skipped on both sides, constants alike."""
    (found,) = [c for c in made.verdict.claims if (c.left, c.right) == (SNN_SKIPPED, MATCHED_SKIPPED)]
    return "" if found.same_constants is None else ratio_text(found.same_constants)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print tables and ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chip", default="rram", help="a crossbar, or a TOML file")
    given = parser.parse_args(arguments)
    ratios = []
    for name, samples in NETWORKS.items():
        try:
            made = compared(name, given.chip, samples)
        except InputError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        print(f"## {name}, {made.samples} samples\n")
        print(table(ROWS, row_cells(made.verdict)) + "\n")
        print(table(CLAIMS, claim_cells(made.verdict)) + "\n")
        print(table(CONDITIONS, [(c.what, c.now, c.needed) for c in made.conditions]) + "\n", flush=True)
        ratios.append(f"{name} {ratio_of(made)}")
    print(f"crossbar SNN over its matched twin, silent reads skipped, same constants: {', '.join(ratios)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
