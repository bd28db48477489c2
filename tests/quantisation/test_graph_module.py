"""A graph as a trainable module: the logits of the engine in floats, the values of the integers with scales."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from snnhw.data.datasets import load
from snnhw.graph.ir import Conv2d, Linear, LoihiLIF
from snnhw.passes import BEFORE_SYNAPSES, FLOAT, FOLDED, compile_channels, run_passes
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.identity_synapses import identity_synapses
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.graph_module import GraphModule
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import load_model
from tests.exporters.lava.test_recurrent import network
from tests.nets import residual_nets


@settings(max_examples=10)
@given(residual_nets)
def test_the_module_computes_what_the_engine_does(sample):
    graph = run_passes(sample.graph, FLOAT)
    x = torch.as_tensor(sample.inputs, dtype=torch.float32)
    with torch.no_grad():
        logits = GraphModule(graph)(x).numpy()
    np.testing.assert_allclose(logits, simulate(graph, sample.inputs).logits, atol=1e-4)


def test_fine_tuning_begins_with_the_integers():
    model = load_model("digits")
    quantised = compile_loihi(model.graph, load("digits", "train").values[:64])
    start = dequantise(fold_pool(model.graph), quantised)
    module = GraphModule(start, quantised.scales)
    for synapse in quantised.graph.of_type(Conv2d, Linear):
        weight, _ = module._rounded(start.nodes[synapse.name])
        integers = (weight * module.columns[synapse.name]).detach().numpy()
        assert np.abs(integers - synapse.weight).max() < 1e-3
    again = quantise(compile_channels(module.trained()), scales=quantised.scales).graph
    for node in quantised.graph.of_type(LoihiLIF):
        other = again.nodes[node.name]
        assert other.threshold == node.threshold and np.array_equal(other.bias, node.bias)


@pytest.mark.parametrize("loop", ["both", "forward", "two layers"])
@pytest.mark.parametrize("kind", ["LIF", "MLF", "current-based"])
def test_other_neurons_loops_and_max_pools_compute_what_the_engine_does(kind, loop):
    """In floats, and with scales what the integers do; every parameter gets a gradient."""
    graph, inputs = network(kind, loop, steps=2, seed=4)
    x = torch.as_tensor(inputs, dtype=torch.float32).transpose(0, 1)
    trainable = run_passes(graph, (*BEFORE_SYNAPSES, identity_synapses, *FOLDED))
    np.testing.assert_allclose(
        GraphModule(trainable)(x).detach().numpy(), simulate(graph, inputs).logits, rtol=0, atol=1e-5
    )
    quantised = compile_loihi(graph, inputs)
    module = GraphModule(dequantise(trainable, quantised), quantised.scales)
    logits = module(x)
    per_step = quantised.logit_scale * graph.timesteps
    np.testing.assert_allclose(
        logits.detach().numpy(), simulate(quantised.graph, inputs).logits / per_step, rtol=0, atol=1e-4
    )
    logits.square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in module.parameters())
