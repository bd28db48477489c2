"""Neurons of NIR files step as the equations of NIR say, by forward Euler."""

from __future__ import annotations

import dataclasses

import nir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF
from snnhw.graph.same import differences
from snnhw.nir.file import RawNode
from snnhw.nir.frameworks import CONVENTIONS
from snnhw.nir.io import from_nir, to_nir
from snnhw.nir.read.fields import Context
from snnhw.nir.read.neurons import cuba_li, cuba_lif, lif
from snnhw.nir.reading import Reading
from tests.nir.builders import ONE, lif_with, named_chain
from tests.nir.read.foreign import T, chain, codes, full
from tests.nir.step_runner import run_steps


def test_leak_gain_and_reset_are_those_of_the_equation() -> None:
    node = nir.LIF(full((4,), 2e-4), full((4,), 3), full((4,), 0.5), full((4,), 1), full((4,), -0.25))
    found = from_nir(chain(node)).nodes["n0"]
    assert isinstance(found, LIF)
    assert (found.decay, found.gain, found.leak, found.v_reset) == (0.5, 1.5, 0.25, -0.25)
    x = np.random.default_rng(0).random((T, 4))
    v, expected = np.zeros(4), []
    for step in x:
        v = v + 0.5 * ((0.5 - v) + 3 * step)
        expected.append(v > 1)
        v = np.where(v > 1, -0.25, v)
    assert np.array_equal(run_steps(from_nir(chain(node)), x)["n0"], expected)


def test_integrators_and_thresholds() -> None:
    x = np.random.default_rng(0).random((T, 4)) - 0.3
    graph = from_nir(chain(nir.I(full((4,), 1e4)), nir.Threshold(full((4,), 0.5)), nir.Scale(full((4,), 2))))
    sent = run_steps(graph, x)
    np.testing.assert_allclose(sent["n0"], np.cumsum(x, axis=0))
    assert np.array_equal(sent["n2"], 2.0 * (np.cumsum(x, axis=0) > 0.5))
    assert differences(from_nir(to_nir(graph)), graph) == ()
    literal, conventional = (from_nir(chain(nir.IF(full((4,), r), full((4,), 1)))) for r in (2e4, 1))
    assert (literal.nodes["n0"].decay, literal.nodes["n0"].gain) == (1, 2)
    assert conventional.nodes["n0"].gain == 1
    assert "gain-per-step" in codes(conventional)
    assert "gain-per-step" not in codes(literal)
    li = from_nir(chain(nir.LI(full((4,), 2e-4), full((4,), 2), full((4,), 0)))).nodes["n0"]
    assert isinstance(li, LI)
    assert (li.decay, li.gain) == (0.5, 1)


def test_an_infinite_time_constant_with_an_infinite_r_is_an_integrator_beside_neurons_that_leak() -> None:
    """As snnTorch writes beta = [1, 1/2, 1, 3/4]: tau = dt / (1 - beta), r = tau / dt."""
    beta = np.array([1, 0.5, 1, 0.75])
    with np.errstate(divide="ignore"):
        tau = (1e-4 / (1 - beta)).astype(np.float32)
        node = nir.LIF(tau, (1 / (1 - beta)).astype(np.float32), full((4,), 0), full((4,), 1))
    graph = from_nir(chain(node))
    x = np.random.default_rng(0).integers(0, 5, (T, 4)) / 8
    v, expected = np.zeros(4), []
    for step in x:
        v = beta * v + step
        expected.append(v > 1)
        v = np.where(v > 1, 0, v)
    assert np.array_equal(run_steps(graph, x)["n0"], expected)
    assert graph.nodes["n0"].gain == 1 and "never-leaks" in codes(graph)


def test_an_infinite_current_of_a_current_based_neuron_sums_its_input() -> None:
    fields = CUBA | {"tau_syn": np.inf, "w_in": np.inf}
    current, _ = cuba_lif(raw("CubaLIF", **fields), "n", (3,), Context(1e-4))
    assert (current.decay, current.gain) == (1, 1)


INFINITE, MINUS = full((4,), np.inf), full((4,), -np.inf)


