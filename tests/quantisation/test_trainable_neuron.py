"""Neurons for fine-tuning: forwards those of the engine, backwards the rectangle of MLF."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LI, LIF
from snnhw.nn.neurons import MLF
from snnhw.quantisation.trainable_neuron import TrainableCurrent, TrainableNeuron
from snnhw.simulation.neurons import step_unit
from snnhw.simulation.synapses import apply_node


@given(seed=st.integers(0, 2**31), decay=st.floats(0, 1), leak=st.sampled_from([0.0, 0.2]), several=st.booleans())
def test_spikes_are_those_of_the_engine(seed, decay, leak, several):
    rng = np.random.default_rng(seed)
    x = torch.as_tensor(rng.normal(size=(6, 4, 5)))
    threshold = rng.uniform(0.2, 1, 5) if several else 0.4
    node = LIF(name="n", shape=(5,), decay=decay, threshold=threshold, leak=leak, start=0.1)
    neuron = TrainableNeuron(node, node.thetas)
    for _ in range(2):  # each batch starts afresh
        neuron.start()
        sent = torch.stack([neuron.step(frame) for frame in x])
        wanted = torch.stack([spikes[0] for spikes, _ in step_unit([node], x)])
        assert torch.equal(sent, wanted.to(sent.dtype))


@given(seed=st.integers(0, 2**31), decay=st.floats(0, 1), levels=st.integers(1, 3))
def test_gradients_are_those_of_the_fused_unit(seed, decay, levels):
    thresholds = tuple(0.5 + 0.5 * k for k in range(levels))
    node = LIF(name="n", shape=(5,), decay=decay, threshold=0.5)
    values = torch.as_tensor(np.random.default_rng(seed).normal(size=(6, 4, 5)))
    given_back = torch.as_tensor(np.random.default_rng(seed + 1).normal(size=(6, 4, 5)))
    ours, theirs = (values.clone().requires_grad_() for _ in range(2))
    neuron = TrainableNeuron(node, thresholds)
    neuron.start()
    torch.stack([neuron.step(frame) for frame in ours]).backward(given_back)
    unit = MLF(thresholds, decay, timesteps=6)
    unit(theirs.flatten(0, 1)).backward(given_back.flatten(0, 1))
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_a_current_is_that_of_the_engine():
    rng = np.random.default_rng(0)
    x = torch.as_tensor(rng.normal(size=(6, 4, 5)))
    node = LI(name="c", shape=(5,), decay=0.7, gain=rng.normal(size=5), leak=0.1, start=0.3)
    current = TrainableCurrent(node)
    for _ in range(2):
        current.start()
        torch.testing.assert_close(torch.stack([current.step(frame) for frame in x]), apply_node(node, x))
