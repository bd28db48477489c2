"""Quantisation-aware fine-tuning: the module computes what the graph does, rounds as the integers do, recovers loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from snnhw.compile import compile_channels, compile_loihi
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d
from snnhw.model import load_model
from snnhw.passes import FLOAT, run_passes
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.quantise import quantise
from snnhw.simulate.engine import simulate
from snnhw.train.data import load
from snnhw.train.finetune import finetune
from snnhw.train.graph_module import GraphModule
from tests.nets import residual_nets


@settings(max_examples=10)
@given(residual_nets)
def test_the_module_computes_what_the_engine_does(sample):
    graph = run_passes(sample.graph, FLOAT)
    x = torch.as_tensor(sample.inputs, dtype=torch.float32)
    with torch.no_grad():
        logits = GraphModule(graph)(x).numpy()
    np.testing.assert_allclose(logits, simulate(graph, sample.inputs).logits, atol=1e-4)


def test_rounded_weights_are_the_integers():
    model = load_model("digits")
    quantised = compile_loihi(model.graph, load("digits", "train").inputs[:64])
    module = GraphModule(fold_pool(model.graph), quantised.scales, quantised.graph.input.scale)
    for conv in quantised.graph.of_type(Conv2d):
        weight, _ = module._rounded(module.graph.nodes[conv.name])
        column = module.columns[conv.name]
        assert (np.rint((weight * column).detach().numpy()).astype(int) == conv.weight).all()


@pytest.mark.slow
def test_fine_tuning_recovers_what_coarse_integers_lose():
    """A fortieth of the scale leaves weights of -6..6; two epochs bring most of the accuracy back."""
    model, train, test = load_model("digits"), load("digits", "train"), load("digits", "test")
    fine = compile_loihi(model.graph, train.inputs[:256])
    limit = float(np.abs(train.inputs).max())
    coarse = quantise(
        compile_channels(model.graph), input_limit=limit, scales={k: v / 40 for k, v in fine.scales.items()}
    )

    def accuracy(quantised):
        return simulate(quantised.graph, test.inputs).accuracy(test.targets)

    tuned = finetune(model.graph, coarse, train, epochs=2, lr=1e-3)
    assert accuracy(coarse) < accuracy(fine) - 0.1
    assert accuracy(tuned) > accuracy(fine) - 0.05
    assert all((tuned.scales[k] == coarse.scales[k]).all() for k in coarse.scales)


def test_another_graph_is_refused():
    model = load_model("digits")
    quantised = compile_loihi(model.graph, load("digits", "train").inputs[:64])
    renamed = quantise(compile_channels(model.graph), input_limit=1.0)
    partial = type(renamed)(renamed.graph, renamed.layers, {})
    with pytest.raises(InputError, match="not the one that was quantised"):
        finetune(model.graph, partial, load("digits", "train"))
    assert quantised.scales.keys() == renamed.scales.keys()
