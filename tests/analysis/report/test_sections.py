"""What follows from graph, counts and profiles alone is what the functions it comes from say."""

import dataclasses
import json

import pytest

from snnhw.analysis.energy.breakeven import spikes_per_synapse
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware import chips
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.report.report import assemble
from snnhw.analysis.report.sections import (
    NOTHING_MORE,
    Sections,
    break_evens,
    chip_mappings,
    deployment_energies,
    floorlines,
    layer_break_evens,
    never_fired,
    placements,
    static_cases,
)
from snnhw.analysis.report.writing import write_report
from snnhw.passes import DEPLOYMENTS
from tests.analysis.report.reading import Page
from tests.analysis.report_sample import sample_report


def test_deployments_carry_the_energy_that_the_profile_gives_them(report, out):
    found = json.loads((out / "report.json").read_text())
    assert set(found["deployments"]) == set(DEPLOYMENTS)
    assert found["deployments"]["channels"]["synops"] == found["totals"]["replicated_synops"]
    assert found["deployments"]["graded"]["synops"] == found["totals"]["events"]
    for name, energy in report.energy.items():
        priced = found["deployments"][energy.deployment]["energy"][name]
        assert priced == {"unit": "J", **energy.per_inference.to_dict()}


def test_break_even_lies_where_network_and_twin_cost_the_same(report, out):
    found = json.loads((out / "report.json").read_text())["breakeven"]
    assert [bound["measured"] for bound in found["bounds"]] == [spikes_per_synapse(report.counts)] * 3
    for name, points in found["profiles"].items():
        by_spikes = sum(t.energy.typical for t in report.energy[name].terms if t.by_spikes)
        fixed = report.energy[name].per_inference.typical - by_spikes
        for precision, point in points.items():
            twin = report.ann[name][precision].per_inference.typical
            if point["break_even_rate"] is None:
                assert fixed > twin
            else:
                assert fixed + by_spikes * point["break_even_rate"] / point["rate"] == pytest.approx(twin)


def test_static_power_adds_chips_times_time_times_power(report, out):
    found = json.loads((out / "report.json").read_text())
    cases = found["static"]["loihi1-davies2018"]
    assert set(cases) == {"batch1", "realtime"}
    assert set(found["static"]) == {"loihi1-davies2018"}
    moving = found["deployments"]["channels"]["energy"]["loihi1-davies2018"]["typical"]
    for case in cases.values():
        assert case["chips"] == found["mapping"]["loihi1"]["chips"]
        watts = report.energy["loihi1-davies2018"].profile["static_chip"].typical
        added = case["chips"] * case["seconds"]["typical"] * watts
        assert case["per_inference"]["typical"] == pytest.approx(moving + added)


def test_chip_that_cannot_hold_a_neuron_is_told_and_left_out(tmp_path):
    tiny = tmp_path / "tiny.toml"
    text = (chips.FOLDER / "loihi1.toml").read_text()
    tiny.write_text(text.replace("memory_bits_per_core = 1048576", "memory_bits_per_core = 64"))
    report = sample_report(complete=False, chips=(tiny, "loihi2"))
    assert list(report.mapping) == ["loihi2"]
    assert [finding.code for finding in report.findings] == ["does-not-map"]
    assert "does-not-map" not in write_report(report, tmp_path).read_text()
    assert report.findings[0].message in Page((tmp_path / "report.html").read_text()).text


def test_every_profile_is_priced_in_every_deployment(report):
    profiles = [found.profile for found in report.energy.values()]
    found = deployment_energies(report.counts, profiles)
    assert set(found) == {p.name for p in profiles}
    for profile in profiles:
        assert list(found[profile.name]) == list(DEPLOYMENTS)
        for name, energy in found[profile.name].items():
            assert energy.deployment == name
            assert energy.per_inference == estimate(report.counts, profile, deployment=name).per_inference


def test_a_platform_that_prices_the_chip_alone_has_no_break_even_by_layer(report):
    speck = next(p for p in map(load_profile, available_profiles()) if p.model == "power")
    energy = {**report.energy, speck.name: estimate(report.counts, speck)}
    ann = {**report.ann, speck.name: next(iter(report.ann.values()))}
    by_layer, whole = (f(report.counts, energy, ann) for f in (layer_break_evens, break_evens))
    assert by_layer[speck.name] == {} and set(whole[speck.name]) == set(ann[speck.name])
    assert all(set(by_layer[name]) == set(twins) for name, twins in report.ann.items())


