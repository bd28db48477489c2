"""A mapped run as a trace: all steps do the work of the run, times are those of the cores, events are valid.

Laws of the Trace Event Format are checked here by hand: complete events with a start and a length, names of every
track, and no two events of one track at a time.
"""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.core_time import parts
from snnhw.analysis.hardware.floorline import floorline
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.hardware.tile_work import tile_work
from snnhw.analysis.sharing.chip_trace import CHIP, chip_trace, mapped_run, ranks
from snnhw.errors import InputError
from snnhw.passes import FLOAT, on_cores, run_passes
from snnhw.simulation.engine import simulate
from snnhw.simulation.frames import check_inputs
from tests.nets import residual_net

PROFILE = "loihi1-sanafe"


@pytest.fixture(scope="module", params=[(1, 1), (3, 4)], ids=["one step", "four steps"])
def made(request):
    """The run, the record of the same sample, and the trace."""
    levels, steps = request.param
    net = residual_net(seed=3, levels=levels, timesteps=steps, widths=(4, 6), samples=1)
    graph = on_cores(run_passes(net.graph, FLOAT))
    mapping = map_network(graph, dataclasses.replace(load_chip("loihi1"), compartments_per_core=64))
    record = simulate(graph, net.inputs, raster=True)
    run = mapped_run(graph, mapping, load_profile(PROFILE), record, check_inputs(graph, net.inputs))
    return run, record, chip_trace(run)


def complete(trace):
    return [event for event in trace["traceEvents"] if event["ph"] == "X"]


def test_the_steps_do_the_work_of_the_whole_run(made):
    run, record, trace = made
    whole = tile_work(run.graph, run.mapping, record)
    names = [event["args"]["name"] for event in trace["traceEvents"] if event["name"] == "process_name"][1:]
    assert tuple(dict.fromkeys(whole.layers)) == tuple(names) and whole.spikes.sum() > 0
    for key, total in (("spikes", whole.spikes), ("received", whole.received), ("sent", whole.sent)):
        assert sum(run.work(step).__dict__[key] for step in range(run.steps)) == pytest.approx(total), key
    synops = sum(whole.synops.values())
    assert sum(sum(run.work(step).synops.values()) for step in range(run.steps)) == pytest.approx(synops)
    shown = sum(event["args"]["synops"] for event in complete(trace) if event["pid"] != CHIP)
    assert shown == pytest.approx(synops.sum())


def test_the_times_are_bounded_by_the_busiest_core_of_the_whole_run(made):
    run, record, trace = made
    work = tile_work(run.graph, run.mapping, record)
    floor = floorline(run.graph, work, run.mapping, run.profile, counted=True)
    steps = [event for event in complete(trace) if event["pid"] == CHIP]
    assert len(steps) == run.steps == floor.steps
    total = sum(event["dur"] for event in steps) / 1e6
    assert total >= floor.sample.typical * (1 - 1e-9)  # the sum of the largest is not below the largest sum
    assert total <= sum(parts(run.work(s), run.profile).busy.sum() + run.barrier for s in range(run.steps)) * (1 + 1e-9)
    for step, event in enumerate(steps):
        busiest = parts(run.work(step), run.profile).busy.max()
        assert event["dur"] / 1e6 == pytest.approx(busiest + run.barrier)


def test_a_layer_works_on_a_step_as_many_steps_later_as_it_lies_behind(made):
    run, _, _ = made
    rank, layers = ranks(run.graph), np.array(run.works[0].layers)
    assert min(rank.values()) == 0 and max(rank.values()) >= 4
    for name, behind in rank.items():
        mine = layers == name
        for step in range(run.steps):
            spikes = run.work(step).spikes[mine]
            inside = 0 <= step - behind < len(run.works)
            np.testing.assert_array_equal(spikes, run.works[step - behind].spikes[mine] if inside else 0 * spikes)


def test_it_is_a_trace_that_perfetto_reads(made):
    _, _, trace = made
    again = json.loads(json.dumps(trace, allow_nan=False))
    assert again["displayTimeUnit"] in ("ms", "ns") and isinstance(again["otherData"], dict)
    tracks: dict[tuple[int, int], list[tuple[float, float]]] = {}
    named = {(e["name"], e["pid"], e["tid"]) for e in again["traceEvents"] if e["ph"] == "M"}
    assert {pid for name, pid, _ in named if name == "process_name"} == {p for n, p, _ in named if n.endswith("index")}
    for event in again["traceEvents"]:
        assert event["ph"] in ("X", "M") and isinstance(event["pid"], int) and isinstance(event["tid"], int)
        if event["name"] == "process_sort_index":
            assert event["args"] == {"sort_index": event["pid"]}
            continue
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name") and isinstance(event["args"]["name"], str)
            continue
        assert event["ts"] >= 0 and event["dur"] > 0 and isinstance(event["name"], str)
        assert ("process_name", event["pid"], 0) in named
        assert event["pid"] == CHIP or ("thread_name", event["pid"], event["tid"]) in named
        tracks.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["dur"]))
    steps = {round(ts, 6): ts + dur for ts, dur in tracks[CHIP, 0]}
    for spans in tracks.values():
        assert spans == sorted(spans)
        assert all(a + length <= b * (1 + 1e-12) for (a, length), (b, _) in itertools.pairwise(spans))
        assert all(ts + dur <= steps[round(ts, 6)] * (1 + 1e-12) for ts, dur in spans)


def test_a_profile_without_times_is_refused(made):
    run, record, _ = made
    with pytest.raises(InputError, match="has no synop_time and no neuron_time; name one that has"):
        mapped_run(run.graph, run.mapping, load_profile("odin"), record, np.zeros((1, 1, 1, 6, 6)))
