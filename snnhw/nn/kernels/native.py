"""The C loops of `mlf.c`: compiled once into the user's cache folder, then called on the memory of CPU tensors.

Without a C compiler `library()` is None and the loops over torch's operators (`loops.py`) do the work, more slowly.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

SOURCE = Path(__file__).with_name("mlf.c")
# Products are rounded before they are added, as in the equations; the second set is for compilers without OpenMP.
FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
FLAG_SETS = ((*FLAGS, "-fopenmp"), FLAGS)
SUFFIX = {torch.float32: "float", torch.float64: "double"}


@cache
def library() -> ctypes.CDLL | None:
    """The compiled loops, or None where they cannot be compiled or SNNHW_NATIVE is 0."""
    if os.environ.get("SNNHW_NATIVE") == "0":
        return None
    place = _cache_folder() / f"mlf-{_fingerprint()}.so"
    try:
        if not place.is_file():
            _compile(place)
        loops = ctypes.CDLL(str(place))
    except (OSError, subprocess.SubprocessError):
        return None
    for kind in SUFFIX.values():
        getattr(loops, f"mlf_fire_{kind}").restype = None
        getattr(loops, f"mlf_back_{kind}").restype = None
    return loops


def usable(x: Tensor) -> bool:
    """True where the C loops can work on x."""
    return x.device.type == "cpu" and x.dtype in SUFFIX and library() is not None


def fire(x: Tensor, spikes: Tensor, thresholds: Sequence[float], decay: float) -> None:
    """Write o [T, n] for x [T, n], both contiguous."""
    steps, n = x.shape
    theta = torch.tensor(thresholds, dtype=x.dtype)
    getattr(library(), f"mlf_fire_{SUFFIX[x.dtype]}")(
        _address(x),
        _address(spikes),
        ctypes.c_int64(n),
        ctypes.c_int64(steps),
        ctypes.c_int64(len(thresholds)),
        _address(theta),
        ctypes.c_double(decay),
        ctypes.c_int(torch.get_num_threads()),
    )


def fire_backward(
    x: Tensor, g: Tensor, grad_x: Tensor, thresholds: Sequence[float], decay: float, width: float
) -> None:
    """Write dL/dx [T, n] for x and g = dL/do [T, n], all contiguous."""
    steps, n = x.shape
    theta = torch.tensor(thresholds, dtype=x.dtype)
    getattr(library(), f"mlf_back_{SUFFIX[x.dtype]}")(
        _address(x),
        _address(g),
        _address(grad_x),
        ctypes.c_int64(n),
        ctypes.c_int64(steps),
        ctypes.c_int64(len(thresholds)),
        _address(theta),
        ctypes.c_double(decay),
        ctypes.c_double(width),
        ctypes.c_int(torch.get_num_threads()),
    )


def _address(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "snnhw"


def _fingerprint() -> str:
    """Of everything the compiled file depends on, the processor's features included."""
    try:
        features = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
    except (OSError, StopIteration):
        features = platform.processor()
    about = SOURCE.read_text() + repr(FLAG_SETS) + platform.machine() + features
    return hashlib.sha256(about.encode()).hexdigest()[:16]


def _compile(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CC", "cc")
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        built = Path(folder) / place.name
        for flags in FLAG_SETS:
            done = subprocess.run([compiler, *flags, str(SOURCE), "-o", str(built)], capture_output=True, timeout=60)
            if done.returncode == 0:
                os.replace(built, place)
                return
    raise OSError(f"{compiler} cannot compile {SOURCE}")
