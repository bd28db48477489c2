"""Images resized with their height and width scaled alike."""

import torch

from snnhw.train.resize import resized


def test_images_and_frames_are_scaled_alike():
    x = torch.rand(2, 3, 1, 4, 8)
    assert resized(x, 8) is x
    small = resized(x, 4)
    assert small.shape == (2, 3, 1, 2, 4)
    assert torch.equal(resized(x[:, 0], 4), small[:, 0])
