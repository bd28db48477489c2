"""What a check on a GPU says, and how much of it is run where."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Row:
    """One check: what was measured, and whether it is as it has to be; None where nothing is asked of it."""

    name: str
    measured: str
    holds: bool | None = None


@dataclass(frozen=True)
class Size:
    """How much of each check is run, and where."""

    device: str
    tiny: bool

    def of(self, whole: int, tiny: int) -> int:
        """A number of things."""
        return tiny if self.tiny else whole

    def bar(self, holds: bool) -> bool | None:
        """Whether a bar of speed or memory is kept; nobody asks for one on a CPU."""
        return holds if self.device == "cuda" else None

    @property
    def settings(self) -> tuple[str, ...]:
        """Changes of the recipe `cifar10`."""
        return ("batch=4", "arguments.widths=[4, 4, 4]", "arguments.blocks=[1, 1, 1]") if self.tiny else ()

    def wait(self) -> None:
        """Until the device has done all that it was given."""
        if self.device == "cuda":
            torch.cuda.synchronize()
