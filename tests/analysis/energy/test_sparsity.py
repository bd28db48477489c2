"""The share of multiply-accumulates that meet a zero, against layers computed one by one."""

import pytest
import torch
from torch import nn

from snnhw.analysis.energy.sparsity import activation_sparsity
from snnhw.errors import InputError
from snnhw.nn import build, relu_twin


def test_sparsity_by_hand():
    """Layer two sees half zeros and does 4 x 2 MACs, layer three sees none and does 2 x 1: 8 * 0.5 / 10."""
    one, two, three = nn.Linear(1, 4, bias=False), nn.Linear(4, 2, bias=False), nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        one.weight.copy_(torch.tensor([[1.0], [-1], [2], [-2]]))
        two.weight.fill_(1.0)
    network = nn.Sequential(one, nn.ReLU(), two, nn.ReLU(), three)
    network.train()
    assert activation_sparsity(network, [torch.tensor([[1.0], [3.0]])]) == pytest.approx(0.4)
    assert network.training and not two._forward_hooks
    with pytest.raises(InputError, match="No activations"):
        activation_sparsity(network, [])


def test_the_relu_twin_of_a_network_is_sparse():
    torch.manual_seed(0)
    twin = relu_twin(build("digits_ds_resnet8"))
    assert 0.1 < activation_sparsity(twin, [torch.randn(8, 1, 8, 8)]) < 0.9


def test_convolutions_are_weighted_by_their_own_work():
    """Layer by layer without hooks: kernel, channels and groups times the outputs of each."""
    torch.manual_seed(0)
    first, second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 6, 3, stride=2, groups=2)
    network = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Flatten(), nn.Linear(6 * 9, 3))
    batches = [torch.randn(n, 1, 8, 8) for n in (2, 3)]
    skipped = done = 0.0
    with torch.no_grad():
        for x in batches:
            a = first(x).relu()
            b = second(a).relu()
            for activations, macs in ((a, b.numel() * 9 * 2), (b, len(x) * 3 * 54)):
                skipped += macs * (activations == 0).double().mean().item()
                done += macs
    assert activation_sparsity(network, batches) == pytest.approx(skipped / done)


def test_one_layer_alone_has_no_activations_to_skip():
    with pytest.raises(
        InputError, match="No activations were seen; give at least one batch and a network of two layers"
    ):
        activation_sparsity(nn.Sequential(nn.Linear(2, 2)), [torch.ones(1, 2)])


def test_a_network_that_fails_is_left_as_it_was():
    network = nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 2)).train()
    with pytest.raises(RuntimeError):
        activation_sparsity(network, [torch.ones(1, 2)])
    assert network.training and not any(m._forward_hooks for m in network.modules())


def test_convolutions_of_sequences_are_layers_too():
    """Zeros at every other position of three channels: half of what the second layer multiplies."""
    first, second = nn.Conv1d(1, 3, 1, bias=False), nn.Conv1d(3, 2, 1)
    nn.init.ones_(first.weight)
    x = torch.tensor([[[0.0, 1.0, 0.0, 1.0]]])
    assert activation_sparsity(nn.Sequential(first, second), [x]) == pytest.approx(0.5)
