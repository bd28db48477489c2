from math import gamma

import numpy as np
import pytest

from snnhw.analysis.advice.trials import DEAD, GROUPS, LEVEL, STEPS, STUDENT, TRIED, changes, run_trials
from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.level_advice import drop_level
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.graph.ir import MLF
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from tests.nets import residual_net

PROFILE = load_profile("horowitz45-fp32")


@pytest.fixture(scope="module")
def net():
    made = residual_net(seed=3, widths=(4, 6), samples=24)
    return run_passes(made.graph, FLOAT), made.inputs


def spent(graph, inputs):
    return estimate(count(graph, simulate(graph, inputs)), PROFILE)


def test_levels_and_steps_are_tried(net):
    graph, inputs = net
    levels = max(unit.levels for unit in graph.of_type(MLF))
    kinds = [(change.kind, change.amount) for change in changes(graph, static=True)]
    fewer = (graph.timesteps + 1) // 2
    assert [*((LEVEL, k) for k in range(1, levels + 1)), (STEPS, fewer)] == [k for k in kinds if k[0] != DEAD]
    assert STEPS not in [change.kind for change in changes(graph, static=False)]
    assert len(run_trials(graph, inputs)) == len(kinds)


def test_what_never_fires_is_tried(net):
    graph, inputs = net
    unit = graph.of_type(MLF)[-1]
    high = MLF(**{**unit.__dict__, "thresholds": (*unit.thresholds[:-1], 1e9)})
    silent = graph.replace(nodes=[high if node is unit else node for node in graph.nodes.values()])
    (trial,) = [t for t in run_trials(silent, inputs) if t.kind == DEAD]
    assert trial.amount >= 1 and trial.same_class == trial.samples
    assert trial.saves(spent(silent, inputs)).share.low > 0


def test_a_trial_saves_what_its_samples_save_and_says_how_far_others_may_be(net):
    """The middle is the saving of the samples tried; the width is the jackknife's, done here by hand."""
    graph, inputs = net
    chosen = np.linspace(0, len(inputs) - 1, TRIED).astype(int)
    trial = next(t for t in run_trials(graph, inputs) if (t.kind, t.amount) == (LEVEL, 2))
    changed = drop_level(graph, 2)
    assert trial.samples == TRIED

    def share(at):
        return 1 - spent(changed, inputs[at]).per_inference.typical / spent(graph, inputs[at]).per_inference.typical

    found = trial.saves(spent(graph, inputs)).share
    assert found.typical == pytest.approx(share(chosen))
    left_out = [share(np.delete(chosen, np.s_[i::GROUPS])) for i in range(GROUPS)]
    error = np.sqrt((GROUPS - 1) * np.var(left_out)) * STUDENT[GROUPS - 1]
    assert found.high - found.typical >= error * 0.999 and found.typical - found.low >= error * 0.999
    assert found.low <= share(np.arange(len(inputs))) <= found.high


@pytest.mark.parametrize("freedom", STUDENT)
def test_students_quantile_leaves_one_per_cent_outside(freedom):
    t = np.linspace(-STUDENT[freedom], STUDENT[freedom], 200_001)
    density = gamma((freedom + 1) / 2) / (np.sqrt(freedom * np.pi) * gamma(freedom / 2))
    inside = density * (1 + t**2 / freedom) ** (-(freedom + 1) / 2)
    assert inside.sum() * (t[1] - t[0]) == pytest.approx(0.99, abs=2e-4)


def test_accuracies_are_measured_where_all_samples_are_tried(net):
    graph, inputs = net
    target = np.arange(len(inputs)) % 2
    assert {t.accuracy for t in run_trials(graph, inputs, target)} == {None}
    trial = run_trials(graph, inputs, target, samples=len(inputs))[0]
    after = simulate(drop_level(graph, 1), inputs)
    assert trial.accuracy == (simulate(graph, inputs).accuracy(target), after.accuracy(target))
    same = (after.logits.argmax(axis=1) == simulate(graph, inputs).logits.argmax(axis=1)).sum()
    assert trial.same_class == same < len(inputs)


def test_three_samples_are_too_few_and_progress_is_told(net):
    graph, inputs = net
    assert run_trials(graph, inputs[:3]) == ()
    ticks = []
    tried = run_trials(graph, inputs[:4], progress=lambda *tick: ticks.append(tick))
    assert ticks[-1] == ("changes tried", len(tried), len(tried)) and tried[0].samples == 4
