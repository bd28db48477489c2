"""Weights go into a network only where names, shapes, kinds and values are what it needs."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.state import fault_of, load_state


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), TDBatchNorm(3))


def without(name):
    return lambda state: state.pop(name)


def value(name, at, number):
    return lambda state: state[name].view(-1).__setitem__(at, number)


def replaced(name, tensor):
    return lambda state: state.__setitem__(name, tensor)


FAULTS = [
    (without("0.bias"), r"The file lacks tensor '0.bias'; mend it\."),
    (replaced("2.weight", torch.zeros(1)), "The file has the unneeded tensor '2.weight'"),
    (replaced("0.bias", torch.zeros(4)), r"Tensor '0.bias' of the file has shape \(4,\) where \(3,\) is needed"),
    (replaced("0.bias", torch.zeros(3, dtype=torch.int8)), "Tensor '0.bias' of the file is int8 where float32"),
    (replaced("0.bias", torch.zeros(3, dtype=torch.complex64)), "is complex64 where float32"),
    (value("0.weight", 5, torch.nan), "The file cannot be used, since tensor '0.weight' holds NaN or infinity"),
    (value("0.bias", 0, -torch.inf), "tensor '0.bias' holds NaN"),
    (value("1.running_mean", 1, torch.inf), "tensor '1.running_mean' holds NaN"),
    (value("1.running_var", 2, -1e-30), "tensor '1.running_var' holds a negative variance"),
]


@pytest.mark.parametrize(("spoil", "says"), FAULTS, ids=[says[:40] for _, says in FAULTS])
def test_a_fault_is_named_and_changes_nothing(spoil, says):
    target, state = network(), {name: tensor.clone() for name, tensor in network().state_dict().items()}
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    spoil(state)
    with pytest.raises(InputError, match=says):
        load_state(target, state, "the file", "mend it")
    assert all(torch.equal(before[name], tensor) for name, tensor in target.state_dict().items())


def test_what_fits_goes_in_and_other_precisions_of_floats_too():
    source, target = network(), network()
    load_state(target, {name: tensor.double() for name, tensor in source.state_dict().items()}, "the file", "mend it")
    assert all(torch.equal(a, target.state_dict()[name]) for name, a in source.state_dict().items())
    assert fault_of(source.state_dict()) is None
