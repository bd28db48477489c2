"""Modules as they are: does a traced network fire the spikes that its own framework fires? Rewrites docs/modules.md.

Every framework runs in an environment of its own, with snnhw on the path; networks are in `<framework>_networks.py`.
The neurons alone become tests/golden/modules_*.npz. About five minutes, most of them for training on digits.
`python benchmarks/conformance/modules/run.py`
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
GOLDEN = ROOT / "tests" / "golden"
PAGE = ROOT / "docs" / "modules.md"
BEGIN, END = "<!-- written by benchmarks/conformance/modules/run.py -->", "<!-- end -->"
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from environments import interpreter  # noqa: E402

from tests.staged import stage  # noqa: E402


@dataclass(frozen=True)
class Framework:
    """A framework, what it is installed with, and its name on the page."""

    name: str
    packages: tuple[str, ...]
    title: str


FRAMEWORKS = (
    Framework("snntorch", (), "snnTorch"),
    Framework("spikingjelly", ("spikingjelly==2.0.0", "loguru"), "SpikingJelly"),
    Framework("norse", ("norse==1.1.0",), "norse"),
    Framework("sinabs", ("sinabs==3.1.3", "pbr"), "sinabs"),
)


def compared(framework: Framework, python: Path, path: Path) -> dict[str, Any]:
    """Rows of one framework; its golden file is written."""
    with tempfile.TemporaryDirectory() as work:
        out, golden = Path(work) / "rows.json", Path(work) / "golden.npz"
        command = [str(python), "-W", "ignore", str(HERE / "worker.py"), framework.name, str(out), str(golden)]
        environ = {**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{HERE}"}
        subprocess.run(command, check=True, timeout=900, env=environ, stderr=subprocess.DEVNULL)
        if golden.exists():
            (GOLDEN / f"modules_{framework.name}.npz").write_bytes(golden.read_bytes())
        found: dict[str, Any] = json.loads(out.read_text())
        return found


def row(framework: Framework, version: str, found: dict[str, Any]) -> str:
    """Markdown row."""
    equal = "all" if not found["differing"] else f"{found['differing']:,} differ"
    return (
        f"| {framework.title} {version} | {found['what']} | {found['timesteps']} | {found['spikes']:,} | {equal} "
        f"| {found['logits']:.1e} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(tempfile.gettempdir()) / "snnhw-conformance"
    parser.add_argument("--environments", type=Path, default=default, help="folder of the environments")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH", help="one that is there already")
    options = parser.parse_args()
    given = dict(item.split("=", 1) for item in options.python)
    lines = [
        "| framework | network | T | spikes in all neurons | equal to its own run | largest difference of logits |",
        "|---|---|---|---|---|---|",
    ]
    exact = total = 0
    with tempfile.TemporaryDirectory() as work:
        path = stage(Path(work) / "staged")
        for framework in FRAMEWORKS:
            python = Path(
                given.get(framework.name) or interpreter(framework.packages, options.environments / "modules")
            )
            found = compared(framework, python, path)
            lines += [row(framework, found["version"], each) for each in found["rows"]]
            exact += sum(not each["differing"] for each in found["rows"])
            total += len(found["rows"])
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join([f"{before}{BEGIN}", "", *lines, "", f"{END}{after}"]))
    print("\n".join(lines))
    print(f"exact: {exact} of {total}")


if __name__ == "__main__":
    main()
