"""Metadata gives back what a file cannot hold, and gives way to what the file holds instead."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise

import nir
import numpy as np
import pytest
from hypothesis import assume, given

from snnhw.graph.ir import LI, LIF, MLF, Conv2d, Graph, Input, Linear, LoihiLIF, Node, Readout
from snnhw.graph.same import differences
from snnhw.nir.frameworks import DIALECTS
from snnhw.nir.io import from_nir, to_nir
from tests.graph.strategies import integer_graphs
from tests.nir.builders import net
from tests.nir.read.foreign import codes


def array(node: object, key: str) -> np.ndarray:
    """A field of a node in memory that can be changed in place."""
    value = np.array(getattr(node, key))
    setattr(node, key, value)
    return value


@given(integer_graphs())
def test_one_changed_threshold_makes_all_neurons_those_of_the_arrays(graph: Graph) -> None:
    """Integers come back all or none: half of them would be no network that anything runs."""
    written = to_nir(graph)
    array(written.nodes["second_l1"], "v_threshold")[...] += 1
    again = from_nir(written, recognise=False)
    assert not again.of_type(LoihiLIF)
    assert codes(again).count("metadata-contradicted") == 1
    assert again.nodes["second_l1"].threshold == 101 and again.nodes["first_l1"].threshold == 100


@pytest.mark.parametrize("change", [0.0, 0.5, 2.0])
@given(integer_graphs())
def test_a_changed_bias_of_an_integer_neuron_is_not_added_to_the_one_in_the_metadata(
    change: float, graph: Graph
) -> None:
    """The bias of some neurons lies in the synapse before them, and that array is the only one there is."""
    written = to_nir(graph)
    held = json.loads(written.metadata["snnhw"])["bias_of"]
    assume(held)
    for name in held:
        array(written.nodes[name], "bias")[...] *= change
    again = from_nir(written, recognise=False)
    assert not again.of_type(LoihiLIF) and "metadata-contradicted" in codes(again)
    for name in held:
        bias = again.nodes[name].bias
        np.testing.assert_array_equal(0 if bias is None else bias, written.nodes[name].bias if change else 0)
        assert not any(np.any(again.nodes[e.target].leak) for e in again.out_of(name))
    assert codes(again).count("input-not-coded") == (graph.input.scale is not None)


@given(integer_graphs())
def test_a_weight_that_is_no_integer_any_more_stays_as_it_is(graph: Graph) -> None:
    written = to_nir(graph)
    array(written.nodes["fc"], "weight")[0, 0] += 0.5
    again = from_nir(written)
    assert again.nodes["fc"].weight.dtype.kind == "f"
    np.testing.assert_array_equal(again.nodes["fc"].weight, written.nodes["fc"].weight)
    assert again.nodes["conv2"].weight.dtype == graph.nodes["conv2"].weight.dtype


@pytest.mark.parametrize("dialect", list(DIALECTS))
@pytest.mark.parametrize("key", ["v_threshold", "tau"])
def test_a_neuron_that_another_tool_changed_is_taken_from_the_arrays(dialect: str, key: str) -> None:
    graph = net()
    written = to_nir(graph, dialect=dialect)
    array(written.nodes["unit_l1"], key)[...] *= 0.5 if key == "v_threshold" else 2
    again = from_nir(written, recognise=False)
    assert again.nodes["unit_l2"].threshold == graph.nodes["unit"].thresholds[1]
    changed = again.nodes["unit_l1"]
    if key == "v_threshold":
        assert changed.threshold == pytest.approx(0.3 * (0.75 if dialect == "norse" else 1), rel=1e-6)
    else:
        assert changed.decay == pytest.approx(0.625 if DIALECTS[dialect].form != "exponential" else 0.5, rel=1e-6)
    assert codes(again).count("metadata-contradicted") == 1


def test_a_bias_that_another_tool_set_is_kept_and_zeros_are_none_again() -> None:
    written = to_nir(net())
    array(written.nodes["fc"], "bias")[1] = 0.5
    again = from_nir(written)
    np.testing.assert_array_equal(again.nodes["fc"].bias, [0, 0.5, 0])
    assert again.nodes["conv"].bias is None


def test_a_grouped_convolution_whose_zeros_are_gone_stays_dense() -> None:
    rng = np.random.default_rng(0)
    graph = net()
    conv = Conv2d(name="conv", shape=(2, 3, 3), weight=rng.normal(size=(2, 1, 3, 1)), padding=(1, 0), groups=1)
    graph = graph.replace(nodes={**graph.nodes, "conv": conv})
    assert differences(from_nir(to_nir(graph)), graph) == ()
    written = to_nir(graph)
    array(written.nodes["conv"], "weight")[0, 0, 0, 0] = 1
    again = from_nir(written).nodes["conv"]
    assert again.weight.shape == (2, 1, 3, 3) and again.padding == (1, 1)


def test_input_and_readout_come_back_from_the_metadata_alone() -> None:
    graph = net()
    nodes = {
        **graph.nodes,
        "input": dataclasses.replace(graph.nodes["input"], levels=3),
        "readout": dataclasses.replace(graph.nodes["readout"], reduction="sum"),
    }
    written = to_nir(graph.replace(nodes=nodes))
    again = from_nir(written)
    assert (again.input.levels, again.readout.reduction) == (3, "sum")
    written.metadata = {}
    assert (from_nir(written).input.levels, from_nir(written).readout.reduction) == (None, "mean")


def test_an_integrator_keeps_its_exact_numbers() -> None:
    nodes: list[Node] = [
        Input(name="input", shape=(4,)),
        Linear(name="fc", shape=(4,), weight=np.eye(4, dtype=np.float32)),
        LI(name="slow", shape=(4,), decay=0.3, gain=0.7, leak=0.1),
        LIF(name="n", shape=(4,), decay=1 / 3, threshold=1.0, leak=0.2, v_reset=-0.1),
        Readout(name="readout", shape=(4,)),
    ]
    graph = Graph.build(nodes, pairwise(n.name for n in nodes), 2)
    written = to_nir(graph)
    assert isinstance(written.nodes["slow"], nir.LI) and written.nodes["slow"].tau.dtype == np.float32
    assert differences(from_nir(written), graph) == ()
    assert not from_nir(written).of_type(MLF)
