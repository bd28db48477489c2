"""The curve of early exit: without early leaving it is what `evaluate` and the estimate say."""

from dataclasses import replace

import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.early_exit import early_exit
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.workflows.early_exit import evaluate_exits
from snnhw.workflows.evaluate import evaluate

PROFILES = ("loihi1-davies2018", "horowitz45-int8")


def test_the_ends_of_the_curve_and_a_point_between(digits, some):
    made = evaluate_exits(digits, some, [1.1, 0.6, 1.1], PROFILES)
    whole, early = made.exits
    assert (made.samples, made.timesteps, whole.left, whole.mean_steps) == (24, 4, (0, 0, 0, 24), 4.0)
    assert whole.accuracy == evaluate(digits, some).accuracy
    counts = count(digits.graph, simulate(digits.graph, some.values))
    for name in PROFILES:
        profile = load_profile(name)
        assert whole.energy[name].ends == pytest.approx(estimate(counts, profile).per_inference.ends)
        found = early_exit(digits.graph, some.values, 0.6)
        assert early.energy[name] == found.energy(profile) and early.energy[name].high < whole.energy[name].high
    assert early.left == found.left and sum(early.left) == 24 and early.mean_steps == found.mean_steps
    told = made.to_dict()
    assert told["exits"][1]["energy"][PROFILES[0]] == early.energy[PROFILES[0]].to_dict()
    assert evaluate_exits(digits, some, [0.6]).exits[0].energy == {}


def test_what_cannot_be_priced_or_judged_is_refused(digits, some, tmp_path):
    with pytest.raises(InputError, match="no labels"):
        evaluate_exits(digits, replace(some, targets=None), [0.5])
    with pytest.raises(InputError, match="a confidence above 0"):
        evaluate_exits(digits, some, [0.0])
    with pytest.raises(InputError, match="nosuch"):
        evaluate_exits(digits, load_inputs("digits:test").first(2), [0.5], ["nosuch"])
