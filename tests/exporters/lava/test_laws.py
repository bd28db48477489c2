"""Any small network: Lava, the engine and the oracle send the same spikes; samples do not see each other."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.nn import build
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from tests.exporters.lava.nets import chains, residual
from tests.exporters.lava.oracle import run_oracle
from tests.nets import residual_nets

pytestmark = [pytest.mark.lava, pytest.mark.slow]


def assert_same(a, b, exact):
    assert a.raster.keys() == b.raster.keys()
    for unit in a.raster:
        assert np.array_equal(a.raster[unit], b.raster[unit]), unit
        for key in ("levels", "graded_spikes", "levels_t"):
            assert np.array_equal(getattr(a.units[unit], key), getattr(b.units[unit], key))
    assert np.array_equal(a.logits, b.logits) if exact else np.allclose(a.logits, b.logits, rtol=0, atol=1e-9)


@settings(max_examples=6)
@given(residual_nets)
def test_trained_like_networks_through_all_passes(sample):
    """Multi-level floats with norms and pool, through the compiler, in both arithmetics."""
    inputs = sample.inputs[:2]
    for graph in (compile_channels(sample.graph), compile_loihi(sample.graph, sample.inputs).graph):
        engine = simulate(graph, inputs, execution=DOUBLE, raster=True)
        assert_same(engine, run_lava(graph, inputs, RunOptions(raster=True)), graph.is_integer)


@settings(max_examples=8)
@given(chains(), st.booleans())
def test_any_chain_equals_the_oracle(chain, binary):
    net, graph = chain
    inputs = net.inputs(2)
    spikes, _, logits = run_oracle(graph, inputs)
    record = run_lava(graph, inputs, RunOptions(raster=True, binary=binary))
    assert_same(simulate(graph, inputs, execution=DOUBLE, raster=True), record, graph.is_integer)
    for unit, nodes in graph.units().items():
        assert np.array_equal(record.raster[unit], np.stack([spikes[n.name] for n in nodes], axis=2))
    assert np.allclose(record.logits, logits, rtol=0, atol=0 if graph.is_integer else 1e-9)


@pytest.mark.very_slow
@pytest.mark.parametrize(
    "name, shape, samples",
    [
        ("ds_resnet14", {"widths": (16, 32, 64)}, 10),
        ("ds_resnet20", {"widths": (8, 16, 32)}, 5),
        ("spiking_resnet14", {"widths": (8, 16, 32)}, 5),
        ("vgg16", {"width": 8, "hidden": (32, 16), "dropout": 0.0}, 5),
    ],
)
def test_whole_networks_on_images_of_32_by_32(name, shape, samples):
    """Loihi integers and floats: no spike differs between Lava and the engine in any population."""
    torch.manual_seed(0)
    inputs = np.random.default_rng(0).uniform(-1, 1, (samples, 3, 32, 32))
    network = build(name, **shape).train()
    with torch.no_grad():
        for parameter, value in network.named_parameters():
            if name == "vgg16" and parameter.endswith(("norm.bias", "fc1.bias", "fc2.bias")):
                value += 0.6  # as initialised, it is silent from its second group on
        for _ in range(20):  # running statistics of the norms
            network(torch.as_tensor(inputs, dtype=torch.float32))
    folded = run_passes(trace(network.eval(), (3, 32, 32)), FLOAT)
    for graph in (compile_loihi(folded, inputs).graph, compile_channels(folded)):
        engine = simulate(graph, inputs, execution=DOUBLE, raster=True)
        assert min(int(record.spikes.sum()) for record in engine.units.values()) > 100, "silent units prove nothing"
        assert_same(engine, run_lava(graph, inputs, RunOptions(raster=True)), graph.is_integer)


def test_a_sample_does_not_depend_on_its_neighbours():
    net, graph = residual(3, levels=2)
    inputs = net.inputs(5)
    together = run_lava(graph, inputs, RunOptions(raster=True))
    alone = [run_lava(graph, inputs[n : n + 1], RunOptions(raster=True)) for n in (0, 4)]
    merged = alone[0].merge(alone[1])
    assert np.array_equal(together.logits[[0, 4]], merged.logits)
    assert all(np.array_equal(together.raster[unit][[0, 4]], merged.raster[unit]) for unit in merged.raster)
