"""Frames as events of change, so that a first layer adds up what changes and multiplies nothing.

Send-on-delta (Miskowicz, 2006, "Send-on-delta concept: an event-based data reporting strategy", Sensors 6): sender and
receiver both know the value that was last told; whenever a pixel has moved by a whole number of steps from it, so many
events tell it. What the receiver knows is thus never a step or more away, and a pixel that rests sends nothing. Before
the first frame the known value is 0. Binary numbers miss most decimals: a move that lacks a millionth of the value to a
whole step is taken for whole.
"""

from __future__ import annotations

import math

import numpy as np

from snnhw.errors import InputError
from snnhw.gates.memory import check_size
from snnhw.graph.ir import Array

LACKING = 1e-6  # of a value in steps, that is rounding
MOST = 2**23  # steps of a value, so that float32 holds every count


def delta_coded(frames: Array, step: float, timesteps: int | None = None) -> Array:
    """Counts of events, float32 [N, T, 2C, H, W]: those of the channels that rise, then of those that fall.

    Args:
        frames: [N, T, C, H, W]; or images [N, C, H, W], each of which is shown for all `timesteps`.
        step: change of a pixel that one event tells, in units of its value.
        timesteps: T, of images alone.

    Raises:
        InputError: the frames are no finite numbers in such axes or some are too many steps from 0, the step is not
            above 0, or the time steps are not those of images.
    """
    if not isinstance(step, int | float | np.number) or not 0 < step < math.inf:
        raise InputError(f"An event cannot tell a change of {step}; give a step above 0.")
    frames = np.asarray(frames)
    if frames.dtype.kind not in "biuf" or frames.ndim not in (4, 5) or not frames.size or not np.isfinite(frames).all():
        raise InputError(
            f"Frames of the axes {list(frames.shape)} and the type {frames.dtype} cannot be coded; give finite numbers "
            "[N, T, C, H, W] or [N, C, H, W]."
        )
    if (timesteps is not None) != (frames.ndim == 4) or not (timesteps is None or _is_number_of_steps(timesteps)):
        raise InputError("Images need the number of time steps for which they are shown, and frames have theirs.")
    furthest = max(abs(float(frames.max())), abs(float(frames.min())))
    if not furthest / float(step) < MOST:
        raise InputError(f"A pixel of {furthest:g} is {MOST:,} steps of {step:g} from 0 or more; give a larger step.")
    moments, (channels, *size) = timesteps or frames.shape[1], frames.shape[-3:]
    check_size(len(frames) * moments * 2 * channels * math.prod(size) * 4, "A coding of frames as events")
    counts = np.zeros((len(frames), moments, 2 * channels, *size), np.float32)
    known = np.zeros((len(frames), channels, *size))  # in steps, whole numbers
    for time in range(moments):
        value = (frames if timesteps else frames[:, time]).astype(np.float64) / float(step)
        way = value - known
        whole = np.rint(way)
        moved = np.where(np.abs(way - whole) <= LACKING * np.maximum(1, np.abs(value)), whole, np.trunc(way))
        known += moved
        counts[:, time, :channels] = np.maximum(moved, 0)
        counts[:, time, channels:] = np.maximum(-moved, 0)
    return counts


def _is_number_of_steps(timesteps: object) -> bool:
    return isinstance(timesteps, int | np.integer) and int(timesteps) >= 1
