"""Laws of the round trip through NIR, and snnTorch as witness that the files mean what we say."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ilif import nearest
from snnhw.graph.ir import ILIF, LI, LIF, MLF, Conv2d, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.graph.same import differences
from snnhw.nir.io import Reading, from_nir, read_nir, to_nir, write_nir
from snnhw.nir.metadata import window_numbers
from snnhw.passes import compile_channels
from snnhw.passes.decompose import decompose
from snnhw.passes.pool_into_conv import pool_into_conv
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE, SINGLE
from tests.graph.strategies import float_graphs, integer_graphs
from tests.nir.snntorch_runner import run_snntorch

LAW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LAW
@given(float_graphs())
def test_reading_gives_what_was_written(graph: Graph) -> None:
    written = to_nir(graph)
    assert differences(from_nir(written), graph) == ()
    assert differences(from_nir(written, recognise=False), decompose(graph)) == ()
    assert from_nir(written).findings == ()


def samples_of(graph: Graph, values: np.ndarray) -> np.ndarray:
    """`values`, as whole numbers within its levels where the input of `graph` is events."""
    return values if graph.input.levels is None else np.clip(np.rint(2 * values), 0, graph.input.levels)


@settings(LAW, max_examples=8)
@given(graph=float_graphs())
def test_file_keeps_every_bit(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = write_nir(graph, tmp_path_factory.mktemp("nir") / "net.nir")
    again = read_nir(path)
    assert differences(again, graph) == ()
    assert again.name == graph.name
    rng = np.random.default_rng(0)
    x = samples_of(graph, rng.random((2, *graph.input.shape)))
    ours, theirs = (simulate(g, x, execution=DOUBLE, raster=True) for g in (graph, read_nir(path, recognise=False)))
    assert np.array_equal(ours.logits, theirs.logits)
    assert all(np.array_equal(ours.raster[u], theirs.raster[u]) for u in ours.raster)


@LAW
@given(float_graphs(), st.integers(0, 2**32 - 1), st.booleans())
def test_one_network_in_five_forms_fires_the_same_spikes(graph: Graph, seed: int, static: bool) -> None:
    """Units, channels, channels and units read back, and units recognised in a file without our metadata; float64."""
    shape = graph.input.shape if static else (graph.timesteps, *graph.input.shape)
    x = samples_of(graph, np.random.default_rng(seed).uniform(-0.5, 2.0, (2, *shape)))
    written, bare = to_nir(graph), to_nir(graph)
    bare.metadata = {}
    recognised = from_nir(bare, Reading(timesteps=graph.timesteps))
    forms = [decompose(graph), from_nir(written, recognise=False), from_nir(written)]
    channels = decompose(graph).of_type(LIF)
    decays = {n.name: n.decay for n in decompose(recognised).of_type(LIF)}
    if all(decays[n.name] == n.decay for n in channels):
        forms.append(recognised)  # tau is a float, so a decay may be lost by one rounding
    reference = simulate(graph, x, execution=DOUBLE, raster=True)
    for form in forms:
        record = simulate(form, x, execution=DOUBLE, raster=True)
        for unit, raster in reference.raster.items():
            assert np.array_equal(_levels(record.raster, unit, raster.shape[2]), raster), unit
        np.testing.assert_allclose(record.logits, reference.logits, rtol=1e-9, atol=1e-9)


def _levels(rasters: dict[str, np.ndarray], unit: str, levels: int) -> np.ndarray:
    """[N, T, K, *shape] of a unit that may be there as K channels: of one level, or with a gain behind each of them."""
    if unit in rasters and rasters[unit].shape[2] == levels:
        return rasters[unit]
    return np.concatenate([rasters[f"{unit}_l{k}"] for k in range(1, levels + 1)], axis=2)


@LAW
@given(integer_graphs())
def test_integers_survive(graph: Graph) -> None:
    again = from_nir(to_nir(graph))
    assert differences(again, graph) == ()
    assert again.input.scale == graph.input.scale
    assert again.findings == ()


@settings(LAW, max_examples=15)
@given(graph=float_graphs(dyadic=True))
def test_snntorch_fires_the_same_spikes(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = write_nir(graph, tmp_path_factory.mktemp("nir") / "net.nir")
    x = samples_of(graph, np.random.default_rng(1).integers(0, 64, (2, *graph.input.shape)) / 64)
    theirs, outputs = run_snntorch(path, x, graph.timesteps)
    ours = simulate(graph, x, execution=SINGLE, raster=True)
    reduced = outputs / graph.timesteps
    np.testing.assert_allclose(reduced, ours.logits, rtol=1e-4, atol=1e-4)
    for unit, raster in ours.raster.items():
        names = sorted(n for n in theirs if n.rsplit("_l", 1)[0] == unit) or [unit]
        assert np.array_equal(np.stack([theirs[n] for n in names], axis=2), raster), unit


def check_errors(graph: Graph) -> list[Finding]:
    return [f for f in check(graph, "nir", dialect="snntorch") if f.severity == "error"]


@settings(LAW, max_examples=10)
@given(graph=integer_graphs())
def test_snntorch_runs_integers(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without memory (dv 4096) nothing is truncated, so an importer that is fed integers fires as Loihi does."""
    assume(not check_errors(graph))
    nodes = [dataclasses.replace(n, dv=4096) if isinstance(n, LoihiLIF) else n for n in graph.nodes.values()]
    graph = graph.replace(nodes=nodes)
    path = write_nir(graph, tmp_path_factory.mktemp("nir") / "net.nir")
    x = np.random.default_rng(3).uniform(-1, 1, (2, 2, 4, 4))
    theirs, outputs = run_snntorch(path, graph.input.coded(x), graph.timesteps)
    ours = simulate(graph, x, raster=True)
    for unit, raster in ours.raster.items():
        names = sorted(n for n in theirs if n.rsplit("_l", 1)[0] == unit)
        assert np.array_equal(np.stack([theirs[n] for n in names], axis=2), raster), unit
    assert np.array_equal(outputs, ours.logits)


