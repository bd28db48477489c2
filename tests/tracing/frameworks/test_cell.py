"""Nodes that belong together: names that are free, and weights around a neuron."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, Conv2d, Edge, Linear
from snnhw.tracing.frameworks.cell import current_based, current_name, recurrent, single, weights_of

NEURON = LIF(name="n", shape=(3,), decay=0.5, threshold=1.0)
CURRENT = LI(name=current_name("n"), shape=(3,), decay=0.5, current_of="n")


def matrix(outputs=3, **fields):
    return Linear(name="around", shape=(outputs,), weight=np.ones((outputs, 3)), **fields)


def test_the_last_node_sends_and_the_first_takes():
    cell = current_based(CURRENT, NEURON)
    assert (cell.entry, cell.sent, cell.sender) == ("n_syn", "n", NEURON)
    assert cell.edges == (Edge("n_syn", "n"),)


@pytest.mark.parametrize("from_the_start", [True, False])
def test_spikes_come_back_one_step_later_into_the_current(from_the_start):
    cell = recurrent(current_based(CURRENT, NEURON), matrix(), from_the_start=from_the_start)
    way = ["n", "n_previous", "around"] if from_the_start else ["n", "around", "n_previous"]
    assert set(cell.edges) == {Edge("n_syn", "n"), *map(Edge, way, [*way[1:], "n_syn"])}
    assert (cell.entry, cell.sent) == ("n_syn", "n")


def test_names_that_are_taken_give_way():
    cell = recurrent(single(NEURON), matrix()).renamed({"around", "n_previous"})
    assert [node.name for node in cell.nodes] == ["n", "n_previous_", "around_"]
    assert cell.edges == (Edge("n", "n_previous_"), Edge("n_previous_", "around_"), Edge("around_", "n"))


def test_weights_give_what_the_neurons_take():
    assert weights_of("n", matrix(), NEURON).shape == (3,)
    with pytest.raises(InputError, match=r"weights of 'n' give \(4,\) where its neurons are \(3,\)"):
        weights_of("n", matrix(4), NEURON)
    with pytest.raises(InputError, match="make them equal"):
        weights_of("n", Conv2d(name="c", shape=(1, 2, 2), weight=np.ones((1, 1, 1, 1))), NEURON)
