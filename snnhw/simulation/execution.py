"""How a graph is run, whatever is run: the precision of floats, the device, and how many samples at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Execution:
    """Options of the reference engine that change no result of an integer graph."""

    dtype: torch.dtype = torch.float32  # arithmetic of float graphs
    device: str = "cpu"  # torch device
    batch_size: int = 64  # samples run together at most

    @property
    def on_cpu(self) -> bool:
        """Whether the device is the CPU."""
        return torch.device(self.device).type == "cpu"

    def dtype_of(self, exact: torch.dtype | None) -> torch.dtype:
        """Arithmetic of a step: `dtype` in float graphs, in integer ones `exact` on the CPU and float64 elsewhere.

        The bound that proves float32 holds for sums of products; off the CPU a convolution may take TF32 or Winograd's
        algorithm instead, which it does not cover.
        """
        if exact is None:
            return self.dtype
        return exact if self.on_cpu else torch.float64


SINGLE = Execution()
DOUBLE = Execution(torch.float64)