@pytest.mark.parametrize("told", [{"fc": 10**12}, {"fc": 0}, {"absent": 3}, {"conv": 3}])
def test_a_pool_that_cannot_have_been_there_is_left_out(told):
    graph = pooled_net()
    assert from_nir(to_nir(graph)).nodes["conv"].unfolded == graph.nodes["conv"].unfolded is not None
    read = from_nir(retold(graph, folded_pool=told))
    assert not any(node.unfolded_inputs for node in read.of_type(Linear))
    assert [f.code for f in read.findings].count("folded-pool-unusable") == 1


@pytest.mark.parametrize("place, value", [(0, 10**9), (1, 0), (2, 10**6), (4, 0), (6, -1), (8, 0), (3, 2), (7, 4)])
def test_a_window_that_cannot_have_been_there_is_left_out(place, value):
    graph = pooled_net()
    window = list(window_numbers(graph.nodes["conv"].unfolded))
    window[place] = value
    read = from_nir(retold(graph, folded_conv={"conv": window}))
    assert read.nodes["conv"].unfolded is None
    assert [f.code for f in read.findings].count("folded-conv-unusable") == 1


@pytest.mark.parametrize("told", [["conv"], ["absent"], ["unit"]])
def test_an_identity_that_cannot_be_one_is_left_out(told):
    graph = pooled_net()
    read = from_nir(retold(graph, identities=told))
    assert not any(node.identity for node in read.of_type(Conv2d, Linear))
    assert [f.code for f in read.findings].count("identity-unusable") == 1


def retold(graph, **changes):
    """`graph` as a NIR graph whose metadata say something else."""
    written = to_nir(graph)
    written.metadata = {"snnhw": json.dumps(json.loads(written.metadata["snnhw"]) | changes)}
    return written


