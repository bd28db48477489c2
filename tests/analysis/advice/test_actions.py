"""Each action on its own; that it saves what it says is in tests/benchmarks/test_advice.py."""

from dataclasses import replace

import numpy as np
import pytest

from snnhw.analysis.advice.action import Facts
from snnhw.analysis.advice.actions import (
    ACTIONS,
    MOST,
    advice,
    busiest_core,
    deployment,
    dropped_level,
    fewer_steps,
    first_layer_on_events,
    prune_dead,
    static_dominates,
)
from snnhw.analysis.advice.trials import LEVEL, run_trials
from snnhw.analysis.counting.count import count
from snnhw.analysis.digits import THIN
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.sections import chip_mappings, floorlines, placements, static_cases
from snnhw.data.samples import inputs_of
from snnhw.graph.ir import MLF
from snnhw.passes import FLOAT, run_passes
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.engine import simulate
from tests.nets import residual_net


@pytest.fixture(scope="module")
def net():
    made = residual_net(seed=3, widths=(4, 6), samples=12)
    graph = run_passes(made.graph, FLOAT)
    return graph, made.inputs, simulate(graph, made.inputs)


def facts_of(net, name="loihi1-davies2018", **changes):
    graph, inputs, record = net
    profile, counts = load_profile(name), count(graph, record)
    placed = placements(graph, [profile], chip_mappings(graph, [load_chip("loihi1"), load_chip("loihi2")])[0])
    floors = floorlines(graph, record, [profile], placed)
    static = static_cases(graph, counts, [profile], placed, floors).get(name, {})
    energies = {pace: case.energy for pace, case in static.items()}
    trials = run_trials(graph, inputs)
    return replace(Facts(counts, estimate(counts, profile), energies, floors.get(name), trials), **changes)


def test_static_power_is_named_only_where_fewer_spikes_leave_the_time(net):
    facts = facts_of(net)
    fixed = {"realtime": facts.static["realtime"]}
    action = static_dominates(replace(facts, static=fixed))
    energy = fixed["realtime"]
    moving = sum(term.energy.typical for term in energy.terms if term.by_spikes)
    assert action.saves.share.ends[1] == pytest.approx(moving / energy.per_inference.typical)
    assert action.saves.share.low == action.saves.joules.low == 0 and action.scope == energy.scope
    own = {"batch1": facts.static["batch1"]}
    for binds, named in (("memory", False), ("traffic", False), ("compute", True), ("barrier", True)):
        found = static_dominates(replace(facts, static=own, floor=replace(facts.floor, binds=binds)))
        assert (found is not None) is named
    step = facts.energy.profile["step_time"].range.high
    slow = replace(facts.floor, step=Range(2 * step, 2 * step, 2 * step))
    assert static_dominates(replace(facts, static=fixed, floor=slow)) is None  # it cannot keep that pace
    assert static_dominates(replace(facts, static={})) is None


def test_graded_spikes_are_for_profiles_that_price_them(net):
    assert deployment(facts_of(net)).code == "deploy-shared"
    loihi2 = facts_of(net, "loihi2")
    channels = replace(loihi2, energy=estimate(loihi2.counts, loihi2.energy.profile, deployment="channels"))
    action = deployment(channels)
    shared, graded = (estimate(loihi2.counts, loihi2.energy.profile, deployment=d) for d in ("shared", "graded"))
    best = min((shared, graded), key=lambda found: found.per_inference.typical)
    assert action.code == f"deploy-{best.deployment}"
    saved = 1 - best.per_inference.typical / channels.energy.per_inference.typical
    assert action.saves.share.typical == pytest.approx(saved) and saved > 0
    single = replace(loihi2.counts, layers=tuple(replace(layer, levels=1) for layer in loihi2.counts.layers))
    assert deployment(replace(channels, counts=single)) is None


def test_a_level_without_which_classes_change_is_not_dropped(net):
    facts = facts_of(net)
    levels = [trial for trial in facts.trials if trial.kind == LEVEL]
    broken = tuple(replace(trial, same_class=trial.samples // 2) for trial in levels)
    assert dropped_level(replace(facts, trials=broken)) is None
    kept = replace(levels[1], same_class=levels[1].samples)
    action = dropped_level(replace(facts, trials=(broken[0], kept, *broken[2:])))
    assert "--drop-level 2" in action.command and "not measured; 12 of 12 samples" in action.accuracy
    measured = dropped_level(replace(facts, trials=(replace(kept, accuracy=(0.9, 0.85)),)))
    assert measured.accuracy.replace(THIN, " ") == "90.0 % to 85.0 %, measured on 12 samples"


def test_steps_and_dead_parts_follow_their_trials(net):
    facts = facts_of(net)
    assert fewer_steps(replace(facts, trials=())) is prune_dead(replace(facts, trials=())) is None
    steps = [replace(t, same_class=t.samples) for t in facts.trials if t.kind == "steps"]
    action = fewer_steps(replace(facts, trials=tuple(steps)))
    assert action.command.endswith(f"--timesteps {steps[0].amount}")
    dead = tuple(replace(t, kind="dead", amount=3) for t in steps)
    assert "(3 levels" in prune_dead(replace(facts, trials=dead)).text


def test_events_into_the_first_layer_are_bounded_by_what_is_counted(net):
    """No event and one at every position and step, really run, save what the ends say of the first layer."""
    graph, inputs, _ = net
    facts = facts_of(net, "horowitz45-fp32")
    action, profile = first_layer_on_events(facts), facts.energy.profile
    first = facts.counts.layers[0].name
    for value, end in ((0, "high"), (1, "low")):
        frames = np.full((len(inputs), graph.timesteps, *graph.input.shape), value, np.float32)
        events = inputs_of("events", frames, None).of_kind("events")
        declared = declare_input(graph, 1)
        counts = count(declared, simulate(declared, events.values))
        now, then = (estimate(c, profile).layers.get(first, Range.exact(0)) for c in (facts.counts, counts))
        saved = now.typical - then.typical
        assert getattr(action.saves.joules, end) == pytest.approx(saved, rel=0.25)
    assert action.saves.joules.low < action.saves.joules.high
    assert first_layer_on_events(replace(facts, counts=counts)) is None  # events already


def test_the_busiest_core_is_spread_or_the_barrier_named(net):
    facts = facts_of(net)
    assert busiest_core(replace(facts, floor=None)) is None
    barrier = busiest_core(replace(facts, floor=replace(facts.floor, binds="barrier")))
    assert barrier.code == "barrier-binds" and barrier.worth == ""
    action = busiest_core(replace(facts, floor=replace(facts.floor, binds="memory")))
    assert facts.floor.place.layer in action.text and 0 <= action.share_of_time.high <= 0.5
    assert busiest_core(replace(facts, floor=replace(facts.floor, binds="traffic"))) is None
    assert busiest_core(facts_of(net, "loihi1-sanafe")) is None  # packets and barrier grow with the cores


def test_the_list_is_short_and_the_best_comes_first(net):
    for name in ("loihi1-davies2018", "horowitz45-fp32", "speck"):
        facts = facts_of(net, name)
        silent = replace(facts, trials=tuple(replace(t, same_class=t.samples) for t in facts.trials))
        found = advice(silent)
        assert 1 <= len(found) <= MOST and len({action.code for action in found}) == len(found)
        sizes = [a.size for a in found if a.saves is not None and a.code != "static-dominates"]
        assert sizes == sorted(sizes, reverse=True) and all(size >= 0.01 for size in sizes)
    assert len(ACTIONS) == 7
    assert [unit.levels for unit in net[0].of_type(MLF)]
