"""Calls in a forward: gains, dimensions, and where in the source they stand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.fx
from torch import nn

from snnhw.tracing.calls import dims, gain_of, line, place
from snnhw.tracing.tracer import Tracer


class Says(nn.Module):
    """What `said` makes of x."""

    def __init__(self, said: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.said = said

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.said(x)


def last_call(network: nn.Module) -> torch.fx.Node:
    calls = [n for n in Tracer({}).trace(network).nodes if n.op.startswith("call")]
    return calls[-1]


@pytest.mark.parametrize(
    ("said", "gain"),
    [
        (lambda x: 2 * x, 2),
        (lambda x: x * 3, 3),
        (lambda x: torch.mul(x, 4), 4),
        (lambda x: x.mul(5), 5),
        (lambda x: x * 1, 1),
        (lambda x: x * 0, None),
        (lambda x: x * -1, None),
        (lambda x: x * 2.0, None),
        (lambda x: x * True, None),
        (lambda x: x * x, None),
        (lambda x: x + 2, None),
        (lambda x: x / 2, None),
    ],
)
def test_a_gain_is_a_product_with_a_whole_number_of_at_least_one(said, gain) -> None:
    call = last_call(Says(said))
    assert gain_of(call.target, call.args) == gain


@pytest.mark.parametrize(("dim", "expected"), [(2, [2]), ((2, 3), [2, 3]), ([-1], [-1]), (None, []), ("x", [])])
def test_dimensions_are_a_list_however_they_are_written(dim: object, expected: list[int]) -> None:
    assert dims(dim) == expected


def test_the_place_of_a_call_is_the_module_whose_forward_makes_it() -> None:
    network = nn.Sequential(nn.Identity(), nn.Sequential(Says(torch.tanh)))
    assert place(last_call(network)) == "1.0"
    assert place(last_call(Says(torch.tanh))) == "forward"


def test_the_line_of_a_call_is_the_innermost_that_is_not_torchs() -> None:
    number = Says.forward.__code__.co_firstlineno + 1
    assert line(last_call(nn.Sequential(nn.Sequential(Says(torch.tanh))))) == f", test_calls.py line {number}"
    without = last_call(Says(torch.tanh))
    without.stack_trace = None
    assert line(without) == ""
