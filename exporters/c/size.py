"""Flash and RAM of the compiled network, by the compilers that are at hand; none is needed to write the program."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror")
TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Size:
    """What `size` says of the object file."""

    compiler: str
    flash_bytes: int  # code and constants
    ram_bytes: int  # states and what a step needs, without the stack


def compilers() -> dict[str, tuple[list[str], str]]:
    """Name -> (command, the `size` that belongs to it), of those that are at hand."""
    known = {
        os.environ.get("CC", "cc"): (["-fno-pie"], "size"),  # where tables of addresses are constants
        "arm-none-eabi-gcc": (["-mcpu=cortex-m4", "-mthumb"], "arm-none-eabi-size"),
    }
    return {
        name: ([name, *flags], size)
        for name, (flags, size) in known.items()
        if shutil.which(name) is not None and shutil.which(size) is not None
    }


def sizes(folder: Path) -> Iterator[Size]:
    """The size of network.c in `folder` with -Os, once for each compiler at hand that can compile it."""
    with tempfile.TemporaryDirectory(prefix="snnhw-size-") as made:
        built = Path(made) / "network.o"
        for name, (command, size) in compilers().items():
            source = str(folder / "network.c")
            try:
                compiled = _run([*command, *STRICT, "-Os", "-c", source, "-o", str(built)])
                said = _run([size, str(built)]) if compiled is not None else None
                text, data, bss = map(int, (said or "").splitlines()[1].split()[:3])
            except (OSError, subprocess.SubprocessError, ValueError, IndexError):
                continue  # such as a cross compiler without its headers
            yield Size(name, text + data, data + bss)


def _run(command: list[str]) -> str | None:
    """What a command prints; None where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    return done.stdout if done.returncode == 0 else None
