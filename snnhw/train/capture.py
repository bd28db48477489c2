"""The whole training step as one CUDA graph: the host launches one thing a step instead of some thousand.

The first steps of each size of batch run as they are and are steps of the training like all others; then one is
recorded, which computes nothing, and from there on the recording is played. So nothing is trained twice, and the
numbers are those of steps that run one operator after the other.

What is recorded reads and writes the same memory each time: the batch is copied into buffers, the learning rate is a
tensor (`schedule.make_optimiser`). A step that cannot be recorded goes on as it was, and `note` says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

Result = tuple[Tensor, Tensor]
Step = Callable[[Tensor, Tensor], Result]  # one step of the optimiser on a batch and its targets
WARM = 3  # steps before the recording: they choose algorithms, compile kernels and make the state of the optimiser


class Steps(Protocol):
    """How the steps of a training are run."""

    note: str  # what the run's card should say of it; "" for nothing

    def __call__(self, step: Step, x: Tensor, target: Tensor, size: object) -> Result:
        """Run one step; `size` is equal where the same operators run on tensors of the same shapes."""


class Eager:
    """One operator after the other."""

    def __init__(self, note: str = "") -> None:
        self.note = note

    def __call__(self, step: Step, x: Tensor, target: Tensor, size: object) -> Result:
        """Run one step."""
        return step(x, target)


class Recorder(Protocol):
    """What records work on a device; `Cuda` is the one in use."""

    def aside(self, work: Callable[[], Result]) -> Result:
        """Do work that is later to be recorded."""

    def record(self, work: Callable[[], Result]) -> tuple[Callable[[], None], Result]:
        """Call `work` without computing anything; what computes it, and where its results will be."""


class Cuda:
    """CUDA graphs of torch."""

    def __init__(self) -> None:
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def aside(self, work: Callable[[], Result]) -> Result:
        """Do work on a stream of its own, since the default one cannot be recorded."""
        here = torch.cuda.current_stream()
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            result = work()
        here.wait_stream(self._stream)
        return result

    def record(self, work: Callable[[], Result]) -> tuple[Callable[[], None], Result]:
        """Capture `work` into a graph."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = work()
        return graph.replay, result


class Captured:
    """Steps that are recorded once for each size and played from there on.

    Args:
        recorder: of the device.
        drop_gradients: forget the gradients that a recording leaves behind where it fails.
    """

    def __init__(self, recorder: Recorder, drop_gradients: Callable[[], None]) -> None:
        self._recorder, self._drop_gradients = recorder, drop_gradients
        self.note = ""
        self._size: object = None
        self._warmed = 0
        self._play: Callable[[], None] | None = None
        self._batch: Result | None = None  # the buffers that the recording reads
        self._result: Result | None = None  # and those that it writes

    def __call__(self, step: Step, x: Tensor, target: Tensor, size: object) -> Result:
        """Run one step."""
        if self.note:
            return step(x, target)
        key = (size, x.shape, x.dtype, target.shape)
        if key != self._size:
            self._size, self._warmed = key, 0
            self._play = self._batch = self._result = None  # the memory of the last size goes back
        if self._play is None and self._warmed < WARM:
            self._warmed += 1
            return self._recorder.aside(lambda: _without_cache(step, x, target))
        if self._play is None:
            self._record(step, x, target)
        if self._play is None or self._batch is None or self._result is None:
            return step(x, target)
        self._batch[0].copy_(x)
        self._batch[1].copy_(target)
        self._play()
        return self._result[0].clone(), self._result[1].clone()

    def _record(self, step: Step, x: Tensor, target: Tensor) -> None:
        """Record the step, or say why it cannot be."""
        batch = (torch.empty_like(x).copy_(x), torch.empty_like(target).copy_(target))
        try:
            play, result = self._recorder.record(lambda: _without_cache(step, *batch))
        except RuntimeError as error:
            self._drop_gradients()
            first = error.__context__ if isinstance(error.__context__, RuntimeError) else error
            reason = (str(first).splitlines() or [type(first).__name__])[0]
            self.note = f"steps ran one operator after the other, since they cannot be a CUDA graph ({reason})"
            return
        self._play, self._batch, self._result = play, batch, result


def _without_cache(step: Step, x: Tensor, target: Tensor) -> Result:
    """The step, with autocast casting each weight where it is used: what a cache holds is of one run alone."""
    before = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        return step(x, target)
    finally:
        torch.set_autocast_cache_enabled(before)
