"""The ReLU twin."""

import torch

from snnhw.nn import build, relu_twin


def test_twin_with_time_averages_over_frames():
    twin = relu_twin(build("nmnist_ds_resnet8", widths=(2, 3, 4)), timesteps=3).eval()
    frames = torch.rand(3, 2, 2, 12, 12)
    single = relu_twin(build("nmnist_ds_resnet8", widths=(2, 3, 4))).eval()
    single.load_state_dict(twin.state_dict())
    torch.testing.assert_close(twin(frames), torch.stack([single(f) for f in frames]).mean(0))
