"""Networks that end in neurons in Lava: the same spikes as the engine, and logits that are their counts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from snnhw.exporters.lava.deploy import Options, export
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.graph.ir import Flatten, Graph, Readout
from snnhw.passes import compile_channels
from snnhw.passes.declare_input import declare_input
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import LAVA, compiled
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.quantisation.test_spike_counts import ending_in_neurons, images

pytestmark = [pytest.mark.lava, pytest.mark.slow]


def in_a_row(graph: Graph) -> Graph:
    """The counts of an image behind a flattening."""
    rest = [n for n in graph.nodes.values() if n.name != "readout"]
    size = graph.readout.size
    ends = [Flatten(name="flat", shape=(size,)), Readout(name="readout", shape=(size,))]
    return compiled(graph.replace(nodes=[*rest, *ends], edges=(*graph.edges[:-1], *EDGES)), LAVA)


EDGES = tuple(type(ending_in_neurons(0).edges[0])(*ends) for ends in (("last", "flat"), ("flat", "readout")))
CASES = {
    "vector": {"flat": True},
    "levels and two populations": {"flat": True, "levels": 3, "second": True},
    "image": {"flat": False, "levels": 2},
}


@pytest.mark.parametrize("case", CASES)
def test_no_spike_and_no_count_differs(case: str) -> None:
    graph, x = ending_in_neurons(11, **CASES[case]), images(11, 4)
    for ran in (compile_channels(graph), compile_loihi(graph, x).graph):
        engine = simulate(ran, x, raster=True, execution=DOUBLE)
        witness = run_lava(ran, x, RunOptions(raster=True))
        for unit, spikes in engine.raster.items():
            assert spikes.any() and np.array_equal(spikes, witness.raster[unit]), unit
        assert witness.logits.shape == engine.logits.shape
        assert np.allclose(witness.logits, engine.logits, rtol=0, atol=0 if ran.is_integer else 1e-12)


def test_a_flattened_count_keeps_torchs_order() -> None:
    graph, x = ending_in_neurons(13, flat=False), images(13, 3)
    whole = compile_loihi(graph, x).graph
    row = compile_loihi(in_a_row(graph), x).graph
    expected = simulate(whole, x).logits.reshape(3, -1)
    assert len(set(expected.ravel().tolist())) > 3
    assert np.array_equal(run_lava(row, x).logits, expected)


def test_an_exported_folder_holds_the_counts(tmp_path) -> None:
    graph, x = ending_in_neurons(11), images(11, 2)
    artifact = export(graph, tmp_path / "counts", Options(inputs=x, calibration=x))
    with np.load(artifact.path / "network.npz") as network:
        sink = next(p for p in json.loads(str(network["description"]))["processes"] if p["kind"] == "sink")
    with np.load(artifact.path / "expected.npz") as expected:
        assert np.array_equal(expected["logits"].sum(axis=0), expected["levels/last"].sum(axis=0))
    assert sink["params"]["shape"] == [5]


def test_records_of_event_inputs_are_those_of_the_engine(tmp_path) -> None:
    graph = declare_input(ending_in_neurons(11), 3)
    x = np.random.default_rng(0).integers(0, 4, (2, graph.timesteps, *graph.input.shape))
    integers = compile_loihi(graph, x).graph
    engine, witness = (record.arrays() for record in (simulate(integers, x), run_lava(integers, x)))
    assert engine.keys() == witness.keys() and "counts/input" in engine
    assert all(np.array_equal(engine[key], witness[key]) for key in engine)
    artifact = export(integers, tmp_path / "events")  # makes an example of its own
    with np.load(artifact.path / "example.npz") as example:
        assert set(np.unique(example["input"])) == {0, 1, 2, 3}
