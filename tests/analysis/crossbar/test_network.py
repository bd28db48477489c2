"""Ideal devices: no spike differs from those of the integer engine."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.network import on_crossbars, simulate_on_crossbars
from snnhw.analysis.crossbar.tiles import programmed
from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.graph.ir import Delay, LoihiLIF
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.quantisation import scale_search
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import INTEGERS, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from snnhw.simulation.recurrent import is_recurrent
from snnhw.workflows.load import load_model
from tests.exporters.lava.test_recurrent import networks
from tests.nets import product_graph, residual_net, residual_nets
from tests.rules.graphs import random_graph

RRAM = load_crossbar("rram")
LEVELS_IN = ["channels", "pulse"]
SLOW, VERY_SLOW = [pytest.mark.slow], [pytest.mark.slow, pytest.mark.very_slow]


def assert_same_spikes(graph, inputs, crossbar):
    """Every spike of every unit, and the logits, are those of the engine."""
    expected = simulate(graph, inputs, raster=True)
    found = simulate_on_crossbars(map_crossbars(graph, crossbar), inputs, raster=True)
    assert set(expected.raster) == set(found.raster)
    for unit, spikes in expected.raster.items():
        assert int((spikes != found.raster[unit]).sum()) == 0, unit
    assert np.array_equal(expected.logits, found.logits)
    return sum(int(spikes.sum()) for spikes in expected.raster.values())


@settings(max_examples=15)
@given(
    residual_nets,
    st.sampled_from(["differential", "offset"]),
    st.sampled_from(["channels", "pulse", "slots"]),
    st.integers(1, 4),
    st.sampled_from([(9, 40), (64, 64), (128, 128)]),
    st.sampled_from([None, 4]),
)
def test_no_spike_of_a_random_network_differs(sample, signs, drive, device_bits, size, rows_per_read):
    graph = compile_loihi(sample.graph, sample.inputs).graph
    choices = {"rows": size[0], "columns": size[1], "rows_per_read": rows_per_read}
    crossbar = RRAM.having(signs=signs, drive=drive, device_bits=device_bits, **choices)
    assert_same_spikes(graph, sample.inputs, crossbar)


@settings(max_examples=12)
@given(networks(), st.sampled_from(["differential", "offset"]), st.sampled_from(LEVELS_IN), st.integers(1, 4))
def test_no_spike_of_a_network_with_loops_or_delays_differs(drawn, signs, drive, device_bits):
    graph, x = drawn
    crossbar = RRAM.having(signs=signs, drive=drive, device_bits=device_bits, rows=16, columns=64)
    assert_same_spikes(compile_loihi(graph, x).graph, x, crossbar)


def test_no_spike_of_any_neuron_that_integers_have_differs(monkeypatch):
    """Currents that last, resets by subtraction, decays and starts of each neuron, delays, loops, graded spikes."""
    monkeypatch.setattr(scale_search, "CANDIDATES", np.array([0.7, 1.0]))  # which scales are best is not asked here
    seen = Counter()
    for seed in range(200):
        graph = random_graph(seed)
        if refusals(graph, INTEGERS):
            continue
        rng = np.random.default_rng(seed)
        shape = (2, graph.timesteps, *graph.input.shape)
        x = rng.normal(size=shape) if graph.input.levels is None else rng.integers(0, graph.input.levels + 1, shape)
        graph = compile_loihi(graph, x).graph
        crossbar = RRAM.having(signs=("differential", "offset")[seed % 2], rows=16, columns=64)
        assert_same_spikes(graph, x, crossbar)
        neurons = graph.of_type(LoihiLIF)
        seen["loops"] += is_recurrent(graph)
        seen["delays"] += bool(graph.of_type(Delay))
        seen["currents"] += any(neuron.current_lasts for neuron in neurons)
        seen["subtraction"] += any(neuron.reset == "subtract" for neuron in neurons)
        seen["own decays"] += any(np.size(neuron.dv) > 1 for neuron in neurons)
        seen["starts"] += any(np.any(neuron.start) for neuron in neurons)
    assert min(seen.values()) >= 2 and len(seen) == 6, seen


def test_no_spike_of_graded_integers_differs():
    sample = residual_net(3, levels=3)
    graph = decompose_graded(compile_loihi(sample.graph, sample.inputs).graph)
    assert any(edge.payload_bits for edge in graph.edges)
    for drive in LEVELS_IN:
        assert_same_spikes(graph, sample.inputs, RRAM.having(drive=drive))


@pytest.mark.parametrize(
    ("name", "samples", "crossbar"),
    [
        pytest.param("digits", 4, "rram64", marks=SLOW),
        pytest.param("mnist", 2, "rram", marks=SLOW),
        pytest.param("fashion", 2, "rram", marks=SLOW),
        pytest.param("nmnist", 1, "rram", marks=VERY_SLOW),
        pytest.param("cifar10", 1, "rram", marks=VERY_SLOW),
    ],
)
def test_no_spike_of_a_zoo_network_differs(name, samples, crossbar):
    """Data are drawn, so none are needed."""
    graph = load_model(name).graph
    rng = np.random.default_rng(0)
    shape = (samples, graph.timesteps, *graph.input.shape)
    x = rng.uniform(0, 1, shape) if graph.input.levels is None else rng.integers(0, graph.input.levels + 1, shape)
    assert assert_same_spikes(compile_loihi(graph, x).graph, x, load_crossbar(crossbar)) > 1000


def test_no_spike_of_the_digits_differs():
    model, inputs = load_model("digits"), load_inputs("digits:test").first(6)
    graph = compile_loihi(model.graph, inputs.values).graph
    assert assert_same_spikes(graph, inputs.values, RRAM) > 1000


def test_converters_of_too_few_bits_change_spikes():
    sample = residual_net(0)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    mapping = map_crossbars(graph, RRAM)
    expected = simulate(graph, sample.inputs, raster=True)
    few = on_crossbars(mapping, converter=lambda layer: Converter(2))
    found = simulate(graph, sample.inputs, raster=True, execution=Execution(synapses=few))
    assert any((found.raster[unit] != spikes).any() for unit, spikes in expected.raster.items())
    enough = on_crossbars(mapping, converter=lambda layer: Converter(layer.least_adc_bits))
    same = simulate(graph, sample.inputs, raster=True, execution=Execution(synapses=enough))
    assert all((same.raster[unit] == spikes).all() for unit, spikes in expected.raster.items())


@settings(max_examples=15)
@given(residual_nets, st.sampled_from(["differential", "offset"]), st.integers(1, 4))
def test_with_the_least_bits_of_each_layer_no_spike_differs(sample, signs, device_bits):
    graph = compile_loihi(sample.graph, sample.inputs).graph
    mapping = map_crossbars(graph, RRAM.having(signs=signs, device_bits=device_bits))
    least = on_crossbars(mapping, converter=lambda layer: Converter(layer.least_adc_bits))
    expected = simulate(graph, sample.inputs, raster=True)
    found = simulate(graph, sample.inputs, raster=True, execution=Execution(synapses=least))
    assert all((found.raster[unit] == spikes).all() for unit, spikes in expected.raster.items())
    assert np.array_equal(found.logits, expected.logits)


@pytest.mark.parametrize(("signs", "least"), [("differential", 2), ("offset", 3)])
def test_with_one_bit_fewer_a_spike_of_a_network_differs(signs, least):
    """Four lines of 1, one of them of a weight of -2: currents of 2 and of 0, and a neuron fires above 1."""
    graph = product_graph(np.array([[2, 2, 2, -4], [2, 2, -2, -2]], np.int32), bits=2)
    crossbar, x = RRAM.having(signs=signs, device_bits=1), np.array([[1.0, 1.0, 1.0, 1.0]])
    mapping = map_crossbars(graph, crossbar)
    assert programmed(mapping)["fc"].least_adc_bits == least
    expected = simulate(graph, x, raster=True).raster["n"]
    for bits, same in ((least, True), (least - 1, False)):
        few = on_crossbars(
            mapping, converter=lambda tiles, bits=bits: Converter(bits if tiles.node.name == "fc" else 8)
        )
        found = simulate(graph, x, raster=True, execution=Execution(synapses=few)).raster["n"]
        assert bool((found == expected).all()) is same


def test_floats_are_refused():
    with pytest.raises(InputError, match="are no integers; quantise the network"):
        simulate_on_crossbars(map_crossbars(residual_net(0).graph, RRAM), residual_net(0).inputs)
