"""The N-MNIST network of the zoo on events: what is counted is what a walk over every event and every tap finds."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.data.datasets import dataset
from snnhw.simulation.engine import simulate
from snnhw.workflows.input_kind import with_input_kind
from snnhw.workflows.load import load_model
from tests.oracle import count_events


@pytest.mark.slow
def test_events_are_counted_one_by_one() -> None:
    """A sample of at most 3 events at a place and step; every branch of the network, residual sums included."""
    rng = np.random.default_rng(0)
    model = load_model("nmnist")
    shape = (1, model.graph.timesteps, *model.graph.input.shape)
    frames = (rng.integers(1, 4, shape) * (rng.random(shape) < 0.02)).astype(np.float32)
    events = dataset("camera:test", frames, np.zeros(1, int), 10, events=True)
    graph = with_input_kind(model, events).graph
    record = simulate(graph, events.values, raster=True)
    raster = {**record.raster, "input": np.stack([frames >= k for k in (1, 2, 3)], axis=2)}
    walked = {key: amounts for key, amounts in count_events(graph, raster).items() if any(amounts)}
    counts = count(graph, record)
    edges = [edge for layer in counts.layers for edge in (*layer.edges, *layer.shared)]
    found = {(e.source, e.synapse, e.target): [e.events, e.unit_synops, e.replicated_synops] for e in edges}
    assert {key: amounts for key, amounts in found.items() if any(amounts)} == walked
    assert len(walked) > 8 and ("input", "stem_conv", "stem_mlf") in walked
    assert counts.total("macs") == 0 and counts.layers[0].dense_macs == 160_000
