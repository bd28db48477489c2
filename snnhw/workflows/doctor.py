"""What works on this machine, what is missing, and how to mend it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from snnhw.errors import InputError
from snnhw.gates.memory import GIB, in_words, max_bytes, memory_bytes

NEEDED = ("snnhw", "torch", "numpy", "pandas", "nir", "h5py", "safetensors")
EXTRAS = {
    "jinja2": "report",
    "matplotlib": "report",
    "sklearn": "train",
    "lightning_fabric": "train",
    "optuna": "sweep",
    "zeus": "measure",
}
LEAST_BYTES = GIB  # of free disk, which a training and its report take


@dataclass(frozen=True)
class Examined:
    """One thing that this program needs or can use."""

    name: str
    works: bool
    found: str
    remedy: str = ""  # where it does not work
    needed: bool = True  # by every verb; else only by some

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)


def examine(data_dir: Path | None = None) -> tuple[Examined, ...]:
    """Look at everything, in an order in which one mends it; nothing is changed but the cache of compiled loops."""
    looks: tuple[Callable[[], list[Examined]], ...] = (
        _packages, _extras, _native, _lava, _nengo_loihi, _gpu, lambda: _data(data_dir), _disk, _memory, _locale,
    )  # fmt: skip
    return tuple(item for look in looks for item in look())


def _packages() -> list[Examined]:
    rows = [Examined("python", sys.version_info >= (3, 10), platform.python_version(), "install Python 3.10 or newer")]
    for name in NEEDED:
        try:
            rows.append(Examined(name, True, version(name)))
        except PackageNotFoundError:
            rows.append(Examined(name, False, "not installed", f"pip install {name}"))
    return rows


def _extras() -> list[Examined]:
    return [
        Examined(name, here, "installed" if here else "not installed", f"pip install 'snnhw[{extra}]'", needed=False)
        for name, extra in EXTRAS.items()
        for here in (importlib.util.find_spec(name) is not None,)
    ]


def _native() -> list[Examined]:
    from snnhw.native import library
    from snnhw.nn.kernels.native import SOURCE

    works = library(SOURCE) is not None
    compiler = os.environ.get("CC", "cc")
    found = f"compiled with {compiler}" if works else f"not compiled ({shutil.which(compiler) or f'no {compiler}'})"
    remedy = "install a C compiler such as gcc; without it the same results take longer"
    return [Examined("loops in C", works, found, remedy, needed=False)]


def _lava() -> list[Examined]:
    from snnhw.exporters.lava.env import status

    found = status()
    said = f"lava-nc {found.version} in {found.path}" if found.works else str(found.problem)
    return [Examined("Lava", found.works, said, "run snnhw lava install", needed=False)]


def _nengo_loihi() -> list[Examined]:
    from snnhw.exporters.nengo_loihi.env import status

    found = status()
    said = f"nengo-loihi {found.version} in {found.path}" if found.works else str(found.problem)
    return [Examined("nengo-loihi", found.works, said, "run snnhw nengo install", needed=False)]


def _gpu() -> list[Examined]:
    import torch

    works = torch.cuda.is_available()
    found = torch.cuda.get_device_name() if works else "none"
    return [Examined("GPU", works, found, "training runs on the CPU, and takes longer", needed=False)]


def _data(data_dir: Path | None) -> list[Examined]:
    from snnhw.data.datasets import available

    return [
        Examined(f"data set {row.name}", row.found, row.where or "not found", "see snnhw datasets", needed=False)
        for row in available(data_dir)
    ]


def _disk() -> list[Examined]:
    rows = []
    for name, folder in (("disk here", Path.cwd()), ("disk for temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free
        enough = free >= LEAST_BYTES and os.access(folder, os.W_OK)
        rows.append(
            Examined(name, enough, f"{in_words(free)} free in {folder}", "free some space or work in another folder")
        )
    return rows


def _memory() -> list[Examined]:
    try:
        found, works = f"{in_words(memory_bytes())}, of which one file may take {in_words(max_bytes())}", True
    except InputError as error:
        found, works = str(error), False
    return [Examined("memory", works, found, "mend the variable SNNHW_MAX_GIB")]


def _locale() -> list[Examined]:
    encoding = sys.stdout.encoding or "unknown"
    works = encoding.lower().replace("-", "") == "utf8"
    return [Examined("text on the terminal", works, encoding, "set LANG=C.UTF-8 or PYTHONUTF8=1", needed=False)]
