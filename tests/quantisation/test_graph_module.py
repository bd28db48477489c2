"""A graph as a trainable module: the logits of the engine in floats, the values of the integers with scales."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings

from snnhw.data.datasets import load
from snnhw.graph.ir import Conv2d, Linear, LoihiLIF
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.passes.fold_pool import fold_pool
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.graph_module import GraphModule
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import load_model
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
