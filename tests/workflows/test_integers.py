"""Whoever uses integers says what their registers may clip: the same findings from every verb."""

import dataclasses
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from snnhw.data.samples import Samples
from snnhw.graph.ir import LIF, Edge, Graph, Input, Linear, Readout
from snnhw.nir.io import write_nir
from snnhw.proofs.membrane_bound import reached_states
from snnhw.quantisation.compile import compile_loihi
from snnhw.workflows.check import check
from snnhw.workflows.evaluate import evaluate
from snnhw.workflows.export import Preparation, export
from snnhw.workflows.integers import with_integer_findings
from snnhw.workflows.load import LoadedModel, load_model
from snnhw.workflows.map import bound_on_chip
from snnhw.workflows.quantise import quantise
from snnhw.workflows.report import build_report
from snnhw.workflows.simulate import Backend, simulate
from snnhw.workflows.verify import LavaShare, verify


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A network whose membranes add up without a leak, the file of its integers, and samples with labels."""
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(4,)),
        Linear(name="first", shape=(6,), weight=rng.normal(size=(6, 4))),
        LIF(name="unit", shape=(6,), decay=1.0, threshold=1.0),
        Linear(name="last", shape=(3,), weight=rng.normal(size=(3, 6))),
        Readout(name="end", shape=(3,)),
    ]
    graph = Graph.build(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)], 300)
    data = Samples("some", rng.normal(size=(4, 4)).astype(np.float32), np.arange(4) % 3, 3, "")
    made, folder = compile_loihi(graph, data.values), tmp_path_factory.mktemp("integers")
    path = write_nir(made.graph, folder / "integers.nir")
    return SimpleNamespace(floats=LoadedModel("net", graph), integers=load_model(path), data=data, folder=folder)


INTEGERS = {
    "check": lambda m, d, f: check(m, "loihi2").findings,
    "check of a file": lambda m, d, f: check(m, "nir").findings,
    "simulate": lambda m, d, f: simulate(m, d, f / "i.npz", Backend("torch-int")).findings,
    "evaluate": lambda m, d, f: evaluate(m, d).findings,
    "report": lambda m, d, f: build_report(m, d).findings,
    "map": lambda m, d, f: bound_on_chip(m).findings,
    "map with samples": lambda m, d, f: bound_on_chip(m, inputs=d).findings,
    "export": lambda m, d, f: export(m, f / "again.nir").findings,
}
FLOATS = {
    "quantise": lambda m, d, f: quantise(m, d, f / "q.nir").to_dict()["findings"],
    "verify": lambda m, d, f: verify(m, d, d, f, LavaShare(0)).findings,
    "simulate": lambda m, d, f: simulate(m, d, f / "q.npz", Backend("torch-int", calibration=d)).findings,
    "export": lambda m, d, f: export(m, f / "e.nir", preparation=Preparation(calibration=d.values)).findings,
}


def units(findings):
    dicts = [f if isinstance(f, dict) else f.to_dict() for f in findings]
    return [f["node"] for f in dicts if f["code"] == "state-may-clip"]


@pytest.mark.parametrize("verb", INTEGERS)
def test_every_verb_on_integers_says_what_may_clip_once(ready, verb):
    assert units(INTEGERS[verb](ready.integers, ready.data, ready.folder)) == ["unit"]


@pytest.mark.parametrize("verb", FLOATS)
def test_every_verb_that_makes_integers_says_what_may_clip(ready, verb):
    assert units(FLOATS[verb](ready.floats, ready.data, ready.folder)) == ["unit"]


def test_nothing_is_said_of_floats_and_of_integers_that_fit(ready):
    assert with_integer_findings(ready.floats) is ready.floats
    short = dataclasses.replace(ready.integers, graph=ready.integers.graph.replace(timesteps=1))
    lowest, _ = reached_states(short.graph)["unit"]
    assert lowest > 1 - 2**23 and with_integer_findings(short) is short


def test_in_another_number_of_steps_it_is_said_of_those(ready):
    graph = ready.integers.graph
    (longer,) = with_integer_findings(LoadedModel("net", graph.replace(timesteps=600))).findings
    (shorter,) = with_integer_findings(LoadedModel("net", graph.replace(timesteps=300))).findings
    assert longer.node == shorter.node == "unit" and longer.message != shorter.message
