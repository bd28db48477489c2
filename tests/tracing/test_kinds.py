"""A class is taken for its parent exactly where it computes as its parent does."""

from __future__ import annotations

import types

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from snnhw.errors import InputError
from snnhw.graph.ir import Linear
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.kinds import changed_parent, class_of, kind_of
from snnhw.tracing.modules import KINDS, array
from snnhw.tracing.trace import trace

STEPS = 2


class Named(nn.Linear):
    """A constructor and a docstring of its own."""

    def __init__(self, size: int) -> None:
        super().__init__(16, size, bias=False)

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, 0.5)


class Doubled(nn.Linear):
    """A forward of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class Standardised(nn.Conv2d):
    """No forward of its own, but another of the methods that forward calls."""

    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return super()._conv_forward(x, weight - weight.mean(), bias)


class Sliding(Frames):
    """Time of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flip(0).flatten(0, 1)


class Inverted(MLF):
    """A neuron of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return -super().forward(x)


class Rows(nn.Flatten):
    """A flatten that says how."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


class Nothing(nn.Dropout):
    """Named after what it does in evaluation."""


def test_the_kind_of_a_class_is_the_parent_that_it_computes_as() -> None:
    kinds = {Named(3): nn.Linear, Nothing(): nn.Dropout, nn.Linear(2, 2): nn.Linear, nn.LazyLinear(2): nn.Linear}
    for module, kind in kinds.items():
        assert kind_of(module, KINDS) is kind and changed_parent(module, KINDS) is None
    for module, parent in ((Doubled(2, 2), nn.Linear), (Standardised(1, 1, 1), nn.Conv2d), (Sliding(2), Frames)):
        assert kind_of(module, KINDS) is None and changed_parent(module, KINDS) is parent
    assert kind_of(nn.GELU(), KINDS) is None and changed_parent(nn.GELU(), KINDS) is None


def test_a_parametrised_module_has_the_class_that_its_author_gave_it() -> None:
    plain, own = parametrizations.weight_norm(nn.Linear(2, 2)), parametrizations.weight_norm(Doubled(2, 2))
    assert (class_of(plain), kind_of(plain, KINDS)) == (nn.Linear, nn.Linear)
    assert (class_of(own), kind_of(own, KINDS), changed_parent(own, KINDS)) == (Doubled, None, nn.Linear)


def network_of(*middle: nn.Module) -> nn.Module:
    return nn.Sequential(Frames(STEPS), *middle, MeanOverTime(STEPS)).double().eval()


def test_classes_that_compute_as_their_parent_run_as_it() -> None:
    network = network_of(Rows(), Nothing(), Named(8), MLF(timesteps=STEPS), nn.Linear(8, 3))
    x = np.random.default_rng(0).normal(size=(5, 1, 4, 4))
    expected = network(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(simulate(trace(network, (1, 4, 4)), x, execution=DOUBLE).logits, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (Doubled(16, 16), r"no node for 2 \(Doubled, a Linear that computes in its own way"),
        (Inverted(timesteps=STEPS), r"no node for 2 \(Inverted, a MLF that computes in its own way"),
        (parametrizations.weight_norm(Doubled(16, 16)), r"2 \(Doubled, a Linear"),
    ],
)
def test_a_layer_with_a_forward_of_its_own_is_refused_by_name(layer, sentence) -> None:
    with pytest.raises(InputError, match=sentence):
        trace(network_of(nn.Flatten(), layer, nn.Linear(16, 3)), (1, 4, 4))


def test_methods_that_forward_calls_count_as_its_forward() -> None:
    with pytest.raises(InputError, match=r"1 \(Standardised, a Conv2d that computes in its own way"):
        trace(network_of(Standardised(1, 2, 3)), (1, 4, 4))
    with pytest.raises(InputError, match=r"0 \(Sliding, a Frames that computes in its own way"):
        trace(nn.Sequential(Sliding(STEPS), nn.Conv2d(1, 2, 3)), (1, 4, 4))


def test_a_forward_that_was_put_on_one_instance_is_seen() -> None:
    layer = nn.Linear(16, 3)
    layer.forward = types.MethodType(lambda self, x: -nn.functional.linear(x, self.weight), layer)
    with pytest.raises(InputError, match=r"2 \(Linear, a Linear that computes in its own way"):
        trace(network_of(nn.Flatten(), layer), (1, 4, 4))


def test_a_forward_of_its_own_that_modules_explains_is_what_it_says() -> None:
    torch.manual_seed(0)

    def doubled(name: str, module: Doubled, shape: tuple[int, ...]) -> Linear:
        bias = 2 * array(module.bias, 0, 0.0)
        return Linear(name=name, shape=(module.out_features,), weight=2 * array(module.weight, 0, 0.0), bias=bias)

    network = network_of(nn.Flatten(), Doubled(16, 8), MLF(timesteps=STEPS), nn.Linear(8, 3))
    graph = trace(network, (1, 4, 4), modules={Doubled: doubled})
    x = np.random.default_rng(0).normal(size=(5, 1, 4, 4))
    expected = network(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(simulate(graph, x, execution=DOUBLE).logits, expected, atol=1e-12)


@pytest.mark.parametrize(("place", "method"), [(2, "forward"), (1, "_conv_forward"), (3, "recurrence")])
def test_a_method_that_was_put_on_one_instance_is_seen(place: int, method: str) -> None:
    network = nn.Sequential(Frames(STEPS), nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), MLF(timesteps=STEPS)).eval()
    before = getattr(network[place], method)
    setattr(network[place], method, lambda *given: before(*given))
    with pytest.raises(InputError, match=rf"{place} \(\w+, a \w+ that computes in its own way"):
        trace(network, (1, 4, 4))


def test_a_forward_that_was_put_on_a_class_of_torch_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = nn.Conv2d.forward
    network = network_of(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))
    monkeypatch.setattr(nn.Conv2d, "forward", lambda self, x: -before(self, x))
    with pytest.raises(InputError, match=r"1 \(Conv2d, a Conv2d that computes in its own way"):
        trace(network, (1, 4, 4))
