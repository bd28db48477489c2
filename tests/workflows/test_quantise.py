"""Integers in a file, and their loss on the samples that fixed the scales."""

import numpy as np

from snnhw.data.samples import inputs_of
from snnhw.graph.same import same_graph
from snnhw.nir.io import read_nir
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.workflows.quantise import Integers, quantise


def test_the_file_holds_the_integers_of_the_first_samples(digits, some, tmp_path):
    made = quantise(digits, some, tmp_path / "a.nir", Integers(samples=10))
    expected = compile_loihi(digits.graph, some.values[:10])
    assert same_graph(made.quantised.graph, expected.graph) and made.loss.samples == 10
    read = read_nir(tmp_path / "a.nir")
    assert np.array_equal(simulate(read, some.values).logits, simulate(expected.graph, some.values).logits)


def test_accuracies_are_those_of_the_two_networks(digits, some, tmp_path):
    made = quantise(digits, some, tmp_path / "a.nir")
    floats, integers = (simulate(g, some.values).logits.argmax(1) for g in (digits.graph, made.quantised.graph))
    assert made.loss.float_accuracy == float((floats == some.targets).mean())
    assert made.loss.integers.accuracy == float((integers == some.targets).mean())
    assert made.loss.integers.same_class == float((floats == integers).mean())


def test_every_layer_alone_is_measured_on_request(digits, some, tmp_path):
    few = inputs_of("few", some.values[:6], some.targets[:6])
    stages: list[str] = []
    made = quantise(
        digits, few, tmp_path / "a.nir", Integers(each_layer=True), lambda stage, done, of: stages.append(stage)
    )
    assert all(layer.alone is not None for layer in made.loss.layers) and set(stages) == {
        "calibration",
        "layers rounded",
        "networks run",
    }
    assert set(made.to_dict()) == {"path", "weight_bits", "layers", "loss", "findings", "assumed"}
