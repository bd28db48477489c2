"""Functions that move values become wires that carry the same; those that mix samples or compute become none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.simulation.synapses import apply_node
from snnhw.tracing.rearrange import joined, moving, reshaped, spread, wires

SHAPE = (4, 6, 6)
X = torch.randn(2, 3, *SHAPE, dtype=torch.float64)

MOVES: dict[str, Callable[[Tensor], Tensor]] = {
    "pad": lambda x: F.pad(x, (1, 2, 0, 3)),
    "crop": lambda x: x[..., 1:-1, ::2],
    "nearest": lambda x: F.interpolate(x, scale_factor=2),
    "smaller": lambda x: F.interpolate(x, size=(3, 4), mode="nearest-exact"),
    "pixel shuffle": lambda x: F.pixel_shuffle(x, 2),
    "channel shuffle": lambda x: F.channel_shuffle(x, 2),
    "flip": lambda x: x.flip(-1),
    "transpose": lambda x: x.transpose(2, 3),
    "rows": lambda x: x.flatten(2),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_wires_carry_what_the_function_gives(move):
    node = wires("w", move, SHAPE)
    assert node is not None
    expected = move(X.flatten(0, 1)).unflatten(0, (2, 3))
    assert torch.equal(apply_node(node, X), expected)


@pytest.mark.parametrize(
    "move",
    [
        lambda x: x.flip(0),
        lambda x: x + 1,
        lambda x: 2 * x,
        lambda x: x.mean(1),
        lambda x: F.avg_pool2d(F.pad(x, (0, 1)), 2),
        lambda x: F.interpolate(x, size=(3, 3), mode="area"),
        lambda x: F.pad(x, (1, 1), value=1.0),
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
        lambda x: x[:1],
        lambda x: x.transpose(0, 1),
        lambda x: x.roll(1, 0),
        lambda x: x.flatten(),
    ],
)
def test_what_computes_or_mixes_samples_is_no_wire(move):
    assert wires("w", move, SHAPE) is None


def test_time_in_an_axis_of_its_own_has_to_stay_in_its_place():
    assert wires("w", lambda x: x[:, :, 1:], SHAPE, lead=2) is not None
    assert wires("w", lambda x: x.transpose(0, 1), SHAPE, lead=2) is None
    assert wires("w", lambda x: x[0], SHAPE, lead=2) is None


def test_joined_parts_add_up_to_the_joined_tensor():
    parts = [torch.randn(1, 1, c, 5, 5, dtype=torch.float64) for c in (2, 1, 3)]
    shapes = [tuple(part.shape[2:]) for part in parts]
    sums = sum(apply_node(joined("w", shapes, i, 0), part) for i, part in enumerate(parts))
    assert torch.equal(sums, torch.cat(parts, 2))


def test_other_axes_and_spread_images():
    assert torch.equal(apply_node(reshaped("w", SHAPE, (2, 72)), X), X.reshape(2, 3, 2, 72))
    node = spread("w", (1, 2, 3), (2, 3), (1, 0))
    expected = np.array([[[0, -1, -1, 1, -1, -1, 2], [-1] * 7, [3, -1, -1, 4, -1, -1, 5], [-1] * 7]])
    np.testing.assert_array_equal(node.source, expected)


def test_modules_that_move_values():
    assert moving("w", nn.Upsample(scale_factor=3), SHAPE).copies
    with pytest.raises(InputError, match="'w' interpolates by the mode 'bicubic'; use mode='nearest'"):
        moving("w", nn.Upsample(scale_factor=2, mode="bicubic"), SHAPE)
