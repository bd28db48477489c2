"""Types hold what can occur, and no more than that."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

from snnhw.exporters.c.values import output_type, sent, value_type
from snnhw.graph.ir import Linear
from snnhw.simulation.engine import simulate
from tests.exporters.c.built import tamed
from tests.exporters.c.test_c import counted
from tests.exporters.lava.nets import chains, residual


def test_a_byte_for_an_input_of_8_bits_and_spikes():
    _, graph = residual()
    assert value_type(graph) == "int8_t" and output_type(graph) == "int32_t"
    assert sent(graph, "input") == (-128, 127) and sent(graph, "stem_l1") == (0, 1)
    wide = dataclasses.replace(graph.input, bits=9)
    assert value_type(graph.replace(nodes={**graph.nodes, "input": wide})) == "int16_t"


@pytest.mark.parametrize(("levels", "low", "high"), [(3, 0, 27), (1, 0, 9)])
def test_a_pool_sends_the_sum_of_its_window(levels, low, high):
    graph, _ = counted(levels)
    assert sent(graph, "pool") == (low, high) and sent(graph, "input") == (0, levels)


def test_sums_of_many_steps_take_64_bits():
    _, graph = residual()
    head = graph.nodes["head"]
    assert isinstance(head, Linear)
    big = dataclasses.replace(head, bias=np.full(4, 2**30))
    assert output_type(graph.replace(nodes={**graph.nodes, "head": big})) == "int64_t"


@settings(max_examples=10, deadline=None)
@given(chains(integer=True))
def test_outputs_stay_in_their_type(chain):
    net, graph = chain
    graph = tamed(graph)
    assert output_type(graph) == "int32_t" and np.abs(simulate(graph, net.inputs(2)).logits).max() < 2**31
