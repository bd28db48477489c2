"""Simulated recordings: what an event camera on a moving mount would make of still images.

The mount moves like that of N-MNIST (Orchard et al., 2015, "Converting static image datasets to spiking neuromorphic
datasets using saccades", section 2): three saccades along a triangle, 100 ms each. Where the image grows brighter a
pixel sends events of one polarity, where it grows darker of the other, as many as chance gives for that change
(Poisson), and now and then one for nothing. Latencies, refractory times and differences between pixels are left out.

Where the saccades begin and end, how many events a change gives and how many come for nothing was fitted to the first
60 training recordings of N-MNIST, whose MNIST images are known: six frames of them and of the simulation have a
correlation of 0.89. They are for training where real recordings are few, before those.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from snnhw.data.readers import NMNIST_SIDE, read_idx_pair
from snnhw.errors import InputError
from snnhw.gates.memory import check_size
from snnhw.graph.ir import Array

BRIGHTER, DARKER = 0, 1  # polarity of the events, as seen in the recordings of N-MNIST
CORNERS = ((0.38, 1.18), (1.75, 6.92), (6.13, 1.42), (0.53, 1.34))  # x and y of the image in the frame, pixels
SPANS = ((0.02, 0.28), (0.32, 0.64), (0.68, 0.98))  # of each saccade, as shares of the recording
EVENTS = 4.7  # of a pixel that goes from black to white
IDLE_EVENTS = 0.03  # of a pixel and polarity in a recording, for nothing
MOMENTS = 6  # at which a frame looks at the image
SEED = 0
AT_ONCE = 500  # images
IMAGES = {  # of MNIST; the first thousand are left out, since a small part of N-MNIST has real recordings of those
    "train": slice(1000, 21000),
    "test": slice(1000, 3000),
}


def corner(time: float) -> tuple[float, float]:
    """Where the upper left corner of the image is at a share of the recording, x and y in pixels."""
    for (begin, end), (start, goal) in zip(SPANS, pairwise(CORNERS), strict=True):
        if time <= end:
            way = min(max((time - begin) / (end - begin), 0.0), 1.0)
            way *= way * (3 - 2 * way)  # it speeds up and slows down
            return start[0] + (goal[0] - start[0]) * way, start[1] + (goal[1] - start[1]) * way
    return CORNERS[-1]


def seen(images: Array, place: tuple[float, float]) -> Array:
    """Brightness [N, 34, 34] of images [N, 28, 28] whose corner is at `place`, linear between pixels; black around."""
    across = _moved(images, place[0])
    both: Array = _moved(across.swapaxes(1, 2), place[1]).swapaxes(1, 2)
    return both


def _moved(lines: Array, offset: float) -> Array:
    """[..., W] -> [..., 34], moved by `offset` pixels along the last axis."""
    found = np.zeros((*lines.shape[:-1], NMNIST_SIDE), lines.dtype)
    whole = int(offset)
    for first, share in ((whole, whole + 1 - offset), (whole + 1, offset - whole)):
        room = min(lines.shape[-1], NMNIST_SIDE - first)
        found[..., first : first + room] += np.float32(share) * lines[..., :room]
    return found


def changes(images: Array, timesteps: int) -> Array:
    """How much each pixel grows darker and brighter in each frame: [N, T, 2, 34, 34] of images [N, 28, 28] in 0..1."""
    found = np.zeros((len(images), timesteps, 2, NMNIST_SIDE, NMNIST_SIDE), np.float32)
    before = seen(images, corner(0.0))
    for moment in range(timesteps * MOMENTS):
        now = seen(images, corner((moment + 1) / (timesteps * MOMENTS)))
        frame = found[:, moment // MOMENTS]
        frame[:, DARKER] += np.maximum(before - now, 0)
        frame[:, BRIGHTER] += np.maximum(now - before, 0)
        before = now
    return found


def recordings(images: Array, timesteps: int, seed: int = SEED) -> Array:
    """Counts of events, float32 [N, T, 2, 34, 34], of images [N, 28, 28] in 0..1 (white on black)."""
    check_size(len(images) * timesteps * 2 * NMNIST_SIDE**2 * 4, f"A simulation of {timesteps} time steps")
    chance = np.random.default_rng(seed)
    found = np.empty((len(images), timesteps, 2, NMNIST_SIDE, NMNIST_SIDE), np.float32)
    for first in range(0, len(images), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        found[part] = chance.poisson(EVENTS * changes(images[part], timesteps) + IDLE_EVENTS / timesteps)
    return found


def read_mnist(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """Simulated recordings of MNIST, 20,000 of the training split and 2,000 of the test split, and their labels.

    Raises:
        InputError: a file has no more images than those that are left out.
    """
    images, targets = read_idx_pair(paths, split, timesteps)
    chosen = IMAGES[split]
    if len(images) <= chosen.start:
        raise InputError(
            f"mnist_saccades leaves out the first {chosen.start:,} images of MNIST, and {paths[0]} holds "
            f"{len(images):,}; fetch the whole file."
        )
    return recordings(images[chosen, 0], timesteps), targets[chosen]
