"""Networks beyond a layer and its neurons in Lava's fixed point: no spike differs from the integer engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.graph.ir import Array, Graph
from snnhw.passes import compile_channels
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.exporters.lava.oracle import run_oracle
from tests.passes.test_conv_into_pool import pooled_net
from tests.passes.test_fold_neuron import own_values_net
from tests.quantisation.test_currents import cuba_net
from tests.quantisation.test_resets_and_decays import DECAYS, RESETS, own_net, own_nets

pytestmark = [pytest.mark.lava, pytest.mark.slow]


def assert_no_spike_differs(graph: Graph, x: Array) -> None:
    """Lava, the engine and the oracle on the integers of `graph`; Lava and the engine on its floats."""
    integers = compile_loihi(graph, x).graph
    spikes, _, logits = run_oracle(integers, x)
    for ran in (integers, compile_channels(graph)):
        engine = simulate(ran, x, raster=True, execution=DOUBLE)
        witness = run_lava(ran, x, RunOptions(raster=True))
        for unit, nodes in ran.units().items():
            assert engine.raster[unit].any(), f"{unit} is silent, which proves nothing"
            assert np.array_equal(engine.raster[unit], witness.raster[unit]), unit
            if ran.is_integer:
                assert np.array_equal(engine.raster[unit], np.stack([spikes[n.name] for n in nodes], axis=2))
        assert np.allclose(witness.logits, engine.logits, rtol=0, atol=0 if ran.is_integer else 1e-9)
        if ran.is_integer:
            assert np.array_equal(engine.logits, logits)


@pytest.mark.parametrize("kind", ["avg", "sum"])
def test_pools_behind_convolutions(kind: str) -> None:
    assert_no_spike_differs(*pooled_net(5, kind=kind, norm=True, groups=2, stride=1, pool_stride=(2, 3)))


@pytest.mark.parametrize("decay", [0.05, 0.6, 0.95, 1.0])
def test_currents_that_last(decay: float) -> None:
    assert_no_spike_differs(*cuba_net(7, decay=decay, timesteps=5))


@settings(max_examples=4)
@given(own_nets)
def test_any_reset_and_any_decays(sample: tuple[Graph, Array]) -> None:
    """One decay, one of every channel, one of every neuron, of membranes and of currents, with every reset."""
    assert_no_spike_differs(*sample)


@pytest.mark.parametrize(("reset", "decays"), zip(RESETS[1:], DECAYS, strict=True))
def test_resets_by_subtraction_with_currents_of_every_neuron(reset: str, decays: str) -> None:
    assert_no_spike_differs(*own_net(8, reset=reset, decays=decays, currents="neuron", biased=True))


@pytest.mark.parametrize("current", [False, True])
@pytest.mark.parametrize("per_channel", [False, True])
def test_gains_leaks_and_reset_potentials(current: bool, per_channel: bool) -> None:
    assert_no_spike_differs(*own_values_net(11, current=current, per_channel=per_channel, levels=2))
