"""What is no difference of the networks is said before the numbers."""

from __future__ import annotations

import copy
from dataclasses import replace

from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.reading import side_of
from snnhw.analysis.difference.said import AT_REPORT
from snnhw.analysis.difference.table import notes
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


def test_another_number_of_samples_is_another_set():
    (finding,) = between(sample_run(samples=5), sample_run(samples=3)).findings
    assert finding.code == "other-samples" and "A on 5 of noise" in finding.message and "B on 3" in finding.message


def test_no_sentence_begins_with_a_label_since_it_would_be_capitalised():
    labels = "runs/a/layers.csv", "runs/b"
    a, b = sample_run(profiles=("loihi1-davies2018",)), sample_run(profiles=("loihi1-davies2018",), data="other")
    b["energy"]["loihi1-davies2018"] |= {"deployment": "graded"}
    b["stamp"]["profiles"]["loihi1-davies2018"] = "d" * 64
    b["stamp"]["weights_checksum"] = "e" * 64
    b["parameters"] = {}
    b["assumed"] = [{"code": "dt-assumed", "message": "dt is 1e-4", "remedy": "give --dt"}]
    read = Difference(side_of(a, labels[0]), side_of(b, labels[1]))
    table = Difference(replace(side_of(a, labels[0]), samples=None), side_of(b, labels[1]))
    for found in (read, table):
        told = notes(found)
        assert len(told) >= 3
        for note in told:
            assert not note.lower().startswith((*labels, "loihi1")), note
    assert any(labels[0] in note for note in notes(table)) and any(labels[1] in note for note in notes(read))


def test_the_remedy_of_an_assumption_is_an_option_only_of_a_model_that_runs_here():
    a, b = sample_run(), sample_run()
    b["assumed"] = [{"code": "dt-assumed", "message": "dt is 1e-4", "remedy": "give --dt"}]
    read = side_of(b, "B")
    for side, remedy in ((read, AT_REPORT), (replace(read, ran_here=True), "give --dt")):
        (finding,) = Difference(side_of(a, "A"), side).findings
        assert finding.remedy == remedy
