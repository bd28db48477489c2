"""Quantisation-aware fine-tuning: the module computes what the graph does, rounds as the integers do, recovers loss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snnhw.data.datasets import load
from snnhw.data.samples import Samples, inputs_of
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Linear
from snnhw.graph.weight_width import WeightWidth
from snnhw.passes import compile_channels
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.finetune import Tuning, finetune, with_noise
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import load_model
from tests.exporters.lava.test_recurrent import network


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


@pytest.mark.slow
def test_weights_of_four_bits_are_tuned_and_stay_of_four():
    model, train, test = load_model("digits"), load("digits", "train").first(600), load("digits", "test")
    coarse = compile_loihi(model.graph, train.values[:128], width=WeightWidth(4))
    tuned = finetune(model.graph, coarse, train, Tuning(epochs=1))
    assert tuned.width == WeightWidth(4)
    weights = [node.weight for node in tuned.graph.of_type(Conv2d, Linear)]
    assert all((weight % 32 == 0).all() and np.abs(weight).max() <= 224 for weight in weights)
    before, after = (simulate(one.graph, test.values).accuracy(test.targets) for one in (coarse, tuned))
    assert after >= before - 0.01 and after > 0.9


def test_another_graph_is_refused():
    model = load_model("digits")
    quantised = compile_loihi(model.graph, load("digits", "train").values[:64])
    partial = dataclasses.replace(quantised, scales={})
    with pytest.raises(InputError, match="not the one that was quantised"):
        finetune(model.graph, partial, load("digits", "train"))


def test_samples_without_labels_or_with_other_classes_are_refused():
    model, data = load_model("digits"), load("digits", "train").first(64)
    quantised = compile_loihi(model.graph, data.values)
    with pytest.raises(InputError, match=r"a\.npy has no labels"):
        finetune(model.graph, quantised, inputs_of("a.npy", data.values, None))
    with pytest.raises(InputError, match=r"labels of a\.npz reach 10 and the network has the outputs 0\.\.9"):
        finetune(model.graph, quantised, inputs_of("a.npz", data.values, data.targets + 1))


def test_no_epoch_gives_the_quantisation_back_and_each_one_is_reported():
    model, data = load_model("digits"), load("digits", "train").first(60)
    quantised, ticks = compile_loihi(model.graph, data.values), []
    assert finetune(model.graph, quantised, data, Tuning(epochs=0)) is quantised
    finetune(model.graph, quantised, data, Tuning(epochs=2, lr=0.0), lambda *tick: ticks.append(tick))
    assert ticks == [("fine-tuning epochs", 0, 2), ("fine-tuning epochs", 1, 2), ("fine-tuning epochs", 2, 2)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["LIF", "current-based"])
def test_recurrent_networks_of_plain_neurons_with_a_max_pool_are_tuned(kind):
    """Labels are what the floats say; coarse weights lose many of them, and fine-tuning brings some back."""
    graph, _ = network(kind, "synapse", seed=1, timesteps=4)
    x = np.random.default_rng(0).normal(size=(300, 4, 2, 6, 6)).astype(np.float32)
    labels = simulate(graph, x).logits.argmax(axis=1)
    train, test = (Samples("own", x[part], labels[part], None, "") for part in (slice(0, 200), slice(200, 300)))
    fine = compile_loihi(graph, train.values)
    channels = code_input(compile_channels(graph), train.values)
    scales = {name: scale / (1 if name.startswith("pool") else 60) for name, scale in fine.scales.items()}
    coarse = quantise(channels, scales=scales)

    def accuracy(quantised):
        return simulate(quantised.graph, test.values).accuracy(test.targets)

    tuned = finetune(graph, coarse, train, Tuning(epochs=6, lr=5e-3))
    assert accuracy(fine) > 0.9 and accuracy(coarse) < accuracy(fine) - 0.15
    assert accuracy(tuned) > accuracy(coarse) + 0.05


def test_noise_on_the_weights_has_the_deviation_of_each_layer():
    quantised = compile_loihi(load_model("digits").graph, load("digits", "train").values[:16])
    graph, name = quantised.graph, "stage1_block1_conv1"
    noisy = with_noise(graph, {name: 4.0}, 1)
    added = noisy.nodes[name].weight - graph.nodes[name].weight
    assert added.std() == pytest.approx(4.0, rel=5 / np.sqrt(2 * added.size))
    others = [node for node in graph.nodes if node != name]
    assert all(noisy.nodes[node] is graph.nodes[node] for node in others)
    assert not np.array_equal(with_noise(graph, {name: 4.0}, 2).nodes[name].weight, noisy.nodes[name].weight)


@pytest.mark.slow
def test_fine_tuning_with_noise_makes_a_network_that_bears_it():
    """Noise of 14 weight units, as of devices with a spread of 5 % of their range."""
    model, train, test = load_model("digits"), load("digits", "train"), load("digits", "test")
    made = compile_loihi(model.graph, train.values[:256])
    names = [node.name for node in made.graph.of_type(Conv2d, Linear) if not node.identity]
    noise = dict.fromkeys(names, 14.0)

    def accuracy(quantised):
        chips = (with_noise(quantised.graph, noise, 100 + seed) for seed in range(5))
        return np.mean([simulate(chip, test.values).accuracy(test.targets) for chip in chips])

    tuned = finetune(model.graph, made, train, Tuning(epochs=4, lr=1e-3, weight_noise=noise))
    assert accuracy(tuned) > accuracy(made) + 0.02
