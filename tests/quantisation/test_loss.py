"""The loss report: what both simulations say, and the layers one at a time."""

from __future__ import annotations

import dataclasses

import pytest

from snnhw.data.datasets import load
from snnhw.passes import compile_channels
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.loss import measure_loss
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import load_model
from tests.nets import residual_net


def test_the_report_is_what_the_two_simulations_say():
    sample = residual_net(0, samples=12)
    quantised = compile_loihi(sample.graph, sample.inputs)
    floats, integers = simulate(sample.graph, sample.inputs), simulate(quantised.graph, sample.inputs)
    targets = floats.logits.argmax(axis=1)
    found = measure_loss(sample.graph, quantised, sample.inputs, targets)
    right = float((integers.logits.argmax(axis=1) == targets).mean())
    assert (found.samples, found.float_accuracy) == (12, 1.0)
    assert found.integers.accuracy == found.integers.same_class == right
    assert [layer.name for layer in found.layers] == [*sample.graph.units(), "head"]
    for layer in found.layers[:-1]:
        before, after = (int(r.units[layer.name].spikes.sum()) for r in (floats, integers))
        assert layer.spikes == before > 0 and layer.spike_change == after / before - 1
    assert found.layers[-1].spike_change is None and all(layer.alone is None for layer in found.layers)


@pytest.mark.slow
def test_the_layer_that_costs_the_classes_is_found():
    """One unit of the digits network with a two-hundredth of its scale."""
    graph, images = load_model("digits").graph, load("digits", "test").values[:60]
    fine, culprit = compile_loihi(graph, images), "stage2_block1_mlf1"
    scales = {name: s / 200 if name == culprit else s for name, s in fine.scales.items()}
    channels = compile_channels(graph)
    coarse = quantise(channels.replace(nodes={**channels.nodes, "input": fine.graph.input}), scales=scales)
    ticks = []
    found = measure_loss(graph, coarse, images, each_layer=True, progress=lambda *tick: ticks.append(tick))
    same = {layer.name: layer.alone.same_class for layer in found.layers}
    assert min(same, key=same.get) == culprit and same[culprit] < 0.8
    assert min(share for name, share in same.items() if name != culprit) > 0.95
    assert found.integers.accuracy is None and ticks[-1] == ("networks run", 12, 12)


def test_floats_that_ran_for_the_calibration_are_not_run_again(monkeypatch):
    """The same report with and without, and a run more on other samples, in place too."""
    sample, ran = residual_net(0, samples=12), []
    quantised = compile_loihi(sample.graph, sample.inputs)
    alone = measure_loss(sample.graph, dataclasses.replace(quantised, calibrated=None), sample.inputs)
    monkeypatch.setattr(
        "snnhw.quantisation.loss.simulate", lambda graph, inputs: ran.append(graph) or simulate(graph, inputs)
    )
    assert measure_loss(sample.graph, quantised, sample.inputs) == alone and ran == [quantised.graph]
    sample.inputs[3] *= 0.5
    changed = measure_loss(sample.graph, quantised, sample.inputs)
    assert len(ran) == 3 and changed != alone
