"""C loops that are compiled once into the user's cache folder and then called on the memory of CPU tensors.

Takes a C source, gives a ctypes library, or None where there is no compiler; every caller has loops over torch's
operators to fall back to, which give the same bits more slowly, and one sentence says so. SNNHW_NATIVE=0 turns the C
loops off.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

# Products are rounded before they are added, as in the equations; the second set is for compilers without OpenMP.
FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
FLAG_SETS = ((*FLAGS, "-fopenmp"), FLAGS)
BUILDING = "building-"  # begins the names of folders in the cache in which a compiler works
ABANDONED_S = 3600.0  # after which such a folder is that of a process that was killed
SUFFIX = {torch.float32: "float", torch.float64: "double"}


@cache
def library(source: Path) -> ctypes.CDLL | None:
    """The compiled loops of `source`, or None where they cannot be compiled or SNNHW_NATIVE is 0."""
    if os.environ.get("SNNHW_NATIVE") == "0":
        return None
    try:
        place = _cache_folder() / f"{source.stem}-{_fingerprint(source)}.so"
        if not place.is_file():
            _compile(source, place)
        return ctypes.CDLL(str(place))
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:  # the last where nobody knows the home folder
        _tell(str(error).rstrip("."))
        return None


def usable(source: Path, x: Tensor) -> bool:
    """True where the C loops of `source` can work on x."""
    return x.device.type == "cpu" and x.dtype in SUFFIX and library(source) is not None


def address(tensor: Tensor | None) -> ctypes.c_void_p:
    """Where the elements of a contiguous tensor start; null for None."""
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


@cache
def _tell(reason: str) -> None:
    """Say once why a run takes longer than it need."""
    logging.getLogger("snnhw").warning(
        "note: the C loops cannot be used (%s); the same results take longer. `snnhw doctor` says more.", reason
    )


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "snnhw"


def _fingerprint(source: Path) -> str:
    """Of everything the compiled file depends on, the processor's features included."""
    try:
        features = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
    except (OSError, StopIteration):
        features = platform.processor()
    about = source.read_text() + repr(FLAG_SETS) + platform.machine() + features
    return hashlib.sha256(about.encode()).hexdigest()[:16]


def _compile(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    for left in place.parent.glob(f"{BUILDING}*"):
        if time.time() - left.stat().st_mtime > ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)
    compiler = os.environ.get("CC", "cc")
    with tempfile.TemporaryDirectory(prefix=BUILDING, dir=place.parent) as folder:
        built = Path(folder) / place.name
        for flags in FLAG_SETS:
            done = subprocess.run([compiler, *flags, str(source), "-o", str(built)], capture_output=True, timeout=60)
            if done.returncode == 0:
                os.replace(built, place)
                return
    raise OSError(f"{compiler} cannot compile {source}")
