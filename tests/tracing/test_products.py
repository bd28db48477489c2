"""Products of two values in forward methods: what they give is what the module gives, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.graph.ir import Product
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from snnhw.workflows.load import model_of

STEPS = 2
Written = Callable[[Tensor, Tensor], Tensor]


class Multiplied(nn.Module):
    """Spikes [T*B, 4, 2, 3] of two populations that a call multiplies; a matrix takes what it gives."""

    def __init__(self, how: Written) -> None:
        super().__init__()
        self.frames, self.how = Frames(STEPS), how
        self.conv, self.left = nn.Conv2d(1, 4, 1), MLF((0.2, 0.9), timesteps=STEPS)
        self.other, self.right = nn.Conv2d(1, 4, 1), MLF((0.1,), timesteps=STEPS)
        self.head, self.mean = nn.LazyLinear(3), MeanOverTime(STEPS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.frames(x)
        made = self.how(self.left(self.conv(x)), self.right(self.other(x)))
        return self.mean(self.head(made.flatten(1)))


def tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


WRITTEN: dict[str, tuple[Written, tuple[int, ...], int]] = {  # groups, rows and columns; inner
    "q @ k": (lambda q, k: q @ k.transpose(-1, -2), (4, 2, 2), 3),
    "torch.matmul": (lambda q, k: torch.matmul(tokens(q), tokens(k).transpose(1, 2)), (1, 6, 6), 4),
    "q.matmul": (lambda q, k: tokens(q).transpose(1, 2).matmul(tokens(k)), (1, 4, 4), 6),
    "torch.bmm": (lambda q, k: torch.bmm(tokens(q), tokens(k).transpose(1, 2)), (1, 6, 6), 4),
    "one group for all": (lambda q, k: q @ k.mean(1, keepdim=True).transpose(-1, -2), (4, 2, 2), 3),
    "einsum of heads": (lambda q, k: torch.einsum("bhnd,bhmd->bhnm", q, k), (4, 2, 2), 3),
    "einsum in another order": (lambda q, k: torch.einsum("b h n d, b h m d -> b m n h", q, k), (4, 2, 2), 3),
    "einsum over two axes": (lambda q, k: torch.einsum("bhnd,bhmd->bnm", (q, k)), (1, 2, 2), 12),
    "einsum without a sum": (lambda q, k: torch.einsum("bhnd,bhnd->bhnd", q, k), (24, 1, 1), 1),
    "outer product": (lambda q, k: torch.einsum("bnc,bmc->bcnm", tokens(q), tokens(k)), (4, 6, 6), 1),
    "q * k": (lambda q, k: q * k, (24, 1, 1), 1),
    "q.mul of a mask of rows": (lambda q, k: q.mul(k.sum(-1, keepdim=True)), (24, 1, 1), 1),
    "torch.multiply of a mask": (
        lambda q, k: torch.multiply(k.sum((2, 3), keepdim=True), q),
        (24, 1, 1),
        1,
    ),
    "q * q": (lambda q, k: q * q + k, (24, 1, 1), 1),
    "time in an axis of its own": (
        lambda q, k: (q.reshape(STEPS, -1, 4, 2, 3) @ k.reshape(STEPS, -1, 4, 2, 3).transpose(3, 4)).flatten(0, 1),
        (4, 2, 2),
        3,
    ),
    "in place": (lambda q, k: _in_place(q, k), (24, 1, 1), 1),
}


def _in_place(q: Tensor, k: Tensor) -> Tensor:
    gated = q + q
    gated *= k
    return gated


def made(how: Written) -> nn.Module:
    torch.manual_seed(0)
    network = Multiplied(how).double().eval()
    with torch.no_grad():
        network(torch.zeros(1, 1, 2, 3, dtype=torch.float64))
    return network


@pytest.mark.parametrize("name", WRITTEN)
def test_logits_are_those_of_the_module(name):
    how, shape, inner = WRITTEN[name]
    network, x = made(how), torch.rand(4, 1, 2, 3, dtype=torch.float64) * 4 - 1
    graph = model_of(network, (1, 2, 3)).graph
    record = simulate(graph, x.numpy(), execution=DOUBLE)
    np.testing.assert_allclose(record.logits, network(x).detach().numpy(), atol=1e-12)
    assert len({tuple(row) for row in record.logits.round(9)}) > 1
    (node,) = graph.of_type(Product)
    assert (node.shape, node.inner, node.name) == (shape, inner, "product")


@settings(max_examples=20, deadline=None)
@given(st.permutations("hnd"), st.permutations("hmd"), st.data())
def test_any_einsum_of_two_factors(first, second, data):
    """Axes in any order: h in both factors, kept or summed over; d summed over or kept; n and m of one factor each."""
    sent = data.draw(st.permutations(["n", "m", *data.draw(st.sampled_from(["h", "d", "", "hd"]))]))
    if len(sent) > 3:
        sent = sent[:3] if set("nm") <= set(sent[:3]) else ["n", "m", "h"]
    equation = f"b{''.join(first)},b{''.join(second)}->b{''.join(sent)}"
    axes = "hnd"

    def how(q: Tensor, k: Tensor) -> Tensor:
        left = q.permute(0, *(1 + axes.index(a) for a in first))
        right = k.permute(0, *(1 + "hmd".index(a) for a in second))
        return torch.einsum(equation, left, right)

    network, x = made(how), torch.rand(3, 1, 2, 3, dtype=torch.float64) * 4 - 1
    logits = simulate(model_of(network, (1, 2, 3)).graph, x.numpy(), execution=DOUBLE).logits
    np.testing.assert_allclose(logits, network(x).detach().numpy(), atol=1e-12)


REFUSED: dict[str, tuple[Written, str]] = {
    "samples": (lambda q, k: torch.einsum("bhnd,chnd->bchn", q, k), "mixes samples or steps; keep batch"),
    "samples, by transposing": (lambda q, k: q.flatten(1) @ k.flatten(1).transpose(0, 1), "cannot be traced"),
    "vectors": (lambda q, k: q.flatten(1) @ k.flatten(1), "has a factor without rows and columns behind batch"),
    "other sizes": (lambda q, k: q @ k, r"has factors of \(4, 2, 3\) and \(4, 2, 3\); make them fit"),
    "other axes": (lambda q, k: q @ tokens(k), "has factors of different numbers of axes; unsqueeze one"),
    "a sum of one factor": (lambda q, k: torch.einsum("bhnd,bhmd->bhn", q, k), "sums over an axis that one factor"),
    "dots": (lambda q, k: torch.einsum("...nd,...md->...nm", q, k), "write every index once in each factor"),
    "a diagonal": (lambda q, k: torch.einsum("bhhd,bhmd->bhm", q[:, :2], k[:, :2]), "write every index once"),
    "three factors": (lambda q, k: torch.einsum("bhnd,bhnd,bhnd->bhnd", q, k, q), r"there is no node for .* \(einsum"),
    "time": (
        lambda q, k: q.reshape(STEPS, -1, 4, 2, 3) * k.reshape(STEPS, -1, 4, 2, 3).flatten(3)[..., :1, None],
        "mixes samples or steps|cannot be traced",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_product_of_a_sample_is_refused_with_its_place(name):
    how, sentence = REFUSED[name]
    network = Multiplied(how).eval()
    network.head = nn.Linear(4, 3)
    with pytest.raises(InputError, match=sentence):
        trace(network, (1, 2, 3))


def test_a_product_behind_the_mean_over_time_is_refused():
    class Late(Multiplied):
        def forward(self, x: Tensor) -> Tensor:
            y = self.mean(self.left(self.conv(self.frames(x))).flatten(1))
            return y * y

    with pytest.raises(InputError, match="A product in forward stands behind the mean over time; put it before"):
        trace(Late(lambda q, k: q).eval(), (1, 2, 3))


def test_products_are_called_after_the_module_that_writes_them():
    class Attention(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return (x @ y.transpose(-1, -2)) @ y

    network = made(lambda q, k: q)
    network.how = Attention()
    names = [node.name for node in trace(network, (1, 2, 3)).of_type(Product)]
    assert names == ["how_product", "how_product_2"]
