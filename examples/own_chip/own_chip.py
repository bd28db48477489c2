"""Energy on a chip of your own, described by a TOML file, beside a published one; and what drives the range.

python examples/own_chip/own_chip.py [OUT]
"""

from __future__ import annotations

import sys
from pathlib import Path

import snnhw
from snnhw.analysis.energy.sensitivity import tornado

CHIP = Path(__file__).with_name("mychip.toml")


def main(out: Path) -> None:
    model = snnhw.load_model("digits")
    inputs = snnhw.load_inputs("digits:test").first(50)
    report, page = snnhw.make_report(model, inputs, out, snnhw.ReportOptions([str(CHIP), "loihi1-davies2018"]))
    for name, energy in report.energy.items():
        total = energy.per_inference
        print(f"{name}: {total.low * 1e6:.3g} .. {total.typical * 1e6:.3g} .. {total.high * 1e6:.3g} uJ per inference")
        for part, found in energy.split.items():
            print(f"  {part:14} {found.typical / total.typical:6.1%}")
        for swing in tornado(energy)[:3]:
            print(f"  range of {swing.width * 1e6:.3g} uJ from {swing.constant}")
    print(page)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "own_chip_report"))
