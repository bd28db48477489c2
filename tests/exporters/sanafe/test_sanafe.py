"""SANA-FE's own run is the oracle of our closed formula, and the exported file is the network that it ran."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import sanafe
import torch

from snnhw.analysis.hardware.mesh import Mesh, noc_energy, place, traffic
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.hardware.stepwise import run_stepwise
from snnhw.errors import InputError
from snnhw.exporters.sanafe import Options, conv_synapses, export, record, run, unavailable, with_relays
from snnhw.graph.ir import LIF, MLF, Conv2d, Graph, Input, Linear, Readout
from snnhw.passes.decompose import decompose
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.backends import simulate_on
from tests.analysis.nets import mlf, small_net, weights

RNG = np.random.default_rng(17)


def conv(name, into, out, size, **options):
    options = {"padding": (1, 1), **options}
    return Conv2d(
        name=name, shape=(out, size, size), weight=np.round(16 * weights(RNG, (out, into, 3, 3))) / 16, **options
    )


def residual_net():
    """K = 3, an identity and a convolution branch of unequal depth, read-out on all positions."""
    nodes = [
        Input(name="events", shape=(2, 6, 6), levels=1),
        conv("stem", 2, 4, 6),
        mlf("a", (4, 6, 6), 3),
        conv("body", 4, 4, 6),
        mlf("b", (4, 6, 6), 3),
        conv("tail", 4, 3, 6),
        mlf("c", (3, 6, 6), 3),
        Linear(name="fc", shape=(5,), weight=RNG.normal(size=(5, 108))),
        Readout(name="readout", shape=(5,), reduction="sum"),
    ]
    edges = [
        ("events", "stem"),
        ("stem", "a"),
        ("a", "body"),
        ("body", "b"),
        ("a", "tail"),
        ("b", "tail"),
        ("tail", "c"),
    ]
    return decompose(Graph.build(nodes, [*edges, ("c", "fc"), ("fc", "readout")], timesteps=6))


def strided_net():
    """An analogue image as a bias, stride 2, a dilated and a grouped convolution, biases."""
    nodes = [
        Input(name="image", shape=(1, 9, 9)),
        conv("stem", 1, 4, 9, bias=RNG.normal(size=4) / 4),
        LIF(name="a", shape=(4, 9, 9), decay=0.5, threshold=1.0),
        conv("half", 4, 6, 5, stride=(2, 2), bias=RNG.normal(size=6) / 4),
        LIF(name="b", shape=(6, 5, 5), decay=0.25, threshold=0.7),
        Conv2d(
            name="groups", shape=(4, 5, 5), weight=weights(RNG, (4, 3, 3, 3)), padding=(2, 2), dilation=(2, 2), groups=2
        ),
        LIF(name="c", shape=(4, 5, 5), decay=0.25, threshold=0.7),
        Linear(name="fc", shape=(5,), weight=RNG.normal(size=(5, 100))),
        Readout(name="readout", shape=(5,), reduction="sum"),
    ]
    names = [n.name for n in nodes]
    return Graph.build(nodes, list(pairwise(names)), timesteps=6)


def dense_net(size=150):
    """Two dense layers; at eight neurons a core they span many tiles, in both directions of the mesh."""
    nodes = [
        Input(name="events", shape=(40,), levels=1),
        Linear(name="one", shape=(size,), weight=weights(RNG, (size, 40))),
        LIF(name="a", shape=(size,), decay=0.25, threshold=1.5),
        Linear(name="two", shape=(12,), weight=weights(RNG, (12, size), zeros=0.5)),
        LIF(name="b", shape=(12,), decay=0.75, threshold=2.0),
        Linear(name="fc", shape=(3,), weight=RNG.normal(size=(3, 12))),
        Readout(name="readout", shape=(3,), reduction="sum"),
    ]
    names = [n.name for n in nodes]
    return Graph.build(nodes, list(pairwise(names)), timesteps=8)


def sample_of(graph):
    if graph.input.levels is None:
        return RNG.normal(size=graph.input.shape) * 2
    return (RNG.random((graph.timesteps, *graph.input.shape)) < 0.3).astype(np.uint8)


@pytest.mark.parametrize("build", [residual_net, strided_net, dense_net])
def test_formula_equals_the_simulation(build):
    graph, relays = with_relays(build())
    assert bool(relays) == (build is residual_net)
    sample, steps = sample_of(graph), 12
    mesh = Mesh(neurons_per_core=8 if build is dense_net else 1024)
    chip, ours = run(graph, sample, steps, mesh), run_stepwise(graph, sample, steps)
    assert sum(counts.sum() for counts in chip.fired.values()) > 100
    for name, counts in chip.fired.items():
        np.testing.assert_array_equal(ours.sent(name), counts, err_msg=name)
    on_mesh = traffic(graph, ours, place(graph, mesh), mesh)
    energy = noc_energy(graph, ours, on_mesh, load_profile("loihi1-sanafe"))
    assert (sum(on_mesh.events.values()), on_mesh.packets) == (chip.events, chip.packets)
    inputs = int(ours.sent(graph.input.name).sum()) if graph.input.levels else 0
    assert ours.updated + inputs == chip.updated
    assert energy.synapse == pytest.approx(chip.synapse, rel=1e-9)
    assert energy.soma == pytest.approx(chip.soma, rel=1e-9)
    assert energy.network == pytest.approx(chip.network, rel=1e-9)
    if build is dense_net:
        assert on_mesh.hops_ew > 0 and on_mesh.hops_ns > 0


def test_relays_keep_the_spikes_of_the_network():
    graph = residual_net()
    balanced, relays = with_relays(graph)
    assert relays == ("a_l1_late1", "a_l2_late1", "a_l3_late1")
    events = sample_of(graph)
    record = simulate(graph, events[None].astype(float), raster=True)
    ours = run_stepwise(balanced, events, 10)
    for depth, unit in enumerate("abc", start=1):
        for level in range(3):
            late = ours.spikes[f"{unit}_l{level + 1}"][depth : depth + graph.timesteps]
            np.testing.assert_array_equal(late, record.raster[unit][0, :, level])


@pytest.mark.slow
def test_exported_file_is_the_network_that_ran(tmp_path):
    graph = dense_net(size=10)
    sample = sample_of(graph)
    artifact = export(graph, tmp_path / "net.yaml", Options(inputs=sample[None]))
    assert artifact.size_bytes == artifact.path.stat().st_size > 0
    architecture = sanafe.load_loihi()
    chip = sanafe.SpikingChip(architecture)
    chip.load(sanafe.load_net(str(artifact.path), architecture))
    found = chip.sim(12, timing_model="simple", processing_threads=1)
    expected = run(graph, sample, 12)
    assert (found["spikes"], found["packets_sent"]) == (expected.events, expected.packets)
    assert found["energy"]["soma"] == pytest.approx(expected.soma, rel=1e-6)
    assert unavailable() is None


def same(ours, theirs):
    assert ours.units.keys() == theirs.units.keys() and (ours.samples, ours.timesteps) == (
        theirs.samples,
        theirs.timesteps,
    )
    for name, unit in ours.units.items():
        np.testing.assert_array_equal(unit.levels, theirs.units[name].levels, err_msg=name)
        np.testing.assert_array_equal(unit.graded_spikes, theirs.units[name].graded_spikes, err_msg=name)
        np.testing.assert_array_equal(unit.levels_t, theirs.units[name].levels_t, err_msg=name)


def biased(graph):
    """Every synapse gets a bias, which must not act before the first spike arrives."""
    new = [
        dataclasses.replace(n, bias=RNG.normal(size=n.shape[0]) / 3) if isinstance(n, Conv2d | Linear) else n
        for n in graph.nodes.values()
    ]
    return graph.replace(nodes=new)


@pytest.mark.slow
@pytest.mark.parametrize("build", [residual_net, strided_net, dense_net])
def test_the_record_is_that_of_the_engine(build):
    graph = biased(build())
    inputs = np.stack([sample_of(graph) for _ in range(2)])
    ours, theirs = simulate(graph, inputs, raster=True, execution=DOUBLE), record(graph, inputs, raster=True)
    same(ours, theirs)
    assert sum(int(u.levels.sum()) for u in ours.units.values()) > 100
    for name, raster in ours.raster.items():
        np.testing.assert_array_equal(raster, theirs.raster[name])
    np.testing.assert_allclose(theirs.logits, ours.logits, atol=1e-3)


@pytest.mark.slow
def test_multi_level_units_run_in_floats_and_in_loihi_integers():
    graph = small_net()
    assert graph.of_type(MLF)
    images = RNG.normal(size=(2, *graph.input.shape))
    same(simulate(graph, images, execution=DOUBLE), simulate_on("sanafe", graph, images))
    calibration = RNG.normal(size=(16, *graph.input.shape))
    integers = simulate_on("torch-int", graph, images, calibration)
    theirs = simulate_on("sanafe", graph, images, calibration)
    same(integers, theirs)
    np.testing.assert_array_equal(theirs.logits, integers.logits)


def test_neurons_that_were_added_are_told(tmp_path):
    graph = biased(residual_net())
    artifact = export(graph, tmp_path / "net.yaml", Options(inputs=sample_of(graph)[None]))
    told = {kind: {f.node for f in artifact.findings if f.code == kind} for kind in ("relay", "gate")}
    assert told["relay"] == {"a_l1_late1", "a_l2_late1", "a_l3_late1"}
    held = {name for name in artifact.path.read_text().split() if name.endswith("_gate")}
    assert {f"{name}_gate" for name in told["gate"]} == held and "a_l1" in told["gate"]


def test_images_that_change_over_time_are_refused(capfd):
    graph = strided_net()
    record(graph, RNG.normal(size=(1, *graph.input.shape)))
    assert capfd.readouterr().out == ""  # the simulator prints, --json must not
    with pytest.raises(InputError, match="cannot change over time"):
        record(graph, RNG.normal(size=(1, graph.timesteps, *graph.input.shape)))


def test_listed_synapses_are_the_convolution():
    layer = Conv2d(
        name="c", shape=(4, 3, 4), weight=weights(RNG, (4, 2, 3, 2)), stride=(2, 1), padding=(1, 0), groups=2,
        dilation=(1, 2),
    )  # fmt: skip
    shape = (4, 5, 6)
    start, end, weight = conv_synapses(layer, shape)
    matrix = np.zeros((layer.size, 120))
    np.add.at(matrix, (end, start), weight)
    x = RNG.normal(size=shape)
    y = torch.nn.functional.conv2d(
        torch.as_tensor(x)[None], torch.as_tensor(layer.weight), None, (2, 1), (1, 0), (1, 2), 2
    )
    np.testing.assert_allclose(matrix @ x.ravel(), y.numpy().ravel(), atol=1e-12)


def test_what_does_not_fit_is_refused(tmp_path):
    graph = dense_net()
    with pytest.raises(InputError, match="--input"):
        export(graph, tmp_path / "net.yaml")
    with pytest.raises(InputError, match="needs 4 cores, the chip has 2"):
        place(graph, Mesh(height=1, width=1, cores_per_tile=2))
    whole = [Input(name="x", shape=(3,), levels=2), MLF(name="u", shape=(3,), thresholds=(0.5,), decay=0.25)]
    with pytest.raises(InputError, match="nothing for the MLF 'u'"):
        run(Graph.build(whole, [("x", "u")], 2), np.zeros((2, 3)), 2)
    with pytest.raises(InputError, match="binary events"):
        run(decompose(Graph.build(whole, [("x", "u")], 2)), np.zeros((2, 3)), 2)
