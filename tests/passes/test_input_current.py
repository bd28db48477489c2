"""An input that enters the first neurons as a current: finer than 8-bit messages, within every limit, or refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Conv2d, Graph, Input, Linear, LoihiLIF, Readout
from snnhw.nir.io import from_nir, to_nir
from snnhw.passes import compile_channels
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.loss import measure_loss
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.nets import residual_net

THRESHOLDS = (0.6, 1.6, 2.6)


def current_net(seed=0, timesteps=4, gain=1):
    """Neurons on the input itself, then a convolution: MLF, conv, MLF, linear."""
    rng = np.random.default_rng(seed)
    nodes = [
        Input(name="input", shape=(2, 5, 5)),
        MLF(name="first", shape=(2, 5, 5), thresholds=THRESHOLDS, decay=0.25),
        Conv2d(name="conv", shape=(4, 5, 5), weight=rng.normal(0.1, 0.4, (4, 2, 3, 3)), padding=(1, 1)),
        MLF(name="second", shape=(4, 5, 5), thresholds=THRESHOLDS, decay=0.25),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 100))),
        Readout(name="readout", shape=(3,)),
    ]
    graph = Graph.build(nodes, pairwise(n.name for n in nodes), timesteps)
    edges = tuple(e if e.source != "input" else e.__class__(e.source, e.target, gain) for e in graph.edges)
    return graph.replace(edges=edges), rng.uniform(0, 2.5, (6, 2, 5, 5))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2]), st.floats(1e-3, 1e6))
def test_currents_keep_the_spikes_of_the_first_neurons(seed, gain, size):
    """Values scaled with the thresholds: every current is within 2^17 and within one step of its float."""
    graph, inputs = current_net(seed, gain=gain)
    grown = [
        node if not isinstance(node, MLF) or node.name == "second" else MLF(
            name=node.name, shape=node.shape, thresholds=tuple(t * size for t in THRESHOLDS), decay=0.25
        )
        for node in graph.nodes.values()
    ]  # fmt: skip
    graph, inputs = graph.replace(nodes=grown), inputs * size
    made = compile_loihi(graph, inputs, input_as="current")
    assert made.input_as == "current" and "first_identity" not in made.graph.nodes
    neuron = made.graph.nodes["first_l1"]
    assert isinstance(neuron, LoihiLIF) and (made.graph.input.scale or 0) > 0
    bounds = {layer.name: layer.current_bound for layer in made.layers}
    assert bounds["first"] < 2**17 and neuron.threshold < 2**17
    assert gain * np.abs(inputs).max() * made.graph.input.scale < 2**16
    floats = simulate(graph, inputs, execution=DOUBLE, membranes=True, raster=True)
    integers = simulate(made.graph, inputs, raster=True)
    differs = floats.raster["first"] != integers.raster["first"]
    near = np.zeros(differs.shape, dtype=bool)
    for k, threshold in enumerate(THRESHOLDS):
        near[:, :, k] = np.abs(floats.membranes["first"][:, :, k] - threshold * size) < 4 / made.graph.input.scale
    assert not (differs[:, 0] & ~near[:, 0]).any()


def test_a_current_on_a_grid_loses_nothing():
    graph, inputs = current_net()
    inputs = np.round(inputs * 64) / 64 + 1 / 256
    made = compile_loihi(graph, inputs, input_as="current")
    assert np.log2(made.graph.input.scale) % 1 == 0
    assert (simulate(made.graph, inputs).units["first"].levels == simulate(graph, inputs).units["first"].levels).all()


def test_the_file_and_the_way_back_keep_the_current():
    graph, inputs = current_net()
    made = compile_loihi(graph, inputs, input_as="current")
    again = from_nir(to_nir(made.graph))
    for unit, theirs in simulate(again, inputs).units.items():
        assert (theirs.levels == simulate(made.graph, inputs).units[unit].levels).all()
    back = dequantise(compile_channels(graph, input_as="current"), made)
    rounded = np.rint(inputs * made.graph.input.scale) / made.graph.input.scale
    exact = simulate(back, rounded, execution=DOUBLE).units
    assert all((exact[u].levels == r.levels).all() for u, r in simulate(made.graph, inputs).units.items())
    loss = measure_loss(graph, made, inputs, each_layer=True)
    assert [layer.name for layer in loss.layers] == ["first", "second", "fc"]
    assert not [f for f in check(made.graph, "loihi1") if f.severity != "info"]
    assert count(made.graph, simulate(made.graph, inputs)).total("macs") == 0


def test_what_cannot_be_a_current_is_refused():
    sample = residual_net()
    with pytest.raises(InputError, match="'stem_conv' does not fit Loihi: the input reaches it, and it is no neuron"):
        compile_loihi(sample.graph, sample.inputs, input_as="current")
    with pytest.raises(InputError, match="messages"):
        compile_channels(sample.graph, input_as="volts")
