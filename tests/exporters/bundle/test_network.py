"""The plain description holds what the recurrence needs, and its own simulation sends the engine's spikes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings

from snnhw.exporters.bundle.network import described
from snnhw.exporters.bundle.verify_certificate import Network
from snnhw.simulation.engine import simulate
from tests.exporters.c.built import tamed
from tests.exporters.c.test_c import SPECIAL, counted
from tests.exporters.lava.nets import chains


def same_as_engine(graph, x):
    network, arrays = described(graph)
    record = simulate(graph, x, raster=True)
    frames = graph.input.coded(x if x.ndim > len(graph.input.shape) + 1 else x[:, None])
    loops = Network(json.loads(json.dumps(network)), arrays)
    for n, sample in enumerate(frames):
        fired, output = loops.run(sample)
        assert np.array_equal(output, record.logits[n])
        for unit, nodes in graph.units().items():
            for level, node in enumerate(nodes):
                assert np.array_equal(fired[node.name], record.raster[unit][n, :, level])
    return sum(int(unit.levels.sum()) for unit in record.units.values())


@settings(max_examples=20, deadline=None)
@given(chains(integer=True))
def test_any_chain(chain):
    net, graph = chain
    same_as_engine(tamed(graph), net.inputs(2))


@pytest.mark.parametrize("name", SPECIAL)
def test_what_few_networks_have(name):
    graph, x = SPECIAL[name]()
    assert same_as_engine(graph, x[:2]) > 10


def test_a_pool_is_a_convolution_of_ones():
    graph, _ = counted()
    network, arrays = described(graph)
    (pool,) = (node for node in network["nodes"] if node["name"] == "pool")
    assert (pool["kind"], pool["groups"], pool["stride"]) == ("convolution", 2, [2, 2])
    assert arrays["pool/weight"].shape == (2, 1, 3, 3) and arrays["pool/weight"].all()
