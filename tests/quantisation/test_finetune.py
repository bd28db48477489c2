"""Quantisation-aware fine-tuning: the module computes what the graph does, rounds as the integers do, recovers loss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Linear, LoihiLIF
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.passes.fold_pool import fold_pool
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.finetune import Tuning, finetune
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


@pytest.mark.slow
def test_fine_tuning_recovers_what_coarse_integers_lose():
    """A fortieth of the scale leaves weights of -6..6; two epochs bring most of the accuracy back."""
    model, train, test = load_model("digits"), load("digits", "train"), load("digits", "test")
    fine = compile_loihi(model.graph, train.values[:256])
    channels = code_input(compile_channels(model.graph), train.values[:256])
    coarse = quantise(channels, scales={k: v / 40 for k, v in fine.scales.items()})

    def accuracy(quantised):
        return simulate(quantised.graph, test.values).accuracy(test.targets)

    tuned = finetune(model.graph, coarse, train, Tuning(epochs=2, lr=1e-3))
    assert accuracy(coarse) < accuracy(fine) - 0.1
    assert accuracy(tuned) > accuracy(fine) - 0.05
    assert all((tuned.scales[k] == coarse.scales[k]).all() for k in coarse.scales)


def test_another_graph_is_refused():
    model = load_model("digits")
    quantised = compile_loihi(model.graph, load("digits", "train").values[:64])
    partial = dataclasses.replace(quantised, scales={})
    with pytest.raises(InputError, match="not the one that was quantised"):
        finetune(model.graph, partial, load("digits", "train"))
