"""The weight scale: the best of all candidates by brute force, and every limit kept."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Graph, Input, Linear, Readout
from snnhw.quantisation.moments import Moments
from snnhw.quantisation.scale_search import CANDIDATES, UNBOUNDED, best_scales, total_bias


def layer(seed, inputs=4, outputs=3, bits=8, theta=1.0, bias=None):
    """(graph, synapse, neuron): inputs of `bits` bits into one linear layer and its neurons."""
    weight = np.random.default_rng(seed).normal(size=(outputs, inputs))
    nodes = [
        Input(name="input", shape=(inputs,), scale=8.0, bits=bits),
        Linear(name="fc", shape=(outputs,), weight=weight, bias=bias),
        LIF(name="u", shape=(outputs,), decay=0.5, threshold=theta),
        Linear(name="head", shape=(2,), weight=np.ones((2, outputs))),
        Readout(name="readout", shape=(2,)),
    ]
    graph = Graph.build(nodes, pairwise(n.name for n in nodes), 1)
    return graph, graph.nodes["fc"], graph.nodes["u"]


def slow_error(weight, scale, gain, theta, square):
    """Squared error of one output with one scale, weight by weight."""
    total = (round(scale * theta) / scale - theta) ** 2
    for w, usage in zip(weight, square, strict=True):
        integer = min(254, max(-254, 2 * round(w * scale / gain / 2)))
        total += usage * (integer / (scale / gain) - w) ** 2
    return total


@given(st.integers(0, 2**31), st.booleans(), st.sampled_from([1.0, 8.0]))
def test_no_candidate_has_a_smaller_error(seed, per_channel, gain):
    graph, fc, unit = layer(seed)
    square = np.random.default_rng(seed + 1).uniform(0.1, 2.0, 4)
    moments = {"fc": Moments(10, (10 * np.diag(square)[None],))}
    scale, error = best_scales(graph, [fc], {"fc": gain}, [unit], moments, per_channel=per_channel)
    largest = np.abs(fc.weight).max(axis=1) if per_channel else np.full(3, np.abs(fc.weight).max())
    tried = np.outer(CANDIDATES, 254 * gain / largest)  # nothing else limits so small a layer
    errors = np.array([[slow_error(fc.weight[o], s[o], gain, 1.0, square + 1e-3) for o in range(3)] for s in tried])
    best = errors.min(axis=0).sum() if per_channel else errors.sum(axis=1).min()
    assert error == pytest.approx(best, rel=1e-9)
    chosen = sum(slow_error(fc.weight[o], scale[o], gain, 1.0, square + 1e-3) for o in range(3))
    assert chosen == pytest.approx(best, rel=1e-9)
    assert per_channel or len(set(scale)) == 1


@given(st.integers(0, 2**31), st.integers(2, 12), st.sampled_from([200, 2000]), st.sampled_from([0.5, 1e3, 1e5]))
def test_the_worst_input_stays_below_2_to_the_17_and_thresholds_fit(seed, bits, inputs, theta):
    graph, fc, unit = layer(seed, inputs=inputs, bits=bits, theta=theta)
    scale, _ = best_scales(graph, [fc], {"fc": 8.0}, [unit], {})
    integers = np.clip(2 * np.rint(fc.weight * scale[:, None] / 8.0 / 2), -254, 254)
    assert (np.abs(integers).sum(axis=1) * 2 ** (bits - 1) < 2**17).all()
    assert scale[0] * theta < 2**17


def test_a_layer_of_zeros_is_not_bounded_and_a_bias_bounds_it():
    graph, fc, _ = layer(0)
    zeros = Linear(name="fc", shape=(3,), weight=np.zeros((3, 4)))
    scale, error = best_scales(graph, [zeros], {"fc": 1.0}, [], {})
    assert scale.tolist() == [CANDIDATES[0] * UNBOUNDED] * 3 and error == 0  # all are as good: the first
    graph, fc, unit = layer(0, bias=np.array([0.0, -50.0, 1e4]))
    scale, _ = best_scales(graph, [fc], {"fc": 1.0}, [unit], {}, per_channel=True)
    assert 64 * scale[2] * 1e4 == pytest.approx(4095 * 2**7) and 64 * scale[0] * 1e4 > 4095 * 2**7


def test_biases_of_all_synapses_add_up():
    _, fc, _ = layer(0, bias=np.array([1.0, 2.0, 3.0]))
    plain = Linear(name="b", shape=(3,), weight=fc.weight)
    assert total_bias([fc, plain, fc]).tolist() == [2.0, 4.0, 6.0]
