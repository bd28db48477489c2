"""The package as it is installed: exporters/ and analysis/ inside snnhw/, for tools that do not follow our install.

Links, not copies: what is tested is the checkout.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


def stage(folder: Path) -> Path:
    """`folder` as an entry of a module path under which `import snnhw` finds all of it."""
    package = folder / "snnhw"
    package.mkdir(parents=True)
    for entry in (ROOT / "snnhw").iterdir():
        (package / entry.name).symlink_to(entry)
    for room in ("exporters", "analysis"):
        (package / room).symlink_to(ROOT / room)
    return folder
