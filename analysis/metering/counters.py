"""The energy counters of this machine, read through zeus: RAPL of the processor packages, NVML of a GPU board.

A counter gives joules since some moment; what it covers is its scope. One that cannot be read is refused in a sentence
that names it and says how it becomes readable.
"""

from __future__ import annotations

import glob
import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

from snnhw.errors import InputError, unknown

RAPL_FOLDERS = ("/sys/class/powercap/intel-rapl", "/zeus_sys/class/powercap/intel-rapl")  # where zeus looks, in order
MILLI = 1e-3  # zeus reads millijoules


@dataclass(frozen=True)
class Counter:
    """One counter, or the sum of several that cover the same of several packages."""

    name: str  # of the interface and of what it reads
    scope: str  # package or gpu_board
    machine: str  # what is read, by its maker's name
    read: Callable[[], float]  # J since some moment


def open_counter(device: str, index: int = 0) -> Counter:
    """The counter of a device.

    Args:
        device: "cpu" for all processor packages of the machine, "cuda" for one GPU.
        index: of the GPU among those that torch sees.

    Raises:
        InputError: no such device, zeus is not installed, or the counter is missing or must not be read.
    """
    if device not in COUNTERS:
        raise unknown("device", device, tuple(COUNTERS))
    return COUNTERS[device](index)


def _rapl(_index: int) -> Counter:
    folder = next((path for path in RAPL_FOLDERS if os.path.isdir(path)), None)
    if folder is None:
        raise InputError(
            f"This machine shows no RAPL energy counter ({RAPL_FOLDERS[0]} is missing), as virtual machines and "
            "processors without RAPL do not; run snnhw measure on the bare machine, or give --device cuda for a GPU."
        )
    device = _zeus("zeus.device.cpu")
    try:
        packages = device.get_cpus()
        counted = len(packages)
    except Exception as error:  # of zeus, whose classes are not all exported
        closed = [path for path in sorted(glob.glob(f"{folder}/*/energy_uj")) if not os.access(path, os.R_OK)]
        what = f"{closed[0]} must not be read by this user" if closed else _first(error)
        raise InputError(
            f"The RAPL energy counter of this machine cannot be read ({what}); run sudo chmod a+r "
            f"{folder}/*/energy_uj, start zeusd, or measure as root."
        ) from error
    if not counted:
        raise InputError(f"{folder} holds no processor package; measure a GPU with --device cuda.")

    def joules() -> float:
        return MILLI * sum(float(packages.get_total_energy_consumption(n).cpu_mj) for n in range(counted))

    plural = "" if counted == 1 else "s"
    return Counter(f"RAPL, {counted} processor package{plural}", "package", processor_name(), joules)


def _nvml(index: int) -> Counter:
    device = _zeus("zeus.device.gpu")
    try:
        gpus = device.get_gpus()
        name = str(gpus.get_name(index))
        if not gpus.supports_get_total_energy_consumption(index):
            raise InputError(
                f"The GPU {name} has no NVML energy counter, which came with Volta; use a newer one, or --device cpu."
            )
        gpus.get_total_energy_consumption(index)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"The NVML energy counter of GPU {index} cannot be read ({_first(error)}); install the driver of the GPU, "
            "check nvidia-smi, leave MIG off, or measure the processor with --device cpu."
        ) from error
    interface = "AMD SMI" if type(gpus).__name__ == "AMDGPUs" else "NVML"
    return Counter(
        f"{interface}, total energy of the board",
        "gpu_board",
        name,
        lambda: MILLI * float(gpus.get_total_energy_consumption(index)),
    )


COUNTERS: Mapping[str, Callable[[int], Counter]] = {"cpu": _rapl, "cuda": _nvml}


def processor_name(path: str = "/proc/cpuinfo") -> str:
    """The processor as its maker calls it; "unknown processor" where the system does not say."""
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        named = []
    return named[0] if named and named[0] else "unknown processor"


def _zeus(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError("Energy counters are read by zeus; pip install 'snnhw[measure]'.") from error


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
