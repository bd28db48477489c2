"""Counts beside a run: taken where they are of its weights and the samples, else counted again."""

import pytest

from snnhw.analysis.report.place import COUNTS
from snnhw.data.datasets import load
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.workflows import run_counts
from snnhw.workflows.run_counts import counts_of_run
from tests.train.small import SMALL


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    fit(recipe_from({**SMALL, "epochs": 1, "arguments": {"widths": [2, 2, 2], "timesteps": 2}}), folder)
    return folder


def test_counts_are_kept_and_taken(run, monkeypatch):
    data = load("digits", "test").first(6)
    first = counts_of_run(run, data)
    assert len(first.samples) == 6 and first.whole
    made = (run / COUNTS).read_bytes()
    monkeypatch.setattr(run_counts, "count_part", None)
    assert counts_of_run(run, data).counts == first.counts
    assert (run / COUNTS).read_bytes() == made


def test_other_samples_and_a_damaged_file_are_counted_again(run):
    data = load("digits", "test")
    first = counts_of_run(run, data.first(3))
    assert len(first.samples) == 3
    assert len(counts_of_run(run, data.first(5)).samples) == 5
    (run / COUNTS).write_bytes(b"PAR1 and nothing else")
    assert counts_of_run(run, data.first(3)).counts == first.counts
