"""Compile what a call launches for an NVIDIA GPU, on a machine without one; arguments get the types of a launch."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

from triton.backends.compiler import GPUTarget
from triton.runtime.driver import driver
from triton.runtime.jit import JITFunction


@contextmanager
def compiling(architecture: int):
    """Within it kernels that are called on CPU tensors are compiled and not run; gives the PTX of each by its name."""
    pretended = SimpleNamespace(
        get_current_device=lambda: 0,
        get_current_stream=lambda device: 0,
        get_current_target=lambda: GPUTarget("cuda", architecture, 32),
    )
    code, run = {}, JITFunction.run

    def compiled(self, *args, grid, warmup, **kwargs):
        try:
            self.device_caches.clear()  # they are kept by device, whatever the target
            code[self.__name__] = run(self, *args, grid=grid, warmup=True, **kwargs).asm["ptx"]
        finally:
            self.device_caches.clear()

    with mock.patch.object(driver, "_active", pretended), mock.patch.object(JITFunction, "run", compiled):
        yield code
