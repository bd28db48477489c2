"""The share of multiply-accumulates that meet a zero, against layers computed one by one."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snnhw.analysis.energy.sparsity import activation_sparsity, macs_met
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


def test_an_activation_counts_by_the_weights_that_it_meets():
    """Convolution 3x3 with stride 2 on 8x8, then a matrix: fan-outs from the corner, 1 1 2 1 2 1 2 0 where rows meet.

    Of 8 positions, kernels at 0 2 4 cover 0..6: position 0, 1, 3, 5, 6 once, 2 and 4 twice, 7 never.
    """
    first, second = nn.Conv2d(1, 1, 1, bias=False), nn.Conv2d(1, 6, 3, stride=2, bias=False)
    for layer in (first, second):
        nn.init.ones_(layer.weight)
    network = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Flatten(), nn.Linear(54, 5))
    x = torch.zeros(2, 1, 8, 8)
    x[0, 0, 2, 4] = 1.0  # twice in each direction: 4 windows of 6 channels; their 24 outputs meet 5 weights each
    x[1, 0, 7, 7] = 1.0  # no window reaches it
    assert macs_met(second, x != 0) == 4 * 6
    assert macs_met(second, torch.ones(1, 1, 8, 8, dtype=torch.bool)) == 9 * 9 * 6
    assert activation_sparsity(network, [x]) == 1 - (4 * 6 + 24 * 5) / (2 * (9 * 9 * 6 + 54 * 5))


def convolved_one_by_one(layer: nn.Conv2d, there: np.ndarray) -> int:
    """Multiply-accumulates of every output, tap by tap; a tap outside the image is none."""
    (kernel, stride, dilation), found = (layer.kernel_size, layer.stride, layer.dilation), 0
    samples, channels, *size = there.shape
    sides = zip(size, kernel, stride, layer.padding, dilation, strict=True)
    outputs = [range((n + 2 * p - d * (k - 1) - 1) // s + 1) for n, k, s, p, d in sides]
    each = channels // layer.groups
    for sample, out, *place in itertools.product(range(samples), range(layer.out_channels), *outputs):
        group = out // (layer.out_channels // layer.groups)
        for channel, *tap in itertools.product(range(each), *map(range, kernel)):
            at = [o * s - p + t * d for o, s, p, t, d in zip(place, stride, layer.padding, tap, dilation, strict=True)]
            if all(0 <= a < n for a, n in zip(at, size, strict=True)):
                found += int(there[(sample, group * each + channel, *at)])
    return found


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_macs_met_are_those_of_a_loop_over_all_taps(data):
    sides, small = st.tuples(st.integers(3, 6), st.integers(3, 6)), st.integers(1, 2)
    pairs, groups = st.tuples(small, small), data.draw(st.integers(1, 3))
    conv = nn.Conv2d(
        groups * data.draw(small),
        groups * data.draw(small),
        data.draw(pairs),
        stride=data.draw(pairs),
        padding=data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2))),
        dilation=data.draw(pairs),
        groups=groups,
    )
    shape, rng = (2, conv.in_channels, *data.draw(sides)), np.random.default_rng(data.draw(st.integers(0, 2**16)))
    start = nn.Conv2d(conv.in_channels, conv.in_channels, 1)
    x = torch.from_numpy(rng.normal(size=shape).astype(np.float32))
    with torch.no_grad():
        hidden = start(x).relu()
        last = conv(hidden).relu().flatten(1)
    read = nn.Linear(last.shape[1], 3)
    there, behind = (hidden != 0).numpy(), int((last != 0).sum()) * 3
    met = convolved_one_by_one(conv, there)
    assert macs_met(conv, hidden != 0) == met
    done = convolved_one_by_one(conv, np.ones_like(there)) + last.numel() * 3
    network = nn.Sequential(start, nn.ReLU(), conv, nn.ReLU(), nn.Flatten(), read)
    assert activation_sparsity(network, [x[:1], x[1:]]) == 1 - (met + behind) / done


def test_borders_that_repeat_activations_are_met():
    layer = nn.Conv1d(2, 3, 3, padding=1, padding_mode="circular")
    there = torch.tensor([[[True, False, False, False], [False, True, False, False]]])
    assert macs_met(layer, there) == 2 * 3 * 3
    assert macs_met(nn.Conv1d(2, 3, 3, padding=1), there) == (2 + 3) * 3
    assert macs_met(nn.Conv1d(2, 4, 3, padding="same", groups=2), there[0]) == (2 + 3) * 2


def test_whatever_reads_the_samples_is_a_first_layer():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right, self.last = nn.Linear(2, 3), nn.Linear(2, 3), nn.Linear(3, 1)

        def forward(self, x):
            return self.last(self.left(x).relu() * 0 + self.right(x.flatten(1)).relu() * 0 + torch.eye(3)[:1])

    assert activation_sparsity(Two(), [torch.zeros(1, 2)]) == pytest.approx(2 / 3)


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
