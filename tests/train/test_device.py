import torch
from torch import nn

from snnhw.train import device
from snnhw.train.capture import Captured, Eager
from snnhw.train.device import captures, fabric_of, fastest_convolutions, placed, steps_of
from snnhw.train.recipe import recipe_from
from tests.train.small import SMALL

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
RULE = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.1)


def test_the_cpu_keeps_its_layout_and_its_steps():
    recipe = recipe_from({**SMALL, "channels_last": True})
    network = placed(nn.Conv2d(3, 4, 3), recipe, CPU)
    assert network.weight.is_contiguous()
    steps = steps_of(recipe, CPU, 4, RULE)
    assert isinstance(steps, Eager) and steps.note == "" and not captures(recipe, CPU, 1)
    assert fabric_of(recipe).world_size == 1


def test_one_process_on_a_gpu_captures_and_what_hinders_it_is_said(monkeypatch):
    monkeypatch.setattr(device, "Cuda", object)
    monkeypatch.delenv(device.SWITCH, raising=False)
    recipe = recipe_from(SMALL)
    assert isinstance(steps_of(recipe, CUDA, 1, RULE), Captured) and captures(recipe, CUDA, 1)
    begin = "steps ran one operator after the other, not as a CUDA graph"
    assert steps_of(recipe, CUDA, 2, RULE).note == f"{begin} (2 processes exchange gradients)"
    for key, value, why in (
        ("packed_spikes", True, "packed_spikes looks at values"),
        ("energy_weight", 1.0, "energy_weight listens to every unit"),
        ("any_timesteps", True, "any_timesteps changes the steps from batch to batch"),
    ):
        hindered = recipe_from({**SMALL, key: value})
        assert steps_of(hindered, CUDA, 1, RULE).note == f"{begin} ({why})"
    monkeypatch.setenv(device.SWITCH, "0")
    assert steps_of(recipe, CUDA, 1, RULE).note == f"{begin} (SNNHW_CUDA_GRAPH is 0)"
    assert not captures(recipe, CUDA, 1)


def test_the_choice_of_convolutions_is_put_back():
    before = torch.backends.cudnn.benchmark
    with fastest_convolutions():
        assert torch.backends.cudnn.benchmark
    assert torch.backends.cudnn.benchmark == before
