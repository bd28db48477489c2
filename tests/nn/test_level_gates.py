"""Gates on levels: their law against numbers drawn and integrated apart, and what is left when they are decided."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snnhw.errors import InputError
from snnhw.nn.level_gates import (
    START,
    GatedMLF,
    close_gates,
    draw_gates,
    gates_of,
    lost_levels,
    put_gates,
    without_gates,
)
from snnhw.nn.models import build
from snnhw.nn.neurons import MLF
from tests.nn.test_neurons import reference, settings_of_unit

U = (np.arange(200_000) + 0.5) / 200_000  # every draw alike


def hard_concrete(u, log_alpha):
    """Equations 10 and 11 of Louizos et al., written with numpy."""
    s = 1 / (1 + np.exp(-(np.log(u) - np.log(1 - u) + log_alpha) / (2 / 3)))
    return np.minimum(1, np.maximum(0, s * 1.2 - 0.1))


def gated(log_alpha, **unit):
    made = GatedMLF(MLF(tuple(0.5 + k for k in range(len(log_alpha) + 1)), **unit)).double()
    with torch.no_grad():
        made.log_alpha.copy_(torch.tensor(log_alpha, dtype=torch.float64))
    return made


@pytest.mark.parametrize("log_alpha", [-4.0, -2.0, -0.3, 0.0, 1.1, 3.5])
def test_openness_and_its_gradient_are_those_of_all_draws(log_alpha):
    unit = gated([log_alpha])
    openness = unit.openness()[1]
    assert float(openness.detach()) == pytest.approx((hard_concrete(U, log_alpha) > 0).mean(), abs=2e-5)
    openness.backward()
    h = 0.01
    numeric = ((hard_concrete(U, log_alpha + h) > 0).mean() - (hard_concrete(U, log_alpha - h) > 0).mean()) / (2 * h)
    assert float(unit.log_alpha.grad[0]) == pytest.approx(numeric, abs=2e-3)
    assert float(unit.openness()[0].detach()) == 1.0


def test_gates_of_a_draw_and_of_evaluation_are_those_of_the_paper():
    log_alpha, u = [-1.0, 0.2, 2.0, -6.0, 9.0], [0.7, 0.35, 0.9, 0.2, 0.5]
    unit = gated(log_alpha)
    unit.drawn.copy_(torch.tensor(u, dtype=torch.float64))
    np.testing.assert_allclose(unit.gates().detach(), hard_concrete(np.array(u), np.array(log_alpha)), rtol=1e-9)
    calm = np.clip(1 / (1 + np.exp(-np.array(log_alpha))) * 1.2 - 0.1, 0, 1)
    np.testing.assert_allclose(unit.eval().gates().detach(), calm, rtol=1e-9)
    assert calm[3] == 0 and calm[4] == 1 and calm[1] > 0.5 > calm[0]
    assert unit.staying() == (0.5, 2.5, 3.5, 5.5)
    fresh = GatedMLF(MLF((0.5, 1.5)))
    assert float(fresh.log_alpha.detach()) == pytest.approx(START) and float(fresh.openness()[1].detach()) > 0.9


@settings(max_examples=40, deadline=None)
@given(unit=settings_of_unit.filter(lambda u: len(u["thresholds"]) > 1), seed=st.integers(0, 2**31))
def test_spikes_and_gradients_are_those_of_levels_times_gates(unit, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(unit["timesteps"] * 2, 6, generator=generator, dtype=torch.float64) * 2 + 0.5
    weight = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    made = GatedMLF(MLF(**unit)).double()
    draw_gates({"one": made}, generator)
    given_x, plain_x = x.clone().requires_grad_(), x.clone().requires_grad_()
    alpha = made.log_alpha.detach().clone().requires_grad_()
    z = (((torch.log(made.drawn) - torch.log(1 - made.drawn) + alpha) / (2 / 3)).sigmoid() * 1.2 - 0.1).clamp(0, 1)
    width = unit["surrogate_width"]
    levels = [reference(plain_x, [t], unit["decay"], width, unit["timesteps"]) for t in unit["thresholds"]]
    if min(margin for _, margin in levels) <= 1e-9:
        return
    expected = levels[0][0] + sum(gate * level for gate, (level, _) in zip(z, levels[1:], strict=True))
    sent = made(given_x)
    torch.testing.assert_close(sent, expected, rtol=1e-12, atol=1e-12)
    (sent * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(given_x.grad, plain_x.grad, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(made.log_alpha.grad, alpha.grad, rtol=1e-9, atol=1e-11)


@settings(max_examples=60, deadline=None)
@given(
    unit=settings_of_unit.filter(lambda u: len(u["thresholds"]) > 1),
    closed=st.sets(st.integers(0, 3)),
    single=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_a_unit_that_has_lost_levels_sends_what_the_open_ones_sent(unit, closed, single, seed):
    dtype = torch.float32 if single else torch.float64
    x = torch.randn(unit["timesteps"] * 3, 7, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 2 + 0.5
    made = GatedMLF(MLF(**unit)).to(dtype).eval()
    with torch.no_grad():
        for k in range(len(made.log_alpha)):
            made.log_alpha[k] = -9.0 if k in closed else 9.0
    network = nn.Sequential(made)
    assert set(made.gates().tolist()) <= {0.0, 1.0}
    sent = network(x)
    thresholds = made.staying()
    assert thresholds == (made.thresholds[0], *(t for k, t in enumerate(made.thresholds[1:]) if k not in closed))
    close_gates(network, {"0": thresholds})
    assert type(network[0]) is MLF and not network[0].training and torch.equal(network(x), sent)


def test_a_network_keeps_all_levels_or_loses_those_whose_gates_are_shut():
    torch.manual_seed(0)
    network = build("digits_ds_resnet8", in_channels=1, widths=[2, 3, 4], timesteps=2)
    x = torch.rand(5, 1, 8, 8)
    network(x)
    whole = network.eval()(x)
    assert without_gates(network, {}) is network
    put_gates(network)
    units = gates_of(network)
    assert "stem.mlf" in units and "stages.stage2_block1.shortcut.mlf" in units and lost_levels(network) == {}
    assert torch.equal(without_gates(network, {})(x), whole)
    with torch.no_grad():
        for path, unit in units.items():
            unit.log_alpha.fill_(20.0)
            unit.log_alpha[0 if path == "stem.mlf" else 1] = -20.0
    lost = lost_levels(network)
    expected = [(0.6, 2.6) if path == "stem.mlf" else (0.6, 1.6) for path in units]
    assert list(lost) == list(units) and np.allclose([lost[path] for path in units], expected)
    left = without_gates(network, lost)
    assert torch.equal(left(x), network(x)) and not gates_of(left) and gates_of(network)
    assert set(left.state_dict()) == {name for name in network.state_dict() if not name.endswith("log_alpha")}


def test_draws_are_of_the_generator_alone_and_gates_of_every_unit():
    units = {name: GatedMLF(MLF()) for name in "ab"}
    draw_gates(units, torch.Generator().manual_seed(1))
    first = [unit.drawn.clone() for unit in units.values()]
    draw_gates(units, torch.Generator().manual_seed(1))
    assert all(torch.equal(unit.drawn, before) for unit, before in zip(units.values(), first, strict=True))
    assert not torch.equal(*first) and all(0 <= float(u) < 1 for u in torch.cat(first))
    assert "drawn" not in units["a"].state_dict()
    zero = gated([0.0])
    zero.drawn.fill_(0.0)
    assert zero.gates().tolist() == [0.0] and math.isfinite(float(zero.openness()[1].detach()))


def test_a_network_of_one_level_has_nothing_to_lose():
    with pytest.raises(InputError, match="No unit of the network has a level above the first"):
        put_gates(build("digits_ds_resnet8", thresholds=[0.6]))
