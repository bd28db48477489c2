"""Runs are on one set of samples where content and number are the same, whatever the files are called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.report.sample_set import OTHER_SAMPLES, SampleSet, other_samples, several

sets = st.builds(SampleSet, st.sampled_from("xy"), st.sampled_from(["a" * 64, "b" * 64]), st.integers(1, 2))


@given(st.dictionaries(st.sampled_from(["n1", "n2", "n3", "n4"]), sets, min_size=1))
def test_every_run_is_named_where_one_is_on_other_samples(found):
    told = other_samples(found)
    alike = all((a.checksum, a.samples) == (b.checksum, b.samples) for a in found.values() for b in found.values())
    assert alike is (told == ()) is (several(found.values()) == 1)
    for finding in told:
        assert finding.code == OTHER_SAMPLES and finding.severity == "warning" and finding.remedy
        assert all(label in finding.message for label in found)


def test_the_sentence_groups_the_runs_by_their_samples():
    first, second = SampleSet("digits", "a" * 64, 24), SampleSet("digits", "a" * 64, 1200)
    (finding,) = other_samples({"x": first, "y": second, "Z": first})
    assert finding.message == (
        "the runs are on different samples (x, Z on 24 of digits (aaaaaaaa); y on 1,200 of digits (aaaaaaaa)), "
        "so that their numbers may differ by the data alone"
    )
