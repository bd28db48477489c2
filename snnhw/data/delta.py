"""Frames as events of change, so that a first layer adds up what changes and multiplies nothing.

Send-on-delta (Miskowicz, 2006, "Send-on-delta concept: an event-based data reporting strategy", Sensors 6): sender and
receiver both know the value that was last told; whenever a pixel has moved by a whole number of steps from it, so many
events tell it. What the receiver knows is thus never a step or more away, and a pixel that rests sends nothing. Before
the first frame the known value is 0.
"""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.gates.memory import check_size
from snnhw.graph.ir import Array


def delta_coded(frames: Array, step: float, timesteps: int | None = None) -> Array:
    """Counts of events, float32 [N, T, 2C, H, W]: those of the channels that rise, then of those that fall.

    Args:
        frames: [N, T, C, H, W]; or images [N, C, H, W], each of which is shown for all `timesteps`.
        step: change of a pixel that one event tells, in units of its value.
        timesteps: T, of images alone.

    Raises:
        InputError: the frames are no finite numbers in such axes, the step is not above 0 or the time steps are not
            those of images.
    """
    if not (np.isfinite(step) and step > 0):
        raise InputError(f"An event cannot tell a change of {step:g}; give a step above 0.")
    if frames.ndim not in (4, 5) or not np.isfinite(frames).all():
        raise InputError(
            f"Frames of the axes {list(frames.shape)} cannot be coded; give finite [N, T, C, H, W] or [N, C, H, W]."
        )
    if (timesteps is None) == (frames.ndim == 4) or (timesteps is not None and timesteps < 1):
        raise InputError("Images need the number of time steps for which they are shown, and frames have theirs.")
    shown = frames[:, None].repeat(timesteps, 1) if timesteps is not None else frames
    channels = shown.shape[2]
    shape = (*shown.shape[:2], 2 * channels, *shown.shape[3:])
    check_size(int(np.prod(shape)) * 4, "Frames as events")
    counts = np.zeros(shape, np.float32)
    known = np.zeros(shown[:, 0].shape, np.float64)  # in steps, whole numbers
    for time in range(shown.shape[1]):
        moved = np.trunc(shown[:, time].astype(np.float64) / step - known)
        known += moved
        counts[:, time, :channels] = np.maximum(moved, 0)
        counts[:, time, channels:] = np.maximum(-moved, 0)
    return counts
