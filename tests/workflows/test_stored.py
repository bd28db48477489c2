"""Reports of stored counts say what the report of the network says, to the last digit, on every profile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnhw.analysis.hardware.profiles import available_profiles
from snnhw.analysis.stored.table import read_counts
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.passes import compile_channels, deploy
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.measuring import Measured
from snnhw.workflows.processes import WHOLE
from snnhw.workflows.report import ReportOptions, build_report, make_report
from snnhw.workflows.shards import count_part
from snnhw.workflows.stored import compare_from, kind_words, merge, report_from, report_stored, write_stored
from tests.workflows.runs import run_of

NETWORK_ALONE = {"stamp", "relays", "advice", "parameters"}  # needs the network itself, or the time of day
OTHERS = ("speck", "loihi2", "lemaire45", "yan22")


def written(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text())


def plain(report) -> dict:
    return json.loads(json.dumps(report.to_dict()))


def same(network: dict, stored: dict) -> None:
    """All but what the network alone can say."""
    assert set(network) == set(stored)
    for key in set(network) - NETWORK_ALONE:
        assert network[key] == stored[key], key


@pytest.fixture(scope="module")
def reported(digits, some, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reported")
    make_report(digits, some, folder, ReportOptions())
    return folder


@pytest.mark.slow
def test_every_profile_gives_the_report_of_the_network(digits, some, tmp_path):
    names = available_profiles()
    make_report(digits, some, tmp_path / "network", ReportOptions(names))
    report_from(tmp_path / "network" / "counts.parquet", names, tmp_path / "stored")
    network, stored = written(tmp_path / "network"), written(tmp_path / "stored")
    same(network, stored)
    for file in ("layers.csv", "energy.csv"):
        assert (tmp_path / "network" / file).read_bytes() == (tmp_path / "stored" / file).read_bytes()
    assert network["stamp"]["profiles"] == stored["stamp"]["profiles"]


@pytest.mark.parametrize("profile", OTHERS)
def test_a_profile_that_nobody_asked_for_then_is_priced_to_the_last_digit(digits, some, reported, profile):
    """The file was written by a report on other profiles."""
    network = build_report(digits, some, ReportOptions((profile,)))
    same(plain(network), plain(report_stored(read_counts(reported / "counts.parquet"), (profile,))))


@pytest.mark.parametrize("how", ["channels", "compiled", "graded", "slots"])
def test_graphs_of_every_deployment_are_priced_so(digits, some, tmp_path, how):
    graph = compile_channels(digits.graph) if how == "compiled" else deploy(digits.graph, how)
    model = LoadedModel(how, graph)
    stored = read_counts(count_part(model, some.first(6), tmp_path, WHOLE).path)
    names = ("loihi1-davies2018", "horowitz45-int8")
    same(plain(build_report(model, some.first(6), ReportOptions(names))), plain(report_stored(stored, names)))
    assert stored.header.deployment == {"compiled": "channels", "channels": "levels"}.get(how, how)


def test_the_zeros_of_the_twin_are_stored(digits, some, tmp_path):
    run_of(tmp_path / "twin")
    make_report(digits, some, tmp_path / "network", ReportOptions(ann=tmp_path / "twin"))
    stored = report_stored(read_counts(tmp_path / "network" / "counts.parquet"), ReportOptions().profiles).to_dict()
    network = written(tmp_path / "network")
    assert any("matched" in key for twins in network["ann"].values() for key in twins)
    assert stored["ann"] == network["ann"] and stored["accuracy_by_stage"] == network["accuracy_by_stage"]


def test_what_was_assumed_is_stored_with_the_counts(digits, some, tmp_path):
    binary = inputs_of("binary", (some.values[:5] > 0).astype("float32"), some.targets[:5])
    report = build_report(digits, binary)
    again = report_stored(read_counts(count_part(digits, binary, tmp_path, WHOLE).path), ReportOptions().profiles)
    assert report.findings
    assert again.findings == report.findings and again.assumptions == report.assumptions


def test_the_time_of_pricing_is_not_said_to_be_that_of_counting(reported, tmp_path):
    report_from(reported / "counts.parquet", ("speck",), tmp_path)
    network, stored = written(reported)["stamp"], written(tmp_path)["stamp"]
    assert (network["counted"], stored["counted"]) == (network["date"], "not kept")
    page = (tmp_path / "report.html").read_text()
    assert f"Hardware report, priced {stored['date'][:10]}, counted: not kept" in page
    assert f"<dt>Priced</dt><dd>{stored['date']}</dd>" in page and "<dt>Date</dt>" not in page
    assert f"<dt>Date</dt><dd>{network['date']}</dd>" in (reported / "report.html").read_text()


def test_a_part_says_that_it_is_one(reported):
    stored = read_counts(reported / "counts.parquet")
    half = type(stored)(stored.header, stored.samples[:12], stored.values[:, :12])
    told = [finding for finding in report_stored(half, ("speck",)).findings if finding.code == "part-of-samples"]
    assert [finding.message.partition(",")[0] for finding in told] == ["these are counts of 12 of 24 samples"]
    assert not [f for f in report_stored(stored, ("speck",)).findings if f.code == "part-of-samples"]


def test_several_files_are_compared_by_names_that_differ(reported, digits, some, tmp_path):
    few = count_part(digits, some.first(6), tmp_path / "few", WHOLE).path
    files = [reported / "counts.parquet", few]
    reports, found, page = compare_from(files, ("speck",))
    assert list(reports) == ["counts", "counts-1of1"] and page is None
    alone = report_stored(read_counts(files[0]), ("speck",))
    assert found.energy("counts", "speck") == alone.energy["speck"].per_inference
    *_, page = compare_from(files, ("speck",), tmp_path / "both")
    assert page == tmp_path / "both" / "compare.html" and page.exists()
    with pytest.raises(InputError, match="at least two files"):
        compare_from(files[:1], ("speck",))
    with pytest.raises(InputError, match="named twice"):
        compare_from(files[:1] * 2, ("speck",))


def test_merging_refuses_to_replace_what_is_no_counts(reported, tmp_path):
    place = tmp_path / "a.parquet"
    place.write_text("a letter")
    with pytest.raises(InputError, match="is no file of counts"):
        merge([reported / "counts.parquet"], place)
    assert place.read_text() == "a letter"
    merge([reported / "counts.parquet"], place, force=True)
    assert place.read_bytes() == (reported / "counts.parquet").read_bytes()
    merge([reported / "counts.parquet"], place)


def test_a_report_of_a_record_has_no_counts_and_leaves_none(digits, some, reported, tmp_path):
    from snnhw.simulation.engine import simulate

    (tmp_path / "counts.parquet").write_bytes((reported / "counts.parquet").read_bytes())
    make_report(digits, some, tmp_path, ReportOptions(record=simulate(digits.graph, some.values)))
    assert not (tmp_path / "counts.parquet").exists() and (tmp_path / "report.json").exists()


def test_a_run_without_rows_cannot_be_stored(digits, some, tmp_path):
    with pytest.raises(InputError, match="kept no counts"):
        write_stored(tmp_path / "a", digits, some, Measured(None, {}))


def test_the_kind_of_input_is_said_in_words(digits):
    assert kind_words(digits.graph) == "analogue"
