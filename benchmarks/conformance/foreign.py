"""Foreign files: does the reader fire the spikes of the frameworks that wrote or run them? Rewrites docs/foreign.md.

Every framework writes and runs small networks in an environment of its own; its files and its own spikes become
tests/golden/foreign_*.npz, which the tests compare without that framework.
`python benchmarks/conformance/foreign.py`, or `--compare` to read the golden files of before
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from environments import interpreter
from foreign_compare import Golden, Read
from foreign_page import page
from foreign_rows import FRAMEWORKS, Framework

from snnhw.files import write_text

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "tests" / "golden"
REFUSED = GOLDEN / "foreign_refused.json"
PAGE = HERE.parents[1] / "docs" / "foreign.md"


def written(framework: Framework, folder: Path) -> dict[str, str]:
    """Golden files of a framework; what its exporter says to networks that it cannot write."""
    python = interpreter(framework.packages, folder / "foreign", *framework.pip)
    with tempfile.TemporaryDirectory() as work:
        command = [str(python), "-W", "ignore", str(HERE / "foreign_worker.py"), framework.worker, work]
        subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL)
        for name in framework.cases:
            target = GOLDEN / f"foreign_{framework.worker}_{name}.npz"
            target.write_bytes((Path(work) / f"{name}.npz").read_bytes())
        said: dict[str, str] = json.loads((Path(work) / "refused.json").read_text())
    return said


def told(options: dict[str, Any]) -> str:
    """Options of the command line."""
    return " ".join(f"--{key.replace('_', '-')} {value:g}" if key == "dt" else f"--{key.replace('_', '-')} {value}"
                    for key, value in options.items())  # fmt: skip


def with_its_name(read: Read, lost: str) -> str:
    """Cell of the table: how many spikes are those of the framework, and why not all."""
    if read.refused:
        return f"refused: {read.refused}"
    if read.equal:
        return f"all {read.spikes}"
    equal = f"{read.spikes - read.differing} of {read.spikes}"
    return f"{equal}; the file does not hold {lost}" if lost else equal


def without_it(read: Read) -> str:
    """Cell of the table: equal, or the finding that says why not."""
    if read.refused:
        return "refused, and the framework is named"
    codes = [code for code in SAYING if code in read.findings]
    return f"{'equal' if read.equal else 'differs'}; {', '.join(f'`{code}`' for code in codes)}"


SAYING = ("writer-recognised", "writer-unknown", "dt-assumed", "reset-undefined", "start-assumed", "current-gain")


def row(framework: Framework, name: str, what: str) -> tuple[str, bool]:
    """(Markdown row, whether it is as it should be: equal, or not equal and said so)."""
    golden = Golden.load(GOLDEN / f"foreign_{framework.worker}_{name}.npz")
    release = golden.told["versions"][framework.name]
    options, lost = golden.told["options"], golden.told["lost"]
    read, bare = golden.read(**options), golden.read()
    cells = (framework.label, release, what, f"`{told(options)}`", with_its_name(read, lost), without_it(bare))
    return f"| {' | '.join(cells)} |", read.equal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(tempfile.gettempdir()) / "snnhw-conformance"
    parser.add_argument("--environments", type=Path, default=default, help="folder of the environments")
    parser.add_argument("--compare", action="store_true", help="read the golden files that are there")
    arguments = parser.parse_args()
    if not arguments.compare:
        refused = {f.label: written(f, arguments.environments) for f in FRAMEWORKS}
        write_text(REFUSED, json.dumps(refused, indent=1) + "\n")
    refused = json.loads(REFUSED.read_text())
    rows = [row(f, name, what) for f in FRAMEWORKS for name, what in f.cases.items()]
    table = [text for text, _ in rows]
    write_text(PAGE, page(table, refused))
    print("\n".join(table))
    print(f"equal: {sum(equal for _, equal in rows)} of {len(rows)}")


if __name__ == "__main__":
    main()
