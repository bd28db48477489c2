"""How time enters and leaves a network."""

import pytest
import torch

from snnhw.errors import InputError
from snnhw.nn import build
from snnhw.nn.time import Frames, MeanOverTime, set_timesteps, time_first


def test_static_input_is_shown_at_every_step():
    network = build("digits_ds_resnet8").eval()
    x = torch.rand(2, 1, 8, 8)
    assert torch.equal(network(x), network(x.expand(4, 2, 1, 8, 8)))
    torch.testing.assert_close(network(x), network.by_step(x).view(4, 2, 10).mean(0))


def test_frames_of_another_number_are_refused():
    with pytest.raises(InputError, match="lasts 4 time steps and got"):
        build("digits_ds_resnet8")(torch.zeros(3, 1, 1, 8, 8))


def test_rows_are_time_major_and_their_mean_is_over_time():
    x = torch.rand(3, 2, 1, 4, 4)  # [T, B, ...]
    rows = Frames(3)(x)
    assert all(torch.equal(rows[t * 2 + b], x[t, b]) for t in range(3) for b in range(2))
    torch.testing.assert_close(MeanOverTime(3)(rows.flatten(1)), x.flatten(2).mean(0))
    assert torch.equal(Frames(3)(x[0]), x[0].repeat(3, 1, 1, 1))


def test_vectors_have_time_as_images_do():
    x = torch.rand(3, 2, 5)  # [T, B, n]
    assert torch.equal(Frames(3)(x), x.flatten(0, 1)) and torch.equal(Frames(3)(x[0]), x[0].repeat(3, 1))
    assert torch.equal(time_first(x)[1, 2], x[2, 1]) and time_first(x[0]).shape == (2, 5)
    for wrong in (x[0, 0], x[:2]):
        with pytest.raises(InputError, match="lasts 3 time steps and got"):
            Frames(3)(wrong)


def test_samples_come_first_outside_and_time_first_inside():
    events, images = torch.rand(2, 3, 1, 4, 4), torch.rand(2, 1, 4, 4)
    assert torch.equal(time_first(events)[2, 1], events[1, 2]) and time_first(images) is images


def test_every_part_of_a_network_gets_the_new_number_of_steps():
    network = build("digits_ds_resnet8", timesteps=4).eval()
    shorter = build("digits_ds_resnet8", timesteps=2).eval()
    shorter.load_state_dict(network.state_dict())
    set_timesteps(network, 2)
    x = torch.rand(2, 1, 8, 8)
    assert torch.equal(network(x), shorter(x))
