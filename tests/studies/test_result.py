"""What follows from the trainings of a study: intervals, differences by seed, and what is claimed of them."""

import json
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from snnhw.analysis.ranges import Range
from snnhw.studies.plan import NETWORKS
from snnhw.studies.result import COMPARED, HIGHER, LOWER, OPEN, mean_range, study_frame
from tests.studies.made import ANN, study_of

SHARES = st.lists(st.floats(0, 1), min_size=3, max_size=3)


def difference(study, a, b, fraction=0.1):
    (found,) = [one for one in study.differences if (one.a.network, one.b.network, one.a.fraction) == (a, b, fraction)]
    return found


@given(SHARES, SHARES)
def test_a_difference_is_the_paired_one_of_scipy_and_claimed_only_without_any_overlap(a, b):
    study = study_of({("mlf3", 0.1): a, ("mlf1", 0.1): b})
    found = difference(study, "mlf3", "mlf1")
    assert found.paired.mean == pytest.approx(statistics.fmean(a) - statistics.fmean(b), abs=1e-12)
    deviation = statistics.stdev([x - y for x, y in zip(a, b, strict=True)])
    if deviation > 1e-6:
        tested = stats.ttest_rel(a, b).confidence_interval(0.95)
        assert (found.paired.low, found.paired.high) == pytest.approx((tested.low, tested.high), rel=1e-6, abs=1e-9)
    apart = found.a.accuracy.low > found.b.accuracy.high or found.a.accuracy.high < found.b.accuracy.low
    zero = found.paired.low <= 0 <= found.paired.high
    assert (found.verdict == OPEN) == (zero or not apart)
    if found.verdict != OPEN:
        assert (found.verdict == HIGHER) == (statistics.fmean(a) > statistics.fmean(b))


def test_one_after_the_other_each_verdict():
    high, low = (0.90, 0.91, 0.92), (0.10, 0.11, 0.12)
    assert difference(study_of({("mlf3", 0.1): high, ("mlf1", 0.1): low}), "mlf3", "mlf1").verdict == HIGHER
    assert difference(study_of({("mlf3", 0.1): low, ("mlf1", 0.1): high}), "mlf3", "mlf1").verdict == LOWER
    # Paired, the difference is exact; the intervals of both overlap, so nothing is claimed.
    spread, shifted = (0.2, 0.5, 0.8), (0.21, 0.51, 0.81)
    found = difference(study_of({("mlf3", 0.1): shifted, ("mlf1", 0.1): spread}), "mlf3", "mlf1")
    assert found.paired.low > 0 and found.verdict == OPEN


def test_beyond_the_whole_is_the_difference_of_differences_by_seed():
    study = study_of({("mlf3", 0.1): (0.5, 0.6, 0.8), ("mlf3", 1.0): (0.4, 0.6, 0.6)})
    found = difference(study, "mlf3", "mlf1")
    assert found.beyond_whole.mean == pytest.approx(statistics.fmean((0.1, 0.0, 0.2)))
    assert difference(study, "mlf3", "mlf1", 1.0).beyond_whole is None


def test_an_accuracy_is_reached_where_the_whole_interval_lies_at_it():
    sure, perhaps = (0.90, 0.90, 0.90), (0.85, 0.90, 0.95)
    study = study_of({("mlf3", 0.1): perhaps, ("mlf3", 1.0): sure, ("relu", 0.1): sure}, targets=(0.9,))
    at = {one.network: one for one in study.reached}
    assert at["mlf3"].cell.fraction == 1.0 and at["relu"].cell.fraction == 0.1 and at["mlf1"].cell is None
    assert at["relu"].to_dict()["energy_j"] is None and at["mlf1"].to_dict()["fraction"] is None
    assert at["mlf3"].cell.energy == mean_range([Range(1e-7, 2e-7 * seed, 9e-7) for seed in (1, 2, 3)])


def test_the_twin_is_the_one_with_memory():
    assert study_of({}).twin("digits_little") == ("int8, with memory", ANN["int8, with memory"])


def test_json_and_table_hold_every_training_once():
    study = study_of({("mlf2", 0.1): (0.1, 0.2, 0.3)})
    plain = json.loads(json.dumps(study.to_dict()))
    assert len(plain["cells"]) == 2 * len(NETWORKS) and len(plain["differences"]) == 2 * len(COMPARED)
    assert plain["cells"][1]["accuracies"] == [0.1, 0.2, 0.3] and plain["assumes"]
    assert {cell["parameters"] for cell in plain["cells"]} == {19810}
    assert plain["cells"][0]["shown"] == 200 * 32 / 144
    frame = study_frame(study)
    assert list(frame.columns[:4]) == ["recipe", "network", "fraction", "seed"]
    assert len(frame) == 30 and not frame.duplicated(["recipe", "network", "fraction", "seed"]).any()
    assert (
        frame[frame.network == "relu"].typical_j.isna().all() and frame[frame.network != "relu"].typical_j.notna().all()
    )