def test_static_power_belongs_to_the_chip_that_the_profile_names(report):
    loihi, other = load_profile("loihi1-davies2018"), load_profile("horowitz45-fp32")
    mappings, remarks = chip_mappings(report.graph, [load_chip("loihi1"), load_chip("loihi2")])
    assert list(mappings) == ["loihi1", "loihi2"] and remarks == ()
    placed = placements(report.graph, [loihi, other], mappings)
    assert placed == {loihi.name: mappings["loihi1"]}
    found = static_cases(report.graph, report.counts, [loihi, other], placed)
    assert list(found) == [loihi.name] and list(found[loihi.name]) == ["batch1", "realtime"]
    for case in found[loihi.name].values():
        assert case.load.chips == mappings["loihi1"].chips
        assert case.to_dict()["per_inference"] == {"unit": "J", **case.energy.per_inference.to_dict()}
        assert case.without == report.energy[loihi.name].per_inference
    assert placements(report.graph, [loihi], {"loihi2": mappings["loihi2"]}) == {}
    nameless = dataclasses.replace(loihi, chip="")  # a file of one's own, called after its chip
    assert placements(report.graph, [nameless], mappings) == placed
    elsewhere = dataclasses.replace(loihi, chip="speck")
    assert placements(report.graph, [elsewhere], mappings) == {}
    untimed = dataclasses.replace(loihi, constants={k: v for k, v in loihi.constants.items() if k != "barrier_time"})
    assert list(static_cases(report.graph, report.counts, [untimed], placed)[loihi.name]) == ["realtime"]


def test_static_power_is_that_of_the_deployment_of_the_profile(report):
    """Loihi 2 sends graded spikes: its cores, its energy without and its energy with are all of that deployment."""
    loihi2 = load_profile("loihi2")
    mappings, _ = chip_mappings(report.graph, [load_chip("loihi2")])
    placed = placements(report.graph, [loihi2], mappings)[loihi2.name]
    assert (mappings["loihi2"].deployment, placed.deployment) == ("channels", "graded")
    (case,) = static_cases(report.graph, report.counts, [loihi2], {loihi2.name: placed})[loihi2.name].values()
    assert case.energy.deployment == "graded" == case.to_dict()["deployment"]
    assert case.without == estimate(report.counts, loihi2).per_inference


def test_the_pace_of_static_power_is_that_of_the_busiest_core(report):
    loihi = load_profile("loihi1-davies2018")
    floor = report.floorline[loihi.name]
    case = report.static[loihi.name]["batch1"]
    assert case.load.seconds.ends == pytest.approx(floor.serial.scaled(floor.steps).ends)
    even = static_cases(report.graph, report.counts, [loihi], placements(report.graph, [loihi], report.mapping))
    same = even[loihi.name]["batch1"].load.seconds  # every layer of this small network is on one core
    assert {layer.cores for layer in report.mapping["loihi1"].layers} == {1}
    assert case.load.seconds.ends == pytest.approx(same.ends)
    assert floorlines(report.graph, None, [loihi], {}) == {}
    assert floor.step.low <= floor.serial.low and floor.step.high <= floor.serial.high


def test_a_run_that_adds_nothing_leaves_every_part_empty(report):
    profiles = [load_profile(name) for name in report.energy]
    bare = assemble(report.graph, report.counts, profiles, report.stamp)
    for field in dataclasses.fields(Sections):
        if field.name not in ("sparsity", "findings", "record", "trials"):
            assert getattr(bare, field.name) == getattr(NOTHING_MORE, field.name)
    assert bare.to_dict()["totals"] == report.to_dict()["totals"]


def test_a_network_in_which_nothing_fires_is_named(report):
    assert never_fired(report.counts) == ()
    dead = tuple(dataclasses.replace(row, spikes=(0,) * len(row.spikes)) for row in report.counts.layers)
    (told,) = never_fired(dataclasses.replace(report.counts, layers=dead))
    assert (told.code, told.severity) == ("no-spikes", "warning")
    without_neurons = tuple(dataclasses.replace(row, spikes=()) for row in report.counts.layers)
    assert never_fired(dataclasses.replace(report.counts, layers=without_neurons)) == ()
