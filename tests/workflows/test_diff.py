"""Reports, models and tables in any pairing: a model runs on what the other side ran on."""

from __future__ import annotations

import pytest

import snnhw
from snnhw.analysis.report.writing import write_report
from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.workflows.diff import Running, diff
from snnhw.workflows.report import ReportOptions, make_report
from snnhw.workflows.summary import overview_of

FEW = 3


@pytest.fixture(scope="module")
def model():
    return snnhw.load_model("digits")


@pytest.fixture(scope="module")
def made(model):
    return overview_of(model, snnhw.load_inputs("digits:test").first(FEW), ["loihi1-sanafe"])


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    place = tmp_path_factory.mktemp("digits")
    write_report(made.report, place)
    return place


def test_a_model_runs_on_the_samples_and_the_profiles_of_the_report(folder):
    found = diff(folder, "digits")
    assert found.is_empty and not found.findings  # the same samples, as their checksum says
    assert found.b.ran_here and not found.a.ran_here
    assert (found.b.samples, found.b.data, list(found.prices)) == (FEW, "digits:test", ["loihi1-sanafe"])


def test_reports_overviews_and_models_in_memory_are_sides(made, model, folder):
    for a, b in ((made, folder), (made.report, made), (model, made)):
        assert diff(a, b).is_empty


def test_two_models_run_on_the_same_samples(tmp_path, model):
    file = snnhw.write_nir(model.graph, tmp_path / "own.nir")
    running = Running("digits:test", samples=2, profiles=["odin"])
    found = diff("digits", str(file), running)
    assert found.a.samples == found.b.samples == 2 and list(found.prices) == ["odin"]
    assert not any(found.change(pair, "unit_synops") for pair in found.pairs)
    fixed = diff(model, "digits", Running(snnhw.load_inputs("digits:test").first(2)))
    assert fixed.a.data_checksum == found.a.data_checksum


def test_stored_counts_are_priced_as_the_other_side_is(model, folder, tmp_path):
    make_report(model, snnhw.load_inputs("digits:test").first(FEW), tmp_path, ReportOptions(["odin"]))
    (tmp_path / "report.json").unlink()
    counts = tmp_path / "counts.parquet"
    found = diff(folder, counts)
    assert found.is_empty and list(found.prices) == ["loihi1-sanafe"] and not found.findings
    assert found.b.run.endswith(f"priced {found.b.date}, counted: not kept") and "priced" not in found.a.run
    assert list(diff(counts, str(counts), Running(profiles=["speck"])).prices) == ["speck"]
    with pytest.raises(InputError, match="nothing runs, so leave --samples out"):
        diff(counts, counts, Running(samples=3, profiles=["speck"]))


def test_another_t_is_a_difference(folder):
    found = diff(folder, "digits", Running(reading=Reading(timesteps=2)))
    assert found.b.timesteps == 2 and "T 4 -> 2" in [reason.text for reason in found.reasons["stem_mlf"]]


def test_options_without_a_model_and_data_that_are_not_here_are_refused(folder, model, tmp_path):
    with pytest.raises(InputError, match="nothing runs, so leave --samples, dt out"):
        diff(folder, folder, Running(samples=3, reading=Reading(dt=1e-4)))
    own = snnhw.inputs_of("mine.npz", snnhw.load_inputs("digits:test").values[:2], None)
    write_report(overview_of(model, own).report, tmp_path)
    with pytest.raises(InputError, match=r"ran on mine\.npz, which is not here; name it with --input"):
        diff(tmp_path, "digits")
    with pytest.raises(InputError, match="Got a Graph"):
        diff(model.graph, model)
