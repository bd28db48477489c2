"""Engines agree on random graphs, and a wrong semantics in any of them is found and brought down to a few nodes."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

from tests.engine_graphs import Layer, drawn, fewer_nodes, made
from tests.exporters.c.batch import Job, as_the_engine
from tests.fuzz_engines import Tally, case_of, main, search
from tests.integer_engines import ELSEWHERE, ENGINES, IN_C
from tests.planted_faults import FAULTS

NODES = 5  # of a shrunk graph there are fewer: an input, a layer or a delay, neurons and a read-out


@pytest.mark.slow
def test_no_engine_differs():
    tally, said = Tally(), []
    assert search(2, 110, {**ENGINES, **IN_C}, tally, progress=lambda tally: said.append(str(tally))) is None
    assert tally.graphs == 110 and set(tally.compared.values()) == {110} and len(said) == 3
    assert sum(tally.steps.values()) == 4 * tally.neuron_steps > 400_000


@pytest.mark.very_slow
@pytest.mark.lava
def test_nor_do_lava_and_sanafe_on_what_they_take():
    tally = Tally()
    assert search(3, 50, {}, tally, elsewhere=ELSEWHERE, every=20) is None
    assert tally.compared["Lava"] >= 2 and tally.compared["SANA-FE"] >= 1


def test_graphs_have_everything_now_and_then():
    graphs = [found[0] for seed in range(200) if (found := made(drawn(seed)))]
    kinds = {type(node).__name__ for graph in graphs for node in graph.nodes.values()}
    assert kinds == {"Input", "Conv2d", "Linear", "LoihiLIF", "Pool", "Delay", "Readout"}
    neurons = [node for graph in graphs for nodes in graph.units().values() for node in nodes]
    assert any(n.current_lasts for n in neurons) and any(n.reset == "subtract" for n in neurons)
    assert any(np.any(n.start) for n in neurons) and len(graphs) > 90


def test_what_is_left_out_changes_nothing_else():
    described = dataclasses.replace(drawn(3), layers=(Layer("a"), Layer("b", kernel=3, padding=1)))
    less = dataclasses.replace(described, layers=described.layers[:1])
    assert less in list(fewer_nodes(described))
    both, one = made(described), made(less)
    assert both and one and np.array_equal(both[0].nodes["a"].weight, one[0].nodes["a"].weight)
    assert np.array_equal(both[1], one[1])


def test_a_batch_in_c_tells_which_of_its_graphs_is_wrong():
    """One spike of one record is another, and of a program that ends nothing is right."""
    cases = [case for number in range(40) if (case := case_of(drawn(number))) is not None][:8]
    jobs = [Job(c.graph, c.inputs, c.record, events=bool(place % 2)) for place, c in enumerate(cases)]
    assert as_the_engine(jobs) == [True] * 8
    (unit, raster), *_ = cases[5].record.raster.items()
    other = raster.copy()
    other.flat[-1] ^= 1
    wrong = dataclasses.replace(cases[5].record, raster={**cases[5].record.raster, unit: other})
    jobs[5] = dataclasses.replace(jobs[5], record=wrong)
    assert as_the_engine(jobs) == [place != 5 for place in range(8)]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if fault.often else pytest.mark.very_slow)
        for name, fault in FAULTS.items()
    ],
)
def test_a_wrong_semantics_is_found_and_shrunk(name, monkeypatch, tmp_path):
    fault = FAULTS[name]
    fault.plant(monkeypatch, tmp_path)
    found = search(1, 2000, fault.asked, Tally())
    assert found is not None and found.engine in fault.asked and found.nodes < NODES, found


def test_a_fault_that_stands_nowhere_is_no_fault(monkeypatch, tmp_path):
    fault = dataclasses.replace(FAULTS["C: >= for >"], right="what was changed since")
    with pytest.raises(LookupError, match="stands nowhere in the source of C"):
        fault.plant(monkeypatch, tmp_path)


def test_the_command(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["fuzz_engines", "--graphs", "20", "--seed", "1", "--without-c"])
    assert main() == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "20 graphs of seed 1, in batches of 50" and said[-1].startswith("seed 1: 20 graphs (loops 20, or")
    assert "; 0 differ; " in said[-1]
    FAULTS["engine: >= for >"].plant(monkeypatch, tmp_path)
    assert main() == 1 and "differs from the integer engine on graph" in capsys.readouterr().out
