"""Parameters of NIR say the same neuron as the discrete ones: stepped side by side, they fire together."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, LoihiLIF
from snnhw.nir.frameworks import DIALECTS
from snnhw.nir.parameters import cuba_fields, leaky_step, li_fields, lif_fields, loihi_as_lif

DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
DECAYS = st.sampled_from([0.0, 0.25, 0.3, 0.5, 0.9, 0.99, 1.0]) | st.floats(0, 1)
STEPS = 20


def neuron(**changes):
    return LIF(name="n", shape=(3,), **({"decay": 0.25, "threshold": 1.0} | changes))


def spikes(x, decay, gain, leak, threshold, v_reset, at_threshold=False):
    """Of one neuron: u = decay u + gain x + leak, a spike above (or at) the threshold, then v_reset."""
    u, fired = 0.0, []
    for value in x:
        u = decay * u + gain * value + leak
        fired.append(u >= threshold if at_threshold else u > threshold)
        u = v_reset if fired[-1] else u
    return fired


@given(DECAYS, st.sampled_from([SINGLE, DOUBLE]))
def test_the_euler_step_of_what_is_written_has_the_decay_again(decay, dtype):
    """decay = 1 - dt/tau in the precision of the file: exactly for a decay that is a difference of one and a float."""
    fields = li_fields(LI(name="n", shape=(3,), decay=decay), DIALECTS["snntorch"], dtype)
    found = 1 - np.asarray(1e-4, dtype) / fields["tau"]
    np.testing.assert_allclose(found, decay, rtol=0, atol=np.finfo(dtype).eps)
    if float(dtype.type(decay)) == decay and decay in (0.0, 0.25, 0.5, 1.0):
        assert (found == decay).all()
    np.testing.assert_allclose(leaky_step(fields["tau"], fields["r"], fields["v_leak"], 1e-4)["gain"], 1, rtol=1e-6)


@given(st.floats(0, 0.99), st.floats(0.125, 4), st.floats(-1, 1), st.floats(0.125, 4), st.integers(0, 2**31))
def test_the_differential_equation_of_nir_fires_with_the_discrete_neuron(decay, gain, leak, theta, seed):
    """tau dv/dt = (v_leak - v) + R I by forward Euler, as written in the paper, against the discrete neuron."""
    node = neuron(decay=decay, gain=gain, leak=leak, threshold=float(np.float32(theta)))
    f = {k: float(v[0]) for k, v in lif_fields(node, DIALECTS["snntorch"], DOUBLE).items()}
    x = np.random.default_rng(seed).uniform(0, 2, STEPS)
    v, fired = 0.0, []
    for value in x:
        v = v + 1e-4 / f["tau"] * ((f["v_leak"] - v) + f["r"] * value)
        fired.append(v > f["v_threshold"])
        v = f["v_reset"] if fired[-1] else v
    assert fired == spikes(x, decay, gain, leak, node.threshold, 0.0)


@given(
    st.floats(0, 0.99), st.floats(0.25, 4), st.floats(-1, 1), st.floats(0.5, 4), st.floats(-1, 0), st.integers(0, 2**31)
)
def test_the_scaled_membrane_of_norse_fires_with_the_discrete_neuron(decay, gain, leak, theta, v_reset, seed):
    """norse: v = decay v + (1 - decay) x: the membrane is smaller, and so are threshold and reset."""
    node = neuron(decay=decay, gain=gain, leak=leak, threshold=theta, v_reset=v_reset)
    f = {k: float(v[0]) for k, v in lif_fields(node, DIALECTS["norse"], DOUBLE).items()}
    x = np.random.default_rng(seed).uniform(0, 2, STEPS)
    rate = 1e-4 / f["tau"]
    theirs = spikes(x, 1 - rate, f["r"] * rate, f["v_leak"] * rate, f["v_threshold"], f["v_reset"])
    assert f["r"] == 1 and theirs == spikes(x, decay, gain, leak, np.float32(theta), v_reset)


@given(st.floats(0, 1), st.integers(1, 16), st.integers(0, 2**31))
def test_an_importer_that_fires_at_the_threshold_fires_with_the_discrete_neuron_at_ties_too(decay, sixteenths, seed):
    node = neuron(decay=float(np.round(decay * 4) / 4), threshold=sixteenths / 16)
    theta = lif_fields(node, DIALECTS["spikingjelly"], SINGLE)["v_threshold"][0]
    x = np.random.default_rng(seed).integers(0, 8, STEPS) / 8
    x = x.astype(np.float32)  # sums of eighths and their quarters are exact for a few steps, so ties do occur
    assert spikes(x[:6], node.decay, 1.0, 0.0, theta, 0.0, at_threshold=True) == spikes(
        x[:6], node.decay, 1.0, 0.0, node.threshold, 0.0
    )


@given(st.floats(0.01, 1))
def test_the_exponential_form_decays_by_the_same_share(decay):
    fields = lif_fields(neuron(decay=decay), DIALECTS["sinabs"], DOUBLE)
    assert fields["tau"].shape == (1,)
    assert np.exp(-DIALECTS["sinabs"].dt / fields["tau"][0]) == pytest.approx(decay, rel=1e-9)
    step = leaky_step(fields["tau"], fields["r"], fields["v_leak"], DIALECTS["sinabs"].dt, "exponential")
    assert step["decay"] == pytest.approx(decay, rel=1e-9) and step["gain"] == 1


def test_a_neuron_that_keeps_nothing_or_all_keeps_nothing_or_all_in_every_form():
    for decay in (0.0, 1.0):
        for name in ("snntorch", "spikingjelly", "sinabs"):
            dialect = DIALECTS[name]
            tau = lif_fields(neuron(decay=decay), dialect, SINGLE)["tau"][:1]
            form = "exponential" if dialect.form == "exponential" else "euler"
            found = leaky_step(tau, np.ones(1), np.zeros(1), dialect.dt, form)["decay"][0]
            assert np.float32(found) == decay  # as importers compute


def test_a_current_based_neuron_is_its_current_and_its_membrane():
    current, membrane = LI(name="c", shape=(3,), decay=0.5, gain=2.0), neuron(v_reset=-0.5)
    dialect = DIALECTS["snntorch"]
    cuba, li, lif = (
        cuba_fields(current, membrane, dialect, DOUBLE),
        li_fields(current, dialect, DOUBLE),
        lif_fields(membrane, dialect, DOUBLE),
    )
    for ours, theirs in {
        "tau_syn": li["tau"],
        "w_in": li["r"],
        "tau_mem": lif["tau"],
        "v_reset": lif["v_reset"],
    }.items():
        np.testing.assert_array_equal(cuba[ours], theirs)


@pytest.mark.parametrize(
    ("changes", "dialect", "sentence"),
    [
        ({"reset": "subtract"}, "snntorch", "'n' resets by subtraction, which NIR cannot say; train with a hard reset"),
        ({"decay": 1.5}, "snntorch", r"'n' has a decay outside 0\.\.1, so no time constant; change its decay"),
        ({"decay": 1.0}, "norse", "'n' does not leak, which 'norse' cannot say; use 'snntorch'"),
        ({"gain": 2.0}, "sinabs", "'n' has a gain or a leak, unknown to 'sinabs'; put them into the weights"),
        ({"threshold": np.array([1.0, 2.0, 1.0])}, "sinabs", "parameters that differ between neurons; use the dialect"),
    ],
)
def test_what_a_dialect_cannot_say_is_refused_by_name(changes, dialect, sentence):
    with pytest.raises(InputError, match=sentence):
        lif_fields(neuron(**changes), DIALECTS[dialect], SINGLE)


def test_an_integrator_is_said_only_where_the_membrane_is_not_scaled():
    for name in ("norse", "sinabs"):
        with pytest.raises(InputError, match=f"Integrator 'n' cannot be said in dialect '{name}'; use 'snntorch'"):
            li_fields(LI(name="n", shape=(3,), decay=0.5), DIALECTS[name], SINGLE)


LOIHI = LoihiLIF(
    name="n", shape=(2, 3, 3), threshold=7, du=4095, dv=3072, bias_mant=np.array([3, -2]).reshape(2, 1, 1), bias_exp=5
)


def test_a_neuron_of_integers_is_one_of_weight_units():
    found = loihi_as_lif(LOIHI, False)
    assert (found.decay, found.threshold, found.reset) == (0.25, 7, "hard")
    np.testing.assert_array_equal(found.leak, np.broadcast_to(np.array([1.5, -1.0]).reshape(2, 1, 1), (2, 3, 3)))
    assert loihi_as_lif(LOIHI, True).leak == 0
    assert loihi_as_lif(dataclasses.replace(LOIHI, bias_mant=np.zeros((2, 1, 1), int)), False).leak == 0


@pytest.mark.parametrize("share", [0.5, 0.25, 0.1, 0.05, 0.3333])
def test_a_share_that_was_typed_comes_back_from_a_time_constant_in_float32(share: float) -> None:
    for dt in (1e-6, 1e-4, 1e-3, 1.0):
        tau = np.array([dt / share], np.float32)
        step = leaky_step(tau, np.ones(1, np.float32), np.zeros(1), dt)
        assert step["decay"].item() == pytest.approx(1 - share, abs=1e-15)
        assert step["gain"].item() == pytest.approx(share, abs=1e-15)


def test_a_share_that_no_short_decimal_stands_for_is_left_alone() -> None:
    tau = np.array([1 / 0.123456789], np.float64)
    assert leaky_step(tau, np.ones(1), np.zeros(1), 1.0)["decay"].item() == pytest.approx(1 - 0.123456789, abs=1e-15)
    assert leaky_step(np.array([3.0], np.float32), np.ones(1), np.zeros(1), 1.0)["decay"].item() == 1 - np.float32(
        1 / 3
    )


def test_an_input_that_enters_whole_has_the_gain_1_whatever_r_is() -> None:
    step = leaky_step(np.array([4.0]), np.array([7.0]), np.zeros(1), 1.0, "euler-whole")
    assert (step["decay"].item(), step["gain"].item()) == (0.75, 1.0)


def test_a_neuron_that_never_resets_is_not_told_as_one_that_subtracts():
    node = LIF(name="n", shape=(2,), decay=0.5, threshold=1.0, reset="subtract", v_reset=1.0)
    with pytest.raises(InputError, match="'n' never resets, which NIR cannot say; train with a hard reset"):
        lif_fields(node, DIALECTS["snntorch"], np.dtype(np.float32))