@pytest.mark.parametrize("levels", [1, 2])
def test_a_synapse_is_an_identity_by_its_mark_and_not_by_its_name(levels):
    """A layer of the user's own called `.._identity` is counted; what the pass makes is not, whatever it is called."""
    own = Conv2d(name="own_identity", shape=(2, 4, 4), weight=np.ones((2, 1, 1, 1)), groups=2)
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        own,
        MLF(name="first", shape=(2, 4, 4), thresholds=(0.5, 1.5)[:levels], decay=0.25),
        MLF(name="second", shape=(2, 4, 4), thresholds=(0.5, 1.5), decay=0.25),
        Linear(name="fc", shape=(3,), weight=np.ones((3, 32))),
        Readout(name="readout", shape=(3,)),
    ]
    chain = [node.name for node in nodes]
    plain = Graph.build(nodes, list(pairwise(chain)), 3)
    inputs = np.random.default_rng(0).uniform(0, 2, (2, 2, 4, 4))
    counts = count(plain, simulate(plain, inputs))
    assert (counts.total("params"), counts.total("dense_macs")) == (2 + 96, 2 * 16 + 96)
    compiled = compile_channels(plain)
    made = [node.name for node in compiled.of_type(Conv2d, Linear) if node.identity]
    assert made == ["second_identity"]
    for graph in (compiled, from_nir(to_nir(compiled), recognise=False)):
        again = count(graph, simulate(graph, inputs))
        assert (again.total("params"), again.total("dense_macs")) == (2 + 96, 2 * 16 + 96)
        assert [node.name for node in graph.of_type(Conv2d, Linear) if node.identity] == made


def test_a_current_belongs_to_its_neuron_by_its_mark_and_not_by_its_name(tmp_path: Path) -> None:
    """A user's integrator called `neuron_syn` stays a node; a marked one of any name is part of a CubaLIF."""

    def net(name: str, of: str) -> Graph:
        nodes = [
            Input(name="input", shape=(3,)),
            LI(name=name, shape=(3,), decay=0.5, current_of=of),
            LIF(name="neuron", shape=(3,), decay=0.75, threshold=1.0),
            Readout(name="readout", shape=(3,)),
        ]
        return Graph.build(nodes, [("input", name), (name, "neuron"), ("neuron", "readout")], 5)

    x = np.random.default_rng(0).uniform(0, 2, (4, 5, 3)).astype(np.float32)
    for name, of, kinds in (
        ("neuron_syn", "", {"Input", "LI", "LIF", "Output"}),
        ("leak_in_front", "neuron", {"Input", "CubaLIF", "Output"}),
    ):
        graph = net(name, of)
        path = write_nir(graph, tmp_path / f"{name}.nir")
        assert {type(node).__name__ for node in nir.read(path).nodes.values()} == kinds
        again = read_nir(path)
        assert differences(again, graph) == () and again.findings == ()
        np.testing.assert_array_equal(simulate(again, x).logits, simulate(graph, x).logits)


def pooled_net():
    """A pool of 2x2 gone into a 3x3 convolution."""
    nodes = [
        Input(name="input", shape=(1, 8, 8), levels=1),
        Pool(name="pool", shape=(1, 4, 4), kind="avg", kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="conv", shape=(2, 4, 4), weight=np.ones((2, 1, 3, 3)), padding=(1, 1)),
        LIF(name="unit", shape=(2, 4, 4), threshold=1.0, decay=0.25),
        Linear(name="fc", shape=(3,), weight=np.ones((3, 32))),
        Readout(name="readout", shape=(3,)),
    ]
    return pool_into_conv(Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 2))


@pytest.mark.parametrize("integers", [False, True])
def test_integer_neurons_of_one_step_are_another_network_in_several_and_refused(integers: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(3,)),
        Linear(name="first", shape=(4,), weight=rng.normal(0, 2, (4, 3))),
        ILIF(name="unit", shape=(4,), thresholds=nearest(3, 1.0), decay=0.5),
        Linear(name="last", shape=(2,), weight=rng.normal(size=(2, 4))),
        Readout(name="end", shape=(2,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 1)
    if integers:
        graph = compile_loihi(graph, rng.normal(size=(8, 3))).graph
    path = write_nir(graph, tmp_path / "one.nir")
    assert read_nir(path, Reading(timesteps=1)).longest == 1
    with pytest.raises(InputError, match="made for runs of T = 1, and in runs of T = 4 it is another network"):
        read_nir(path, Reading(timesteps=4))
