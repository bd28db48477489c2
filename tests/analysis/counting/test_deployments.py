"""The four deployments compute the same values; their work is counted by running each of them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.deployments import deployments, membranes, slots, work
from snnhw.errors import InputError
from snnhw.passes import DEPLOYMENTS, deploy
from snnhw.passes.balance_delays import balance_delays, depth, depths
from snnhw.passes.declare_input import declare_input
from snnhw.passes.inhibited_channels import inhibited_channels
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.analysis.nets import integer_net, networks, random_raster, record_of, three_layers
from tests.nets import with_integer_neurons

K, T, N = 3, 4, 5


def run(graph, inputs, how):
    """Logits, synops and messages of one deployment, operation by operation."""
    node = graph.nodes
    body = torch.as_tensor(node["body"].weight)
    mask = (body != 0).double()
    dense = torch.as_tensor(node["fc"].weight)
    reached = (dense != 0).double()
    current = F.conv2d(torch.as_tensor(inputs), torch.as_tensor(node["stem"].weight), padding=1)
    state = {name: torch.zeros(K, *current.shape, dtype=torch.float64) for name in "ab"}
    logits, synops, messages = torch.zeros(N, 4, dtype=torch.float64), 0.0, 0.0

    def fire(name, x):
        theta = torch.tensor(node[name].thresholds).reshape(-1, 1, 1, 1, 1)
        u = 0.25 * state[name] + x
        s = (u > theta).double()
        state[name] = u * (1 - s)
        return s

    def carriers(s):
        """What travels on one edge, as a list of tensors that the synapses see one after the other."""
        value = s.sum(dim=0)
        if how == "graded":
            return [value]
        if how == "slots":
            return [(value > slot).double() for slot in range(K)]
        return list(s)

    for _ in range(T):
        a = fire("a", current)
        seen = carriers(a)
        if how == "channels":  # every level of b has synapses of its own
            x = torch.stack([sum(F.conv2d(s, body, padding=1) for s in seen) for _ in range(K)])
            synops += K * sum(F.conv2d((s != 0).double(), mask, padding=1).sum() for s in seen)
        else:
            x = sum(F.conv2d(s, body, padding=1) for s in seen)
            synops += sum(F.conv2d((s != 0).double(), mask, padding=1).sum() for s in seen)
        b = fire("b", x)
        for sent, edges in ((a, 2), (b, 1)):
            for s in carriers(sent):
                logits += s.flatten(1) @ dense.T
                synops += ((s != 0).double().flatten(1) @ reached.T).sum()
                messages += edges * (s != 0).sum()
    return logits.numpy(), int(synops), int(messages)


@pytest.mark.parametrize("how", DEPLOYMENTS)
def test_every_deployment_gives_the_same_logits_and_the_counted_work(how):
    graph = integer_net()
    inputs = np.random.default_rng(5).integers(-2, 3, (N, 1, 5, 5)).astype(np.float64)
    record = simulate(graph, inputs, execution=DOUBLE)
    table = deployments(graph, count(graph, record))
    logits, synops, messages = run(graph, inputs, how)
    np.testing.assert_array_equal(logits, record.logits)
    assert (table[how].synops, table[how].messages) == (synops, messages)


@pytest.mark.parametrize("events", [None, 1, 5])  # of the input, in one step
@pytest.mark.parametrize("how", ["graded", "slots"])
def test_the_graph_of_a_deployment_does_the_work_in_the_table(how, events):
    graph = declare_input(integer_net(), events)
    values = (-2, 3) if events is None else (0, events + 1)
    inputs = np.random.default_rng(5).integers(*values, (N, 1, 5, 5)).astype(np.float64)
    record = simulate(graph, inputs, execution=DOUBLE)
    expected = deployments(graph, count(graph, record))[how]
    deployed = deploy(graph, how)
    own = simulate(deployed, inputs, execution=DOUBLE)
    np.testing.assert_array_equal(own.logits, record.logits)
    counts = count(deployed, own)
    assert counts.total("events") == expected.synops
    assert counts.total("neuron_updates") == expected.updates
    assert sum(edge.graded_spikes for layer in counts.layers for edge in layer.edges) == expected.messages
    assert max(edge.payload_bits for edge in deployed.edges) == expected.payload_bits
    delayed = depths(balance_delays(deployed))
    assert deployed.timesteps + delayed["readout"] - 1 == expected.steps


def test_the_table_by_hand():
    graph = integer_net()
    record = simulate(graph, np.ones((2, 1, 5, 5)), execution=DOUBLE)
    table = deployments(graph, count(graph, record))
    assert [table[name].steps for name in DEPLOYMENTS] == [6, 6, 6, 18]  # T + depth - 1, times S in slots
    assert depth(graph) == 3
    assert [table[name].payload_bits for name in DEPLOYMENTS] == [0, 0, 2, 0]
    once = 64 * (27 + 81 + 300)
    assert [table[name].synapse_bits for name in DEPLOYMENTS] == [64 * (3 * 27 + 3 * 81 + 300), once, once, once]
    updates = 2 * T * (75 * K * 2 + 4)
    assert [table[name].updates for name in DEPLOYMENTS] == [updates, updates, updates, 3 * updates]
    with pytest.raises(InputError, match="no deployment 'telepathy'"):
        work(count(graph, record).layers[0], count(graph, record), "telepathy")


@settings(max_examples=25, deadline=None)
@given(networks(), st.integers(0, 2**32 - 1))
def test_graded_needs_least_and_channels_most(graph, seed):
    counts = count(graph, record_of(graph, random_raster(graph, np.random.default_rng(seed))))
    table = deployments(graph, counts)
    assert table["graded"].synops <= table["shared"].synops == table["slots"].synops <= table["channels"].synops
    again = sum(edge.spikes for layer in counts.layers for edge in layer.shared)  # to a further dendrite
    assert table["graded"].messages <= table["shared"].messages == table["channels"].messages - again
    assert table["slots"].updates == slots(counts) * table["shared"].updates


def integers(graph, decay):
    """The network with I-LIF of K levels for its units."""
    return with_integer_neurons(graph, K, decay)


@pytest.mark.parametrize("decay", [0.0, 0.25])
def test_an_integer_neuron_is_one_membrane_and_as_channels_does_what_these_do(decay):
    """The channels are run and counted as the graph that they are, loops included."""
    graph = integers(integer_net(), decay)
    inputs = np.random.default_rng(5).integers(-2, 3, (N, 1, 5, 5)).astype(np.float64)
    record = simulate(graph, inputs, execution=DOUBLE)
    counts = count(graph, record)
    table, split = deployments(graph, counts), inhibited_channels(graph)
    own = simulate(split, inputs, execution=DOUBLE)
    np.testing.assert_array_equal(own.logits, record.logits)
    channels = count(split, own)
    assert table["channels"].synops == channels.total("replicated_synops")
    assert table["channels"].updates == channels.total("neuron_updates")
    assert table["channels"].messages == sum(e.spikes for row in channels.layers for e in (*row.edges, *row.shared))
    fired = sum(int(unit.levels.sum()) for unit in record.units.values())
    assert counts.total("lateral_spikes") == (fired if decay else 0)
    alone = 2 * 75 + 4  # membranes of both populations and of the read-out
    assert [table[name].updates for name in DEPLOYMENTS] == [
        N * T * n for n in (2 * 75 * K + 4, alone, alone, K * alone)
    ]
    assert [membranes(counts.layers[0], name) for name in DEPLOYMENTS] == [K, 1, 1, 1]


@pytest.mark.parametrize("how", ["graded", "slots"])
def test_the_graph_of_an_integer_neuron_does_the_work_in_the_table(how):
    graph = integers(integer_net(), 0.25)
    inputs = np.random.default_rng(6).integers(-2, 3, (N, 1, 5, 5)).astype(np.float64)
    record = simulate(graph, inputs, execution=DOUBLE)
    expected, deployed = deployments(graph, count(graph, record))[how], deploy(graph, how)
    own = simulate(deployed, inputs, execution=DOUBLE)
    np.testing.assert_array_equal(own.logits, record.logits)
    counts = count(deployed, own)
    assert counts.total("events") == expected.synops
    assert counts.total("neuron_updates") == expected.updates
    assert sum(edge.graded_spikes for layer in counts.layers for edge in layer.edges) == expected.messages


def test_integer_neurons_of_two_batches_add_up():
    graph = integers(integer_net(), 0.25)
    inputs = np.random.default_rng(7).integers(-2, 3, (4, 1, 5, 5)).astype(np.float64)
    whole = count(graph, simulate(graph, inputs, execution=DOUBLE))
    parts = [count(graph, simulate(graph, half, execution=DOUBLE)) for half in (inputs[:1], inputs[1:])]
    assert parts[0].merge(parts[1]) == whole
    assert all(row.to_dict(1, T)["membranes"] == 1 for row in whole.layers)


@pytest.mark.parametrize("loop", [False, True])
def test_a_loop_adds_no_steps_to_those_of_the_layers(loop):
    graph = three_layers(loop=loop)
    record = simulate(graph, np.ones((2, 3)), execution=DOUBLE)
    table = deployments(graph, count(graph, record))
    assert [table[name].steps for name in ("channels", "shared", "graded")] == [graph.timesteps + 3 - 1] * 3
