"""A side says what was run on what, and gives counts per inference exactly."""

from __future__ import annotations

from fractions import Fraction

from snnhw.analysis.difference.reading import side_of
from snnhw.analysis.difference.side import Row, Side, per_inference
from tests.analysis.difference.runs import sample_run


def test_counts_of_the_run_are_divided_and_those_of_the_network_are_not():
    assert per_inference("unit_synops", 10, 4) == Fraction(5, 2)
    assert per_inference("params", 10, 4) == 10


def test_a_line_says_label_model_samples_and_steps():
    side = side_of(sample_run(samples=1), "before")
    assert side.run.startswith("before, plain, 1 sample of noise, T = 4, 20")
    table = Side("t.csv", "", (Row("a", "first", (1,), counts={"spikes": 1}),))
    assert table.run == "t.csv, a table of counts that says no samples, no T and no energy"


def test_a_side_of_stored_counts_has_no_date_but_that_of_pricing():
    run = sample_run(samples=1)
    assert run["stamp"]["counted"] == run["stamp"]["date"]
    priced = {**run, "stamp": {**run["stamp"], "counted": "not kept"}}
    assert side_of(priced, "x").run.endswith(f"T = 4, priced {run['stamp']['date']}, counted: not kept")
    del run["stamp"]["counted"]  # reports from before it was told
    assert side_of(run, "x").run.endswith(f"T = 4, {run['stamp']['date']}")


def test_counts_are_those_that_every_layer_has():
    rows = (
        Row("a", "first", (1,), counts={"spikes": 1, "macs": 2}),
        Row("b", "readout", (1,), counts={"spikes": 3}),
        Row("chip", "", ()),
    )
    side = Side("x", "", rows)
    assert side.counts == ("spikes",) and side.total("spikes") == 4 and side.total("macs") == 2
    assert Side("none", "", ()).counts == ()
