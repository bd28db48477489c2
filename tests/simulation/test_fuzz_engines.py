"""Engines agree on random graphs, and a wrong semantics in any of them is found and brought down to a few nodes."""

from __future__ import annotations

import dataclasses
import shutil
import sys

import numpy as np
import pytest

from snnhw.exporters import c
from snnhw.exporters.bundle import verify_certificate
from snnhw.simulation import firing
from snnhw.simulation.neurons import step_unit
from tests.engine_graphs import Layer, drawn, fewer_nodes, made
from tests.exporters.c.built import without_sizes  # noqa: F401 - a fixture
from tests.exporters.lava import oracle
from tests.fuzz_engines import ENGINES, IN_C, Tally, main, search

NODES = 5  # of a shrunk graph there are fewer: an input, a layer, neurons and a read-out


@pytest.mark.slow
@pytest.mark.usefixtures("without_sizes")
def test_no_engine_differs():
    tally = Tally()
    assert search(2, 100, ENGINES, tally, c_every=25) is None
    assert tally.graphs > 40 and tally.in_c >= 2 and tally.neuron_steps > 30_000


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


def _lower_threshold(neurons, current):
    return step_unit([dataclasses.replace(n, threshold=n.threshold - 1) for n in neurons], current)


def engine_fires_early(patch):
    patch.setattr(firing, "_constants", lambda neurons, current: None)
    patch.setattr(firing, "step_unit", _lower_threshold)


def loops_round_down(patch):
    patch.setattr(verify_certificate, "decayed", lambda state, kept: state * kept // 4096)


def oracle_forgets_no_current(patch):
    patch.setattr(oracle, "truncated", lambda state, keep: (state * keep) >> 12)


IN_PYTHON = {
    "loops": (engine_fires_early, {"loops": ENGINES["loops"]}),
    "loops that round down": (loops_round_down, {"loops": ENGINES["loops"]}),
    "oracle": (oracle_forgets_no_current, {"oracle": ENGINES["oracle"]}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_PYTHON)
def test_a_wrong_semantics_is_found_and_shrunk(name, monkeypatch):
    plant, engines = IN_PYTHON[name]
    plant(monkeypatch)
    found = search(1, 300, engines, Tally())
    assert found is not None and found.engine in engines and found.nodes < NODES


@pytest.mark.slow
@pytest.mark.usefixtures("without_sizes")
def test_a_wrong_semantics_of_c_is_found_and_shrunk(monkeypatch, tmp_path):
    source = shutil.copytree(c.SOURCE, tmp_path / "source")
    text, compared = (source / "layers.h").read_text(), "membrane > parameter(&n->threshold, c, i)"
    assert text.count(compared) == 1
    (source / "layers.h").write_text(text.replace(compared, f"{compared} + 200"))
    monkeypatch.setattr(c, "SOURCE", source)
    found = search(1, 60, {"C": IN_C["C"]}, Tally())
    assert found is not None and found.nodes < NODES


def test_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fuzz_engines", "--graphs", "20", "--seed", "1", "--c-every", "0"])
    assert main() == 0 and "none differs" in capsys.readouterr().out
    engine_fires_early(monkeypatch)
    assert main() == 1 and "differs from the integer engine on graph 8; 4 nodes suffice:" in capsys.readouterr().out
