"""How a graph is run, whatever is run: the precision of floats, the device, and how many samples at once.

The device of a whole workflow is said once, around it:

    with running_on("cuda"):
        ...  # every simulation in here
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Node, Synapse

# [T, B, *arriving] -> [T, B, *node.shape]; None leaves the node to the engine
Compute = Callable[[Synapse, Tensor], Tensor | None]

_device: ContextVar[str] = ContextVar("device", default="cpu")


@dataclass(frozen=True)
class Execution:
    """Options of the reference engine; but for `synapses` they change no result of an integer graph."""

    dtype: torch.dtype = torch.float32  # arithmetic of float graphs
    device: str | None = None  # torch device; None: that of the `running_on` around the call, else the CPU
    batch_size: int = 64  # samples run together at most
    synapses: Compute | None = None  # computes convolutions and matrices in place of exact products

    @property
    def place(self) -> torch.device:
        """The device that is meant."""
        return current_device() if self.device is None else torch.device(self.device)

    @property
    def on_cpu(self) -> bool:
        """Whether the device is the CPU."""
        return self.place.type == "cpu"

    def computed(self, node: Node, x: Tensor) -> Tensor | None:
        """What `synapses` make of x; None where the engine is to compute the node."""
        return self.synapses(node, x) if self.synapses is not None and isinstance(node, SYNAPSES) else None

    def dtype_of(self, exact: torch.dtype | None) -> torch.dtype:
        """Arithmetic of a step: `dtype` in float graphs, in integer ones `exact`.

        The bound behind `exact` holds for sums of products, in any order: off the CPU `synapses.py` makes no others.
        """
        return self.dtype if exact is None else exact


SINGLE = Execution()
DOUBLE = Execution(torch.float64)


def current_device() -> torch.device:
    """The device of the `running_on` around the call, else the CPU."""
    return torch.device(_device.get())


@contextmanager
def running_on(device: str) -> Iterator[None]:
    """Within it, everything that does not say another device is simulated, calibrated and fine-tuned on `device`.

    Products of float32 are those of float32 there, never TF32. A trained twin runs there too; Lava, SANA-FE and the
    modules of other frameworks stay on the CPU.

    Raises:
        InputError: `device` is none that this torch can compute on.
    """
    check_device(device)
    before = _device.set(device)
    try:
        with exact_products(torch.device(device)):
            yield
    finally:
        _device.reset(before)


@contextmanager
def exact_products(device: torch.device) -> Iterator[None]:
    """Within it, `device` multiplies float32 as float32: off the CPU torch would take TF32 for convolutions."""
    if device.type == "cpu":
        yield
        return
    matrices, cudnn = torch.get_float32_matmul_precision(), torch.backends.cudnn
    torch.set_float32_matmul_precision("highest")
    try:
        with cudnn.flags(cudnn.enabled, cudnn.benchmark, deterministic=cudnn.deterministic, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(matrices)


def check_device(name: str) -> None:
    """Nothing, where torch can compute on the device called `name`.

    Raises:
        InputError: there is no such device here.
    """
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"{name!r} is no device that this program runs on; give cpu, cuda or cuda:N.")
    if device.type == "cpu":
        return
    if not torch.cuda.is_available():
        built = torch.version.cuda is not None
        reason = "torch finds none" if built else f"torch {torch.__version__} is built without CUDA"
        raise InputError(f"The device {name} needs an NVIDIA GPU, and {reason}; leave --device out to use the CPU.")
    if device.index is not None and device.index >= torch.cuda.device_count():
        raise InputError(f"There are {torch.cuda.device_count()} GPUs and {name} is none of them; give cuda:0.")