@pytest.mark.parametrize(
    ("node", "cause"),
    [
        (lif_with(tau=INFINITE), "infinite tau without an infinite r, or the other way round"),
        (lif_with(r=INFINITE), "infinite tau without an infinite r, or the other way round"),
        (lif_with(tau=INFINITE, r=MINUS), "'r' is infinite in 4 of 4 places"),
        (lif_with(tau=MINUS, r=INFINITE), "'tau' is infinite in 4 of 4 places"),
        (lif_with(v_threshold=INFINITE), "'v_threshold' is infinite in 4 of 4 places"),
        (lif_with(v_leak=INFINITE), "'v_leak' is infinite in 4 of 4 places"),
        (nir.IF(INFINITE, full((4,), 1)), "'r' is infinite in 4 of 4 places"),
        (lif_with(tau=full((4,), np.nan)), "'tau' holds NaN"),
    ],
)
def test_other_infinities_are_refused_with_their_place(node: nir.NIRNode, cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        from_nir(named_chain(a=node))


def test_frameworks_that_ignore_r_ignore_that_of_an_integrator() -> None:
    graph = from_nir(chain(nir.IF(full((4,), 7), full((4,), 1))), Reading(written_by="sinabs"))
    assert graph.nodes["n0"].gain == 1


def test_a_time_constant_of_zero_is_refused() -> None:
    with pytest.raises(InputError, match="'a' has a tau of 0 or less; export it again"):
        from_nir(named_chain(a=lif_with(tau=ONE * 0)))


CUBA = {"tau_syn": 2e-4, "tau_mem": 4e-4, "r": 4.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}


def raw(kind: str, **fields: float) -> RawNode:
    return RawNode(kind, {key: np.float64(value) for key, value in fields.items()})


@pytest.mark.parametrize(("w_in", "gain"), [({"w_in": 3.0}, 1.5), ({"w_in": 1.0}, 0.5), ({}, 0.5)])
def test_the_current_of_a_current_based_neuron_is_a_leaky_state_of_its_own(w_in: dict[str, float], gain: float) -> None:
    """tau_syn dI/dt = -I + w_in S with dt 1e-4: decay 1 - 1/2, gain w_in / 2; the membrane 1 - 1/4, gain r / 4."""
    context = Context(1e-4)
    current, membrane = cuba_lif(raw("CubaLIF", **CUBA, **w_in), "n", (3,), context)
    assert (current.decay, current.gain, current.leak) == (0.5, gain, 0.0)
    assert (membrane.name, membrane.decay, membrane.gain) == ("n", 0.75, 1.0)
    assert ("current-gain" in [f.code for f in context.findings]) == (w_in.get("w_in", 1.0) == 1.0)


@pytest.mark.parametrize(("convention", "gain"), [("norse", 1.0), ("rockpool", np.exp(-0.5))])
def test_frameworks_that_leave_the_weight_of_the_current_at_one_mean_something_by_it(
    convention: str, gain: float
) -> None:
    chosen = CONVENTIONS[convention]
    current, _ = cuba_lif(raw("CubaLIF", **CUBA), "n", (3,), Context(1e-4, form=chosen.form, convention=chosen))
    assert current.gain == pytest.approx(gain)


def test_a_current_based_integrator_sends_its_membrane() -> None:
    current, membrane = cuba_li(raw("CubaLI", **CUBA), "n", (3,), Context(1e-4))
    assert isinstance(current, LI) and isinstance(membrane, LI)
    assert (membrane.name, membrane.decay) == ("n", 0.75)


@pytest.mark.parametrize("tau", ["tau_syn", "tau_mem"])
def test_a_time_constant_below_the_step_is_refused_with_the_step(tau: str) -> None:
    with pytest.raises(
        InputError, match=rf"'n' has a {tau} below the time step 0\.0001; give the right step with --dt"
    ):
        cuba_lif(raw("CubaLIF", **(CUBA | {tau: 5e-5})), "n", (3,), Context(1e-4))


@given(st.floats(0.125, 4), st.floats(-2, 0), st.sampled_from([0.25, 0.5, 0.75]), st.integers(0, 2**31))
def test_a_late_reset_takes_the_threshold_off_in_the_next_step(
    theta: float, v_reset: float, decay: float, seed: int
) -> None:
    """By the framework's order: the membrane of a neuron that fired decays first and is lowered then."""
    node = raw("LIF", tau=1e-4 / (1 - decay), r=1 / (1 - decay), v_leak=0, v_threshold=theta, v_reset=v_reset)
    (found,) = lif(node, "n", (1,), Context(1e-4, reset="subtract-late"))
    u, fired, ours = 0.0, False, 0.0
    for x in np.random.default_rng(seed).uniform(0, 2 * theta, 12):
        u = found.decay * u + x - (theta - v_reset if fired else 0.0)
        ours = found.decay * ours + found.gain * x
        assert ours == pytest.approx(u, abs=1e-9 * (1 + abs(u)))
        fired = u > theta
        ours -= (found.threshold - found.v_reset) if fired else 0.0


def test_a_neuron_that_forgets_everything_has_no_late_reset() -> None:
    node = raw("LIF", tau=1e-4, r=1, v_leak=0, v_threshold=1)
    with pytest.raises(
        InputError, match="'n' keeps nothing of a step, so no late reset; train it with a decay above 0"
    ):
        lif(node, "n", (1,), Context(1e-4, reset="subtract-late"))


def test_where_a_framework_fires_at_the_threshold_the_next_lower_float_is_taken() -> None:
    chosen = dataclasses.replace(CONVENTIONS["nir"], fires_at_threshold=True)
    (found,) = lif(raw("LIF", tau=2e-4, r=2, v_leak=0, v_threshold=0.5), "n", (1,), Context(1e-4, convention=chosen))
    assert isinstance(found, LIF)
    assert np.float32(0.5) > found.threshold and np.nextafter(np.float32(found.threshold), np.float32(1)) == 0.5
