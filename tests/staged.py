"""The package as it is installed: exporters/ and analysis/ inside snnhw/, for tools that do not follow our install.

Links, not copies: what is checked is the checkout. `make lint` calls it as a program, with the folder to make.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = {"snnhw": "snnhw", "snnhw/exporters": "exporters", "snnhw/analysis": "analysis"}  # as in pyproject.toml


def stage(folder: Path) -> Path:
    """`folder` as an entry of a module path under which `import snnhw` finds all of it."""
    package = folder / "snnhw"
    package.mkdir(parents=True)
    for entry in (ROOT / "snnhw").iterdir():
        (package / entry.name).symlink_to(entry)
    for room in ("exporters", "analysis"):
        (package / room).symlink_to(ROOT / room)
    return folder


def copied(folder: Path) -> Path:
    """The same with copies of the Python files, for tests that change them."""
    for inside, room in FOLDERS.items():
        for file in (ROOT / room).rglob("*.py"):
            target = folder / inside / file.relative_to(ROOT / room)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return folder


if __name__ == "__main__":
    stage(Path(sys.argv[1]))
