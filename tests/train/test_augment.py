import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.train.augment import AUGMENTATIONS, augment


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("shape", [(6, 2, 8, 10), (6, 3, 2, 8, 10)])
def test_same_seed_same_pictures_and_shape(name, shape):
    x = torch.rand(shape)
    first = augment(x, {name: 2}, seeded(4))
    assert first.shape == x.shape
    assert torch.equal(first, augment(x, {name: 2}, seeded(4)))
    assert torch.equal(augment(x, {name: 0}, seeded(4)), x)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), reach=st.integers(1, 3))
def test_shift_moves_a_pixel_and_loses_nothing_inside(seed, reach):
    x = torch.zeros(5, 2, 3, 9, 9)
    x[..., 4, 4] = torch.arange(1, 7).view(2, 3)
    moved = augment(x, {"shift": reach}, seeded(seed))
    assert torch.equal(moved.sum((-1, -2)), x.sum((-1, -2)))
    places = moved.flatten(3).argmax(-1)  # all frames of a sample move together
    assert bool((places == places[:, :1, :1]).all())
    rows, columns = places[:, 0, 0] // 9 - 4, places[:, 0, 0] % 9 - 4
    assert int(rows.abs().max()) <= reach and int(columns.abs().max()) <= reach


def test_flip_mirrors_the_share():
    x = torch.rand(8, 1, 2, 3)
    assert torch.equal(augment(x, {"flip": 1.0}, seeded(0)), x.flip(-1))
    some = augment(torch.rand(400, 1, 1, 2), {"flip": 0.5}, seeded(0))
    assert some.shape == (400, 1, 1, 2)


def test_cutout_hides_one_square():
    hidden = augment(torch.ones(50, 1, 16, 16), {"cutout": 4}, seeded(0)) == 0
    count = hidden.flatten(1).sum(1)
    assert int(count.max()) <= 25 and int(count.min()) > 0


def test_small_rotation_keeps_the_middle():
    x = torch.zeros(4, 1, 9, 9)
    x[..., 3:6, 3:6] = 1
    assert bool((augment(x, {"rotate": 10}, seeded(0))[..., 4, 4] > 0.99).all())


def test_unknown_augmentation_is_named():
    with pytest.raises(InputError, match="no augmentation 'mixup'"):
        augment(torch.zeros(1, 1, 2, 2), {"mixup": 1.0}, seeded(0))
