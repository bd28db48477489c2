"""The time step of a file: who says it, which one is assumed, and what r of an integrator has to do with it."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.nir.conventions import StepInR
from snnhw.nir.file import RawNode
from snnhw.nir.io import from_nir
from snnhw.nir.read.time_step import lambert, same_step, steps_in_r
from snnhw.nir.reading import Reading
from tests.nir.read.foreign import T, chain, codes, full, lif
from tests.nir.step_runner import run_steps


def spikes_of_if(x: np.ndarray, r: np.ndarray, dt: float) -> np.ndarray:
    """dv/dt = R I by forward Euler, one neuron after the other; fires above 1, then 0."""
    fired = np.zeros(x.shape, bool)
    for n in range(x.shape[1]):
        v = 0.0
        for t in range(len(x)):
            v += float(r[n]) * dt * float(x[t, n])
            fired[t, n] = v > 1
            v = 0.0 if v > 1 else v
    return fired


def test_an_integrator_that_holds_one_over_the_step_adds_its_input_whole_at_that_step() -> None:
    x = np.random.default_rng(0).integers(0, 4, (T, 4)) / 4
    written = chain(nir.IF(full((4,), 1000), full((4,), 1)))
    graph = from_nir(written, Reading(dt=1e-3))
    assert graph.nodes["n0"].gain == 1 and "dt-assumed" not in codes(graph)
    assert np.array_equal(run_steps(graph, x)["n0"], spikes_of_if(x, np.ones(4), 1.0))
    (assumed,) = (f for f in from_nir(written).findings if f.code == "dt-assumed")
    assert "0.0001 s is taken; all integrators have r = 1000, which is 1/dt of 0.001 s" in assumed.message


@pytest.mark.parametrize("r", [[1, 1, 2, 1], [1, 1000, 1, 1], [0.5, 1, 1, 1]])
def test_the_r_of_one_integrator_never_changes_another(r: list[float]) -> None:
    """With r = 1 beside other values all are by the equation; what a neuron fires depends on its own r alone."""
    x = np.random.default_rng(1).integers(0, 4, (T, 4)) * 0.75
    mixed = from_nir(chain(nir.IF(np.array(r, np.float32), full((4,), 1))), Reading(dt=0.5))
    assert np.array_equal(run_steps(mixed, x)["n0"], spikes_of_if(x, np.array(r), 0.5))
    assert "gain-by-equation" in codes(mixed) and "gain-per-step" not in codes(mixed)
    apart = from_nir(chain(nir.IF(full((4,), 1), full((4,), 1)), nir.IF(full((4,), 3), full((4,), 1))), Reading(dt=0.5))
    assert (apart.nodes["n0"].gain, apart.nodes["n1"].gain) == (0.5, 1.5)


def test_where_every_integrator_has_one_it_is_the_gain_of_a_step_and_no_step_is_asked_for() -> None:
    graph = from_nir(chain(nir.IF(full((4,), 1), full((4,), 1)), nir.I(full((4,), 1))))
    assert (graph.nodes["n0"].gain, graph.nodes["n1"].gain) == (1, 1)
    assert codes(graph).count("gain-per-step") == 2 and "dt-assumed" not in codes(graph)


@pytest.mark.parametrize("dt", [0.0, -1e-3, float("nan"), float("inf")])
def test_a_step_that_is_none_is_refused(dt: float) -> None:
    with pytest.raises(InputError, match="give a positive number of seconds with --dt"):
        from_nir(chain(lif((4,))), Reading(dt=dt))


@pytest.mark.parametrize("x", [1e-6, 0.01, 0.37, 1.0, 5.0, 1e3])
def test_lamberts_function_inverts_y_exp_y(x: float) -> None:
    y = lambert(np.array([x]))
    assert y * np.exp(y) == pytest.approx(x, rel=1e-12)


@pytest.mark.parametrize("dt", [1e-4, 1e-3, 5e-3, 1.0])
@pytest.mark.parametrize("rule", ["tau/dt", "1 - dt/tau", "tau exp(-dt/tau)/dt"])
def test_the_step_comes_back_from_what_r_holds(rule: StepInR, dt: float) -> None:
    """The three quotients as exporters take them, in float32."""
    tau = np.array([2, 3.7, 20], np.float32) * np.float32(dt)
    r = {"tau/dt": tau / np.float32(dt), "1 - dt/tau": 1 - np.float32(dt) / tau}
    r["tau exp(-dt/tau)/dt"] = tau * np.exp(-np.float32(dt) / tau) / np.float32(dt)
    node = RawNode("LIF", {"tau": tau, "r": r[rule]})
    assert same_step(steps_in_r(node, rule)) == dt


def test_steps_that_differ_are_none_and_long_ones_keep_their_digits() -> None:
    assert same_step(np.array([1e-3, 2e-3])) is None and same_step(np.zeros(0)) is None
    assert same_step(np.array([1 / 3000])) == 1 / 3000
