"""Events of a camera, and their counts in frames of a window of time and a square of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.gates.memory import check_size
from snnhw.graph.ir import Array


@dataclass(frozen=True, eq=False)
class Events:
    """Columns of a recording: pixel, polarity 0 or 1, time in microseconds, ascending."""

    x: Array
    y: Array
    polarity: Array
    t_us: Array

    def between(self, start_us: int, end_us: int) -> Events:
        """Events with start <= t < end."""
        a, b = np.searchsorted(self.t_us, [start_us, end_us])
        return Events(self.x[a:b], self.y[a:b], self.polarity[a:b], self.t_us[a:b])


def bin_events(
    events: Events, timesteps: int, side: int, *, step_us: int | None = None, downsample: float = 1.0
) -> Array:
    """Counts int32 [T, 2, side, side] of events.

    With `step_us` frame k holds the times start + k*step_us .. start + (k+1)*step_us - 1 and later events are left out;
    without it the sample is cut into T windows of equal length, up to its latest event. Events whose time lies before
    the first's are left out.
    Pixels are floor(x / downsample); those beyond `side` are left out. Counts are 32-bit: no window is long enough to
    wrap them.
    """
    check_size(timesteps * 2 * side * side * 4, f"A recording of {timesteps} time steps")
    frames = np.zeros((timesteps, 2, side, side), np.int32)
    if len(events.t_us) == 0:
        return frames
    since = events.t_us.astype(np.int64) - int(events.t_us[0])
    k = since // step_us if step_us else since * timesteps // (int(since.max()) + 1)
    column, row = ((pixel.astype(np.int64) / downsample).astype(np.int64) for pixel in (events.x, events.y))
    inside = (k >= 0) & (k < timesteps) & (column < side) & (row < side)
    at = tuple(index[inside] for index in (k, events.polarity.astype(np.int64), row, column))
    np.add.at(frames, at, 1)
    return frames
