"""The expected energy of levels with gates: that of all ways to open them, one after the other, and its gradient."""

from itertools import product

import pytest
import torch

from snnhw.nn.level_gates import GatedMLF
from snnhw.nn.neurons import MLF
from snnhw.train.energy_gates import expected_closed, expected_spent


def unit_and_input(seed=0):
    torch.manual_seed(seed)
    unit = GatedMLF(MLF((0.3, 0.9, 1.7), timesteps=3)).double()
    with torch.no_grad():
        unit.log_alpha.copy_(torch.tensor([-1.3, 0.4]))
    return unit, torch.randn(3 * 4, 5, dtype=torch.float64) * 2


def by_all_ways(unit, x, price, graded):
    """Expectation over all gates in {0, 1}, level by level and of graded spikes."""
    levels = [MLF((theta,), timesteps=3)(x) for theta in unit.thresholds]
    p = unit.openness().tolist()
    spent, sent = [0.0] * 3, 0.0
    for gates in product((0, 1), repeat=2):
        gates = (1, *gates)
        chance = 1.0
        for gate, open_ in zip(gates, p, strict=True):
            chance *= open_ if gate else 1 - open_
        for k, (gate, level) in enumerate(zip(gates, levels, strict=True)):
            spent[k] += chance * gate * float((level * price).sum())
        o = sum(gate * level for gate, level in zip(gates, levels, strict=True))
        sent += chance * float((o.clamp(max=1) * graded).sum())
    return spent, sent


def test_the_expectation_is_that_of_all_ways_to_open_the_gates():
    unit, x = unit_and_input()
    price, graded = torch.rand(5).double() * 9, torch.rand(5).double() * 7
    found_graded, found = expected_spent(unit, x, price, graded)
    spent, sent = by_all_ways(unit, x, price, graded)
    assert [float(level) for level in found] == pytest.approx(spent, rel=1e-12) and spent[2] > 0
    assert float(found_graded) == pytest.approx(sent, rel=1e-12)
    assert expected_spent(unit, x, price, None)[0] is None
    p = unit.openness().tolist()
    assert float(expected_closed(unit)) == pytest.approx(2 - p[1] - p[2])


def test_the_gradient_is_that_of_small_changes_of_the_gates():
    unit, x = unit_and_input()
    price, graded = torch.rand(5).double() * 9, torch.rand(5).double() * 7

    def whole():
        sent, levels = expected_spent(unit, x, price, graded)
        return sent + sum(levels) - 40.0 * expected_closed(unit)

    whole().backward()
    with torch.no_grad():
        for k in range(2):
            ends = []
            for step in (1e-5, -2e-5):
                unit.log_alpha[k] += step
                ends.append(float(whole()))
            unit.log_alpha[k] += 1e-5
            assert float(unit.log_alpha.grad[k]) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)


def test_the_spikes_have_the_gradients_of_their_surrogates():
    unit, x = unit_and_input()
    x.requires_grad_()
    _, levels = expected_spent(unit, x, torch.ones(5).double(), None)
    sum(levels).backward()
    plain = x.detach().clone().requires_grad_()
    openness = unit.openness().tolist()
    total = sum(p * MLF((t,), timesteps=3)(plain).sum() for p, t in zip(openness, unit.thresholds, strict=True))
    total.backward()
    torch.testing.assert_close(x.grad, plain.grad, rtol=1e-12, atol=1e-12)
