"""What is no difference of the networks is said before the numbers."""

from __future__ import annotations

import copy

from tests.analysis.difference.runs import between, sample_run


def codes(a, b):
    return [finding.code for finding in between(a, b).findings]


def test_nothing_is_said_of_a_run_and_itself():
    assert codes(sample_run(), sample_run()) == []


def test_other_samples_are_said_and_named():
    a, b = sample_run(), sample_run(data="other noise")
    (finding,) = between(a, b).findings
    assert finding.code == "other-samples" and "5 of noise (" in finding.message and "other noise" in finding.message


def test_other_constants_of_one_profile_are_named():
    a = sample_run(profiles=("loihi1-davies2018",))
    b = copy.deepcopy(a)
    b["stamp"]["profiles"]["loihi1-davies2018"] = "d" * 64
    b["energy"]["loihi1-davies2018"]["constants"]["synop"] |= {"si_low": 1e-12, "si_typical": 2e-12, "si_high": 3e-12}
    (finding,) = between(a, b).findings
    assert finding.code == "other-constants" and "synop" in finding.message


def test_other_deployments_are_said():
    a = sample_run(profiles=("loihi1-davies2018",))
    b = copy.deepcopy(a)
    b["energy"]["loihi1-davies2018"]["deployment"] = "graded"
    assert codes(a, b) == ["other-deployment"]


def test_assumptions_of_both_stand_with_their_side():
    a, b = sample_run(), sample_run()
    b["assumed"] = [{"code": "dt-assumed", "message": "dt is 1e-4"}]
    (finding,) = between(a, b).findings
    assert (finding.code, finding.message) == ("assumed", "B assumes: dt is 1e-4")
