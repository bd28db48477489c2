"""The whole engine: batches, gains, bad inputs, and integer networks against loops over neurons."""

from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Conv2d, Edge, Flatten, Graph, Input, Linear, Readout
from snnhw.passes import LOIHI_CHANNELS, run_passes
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import check_sample, samples_together, simulate, simulate_in_batches
from snnhw.simulation.events import _packed
from snnhw.simulation.execution import Execution
from snnhw.simulation.record import SpikeRecord
from tests.loihi_oracle import loihi_neuron
from tests.nets import neuron, residual_net, residual_nets


def test_batches_add_up_and_static_input_equals_repeated_frames():
    sample = residual_net(samples=5)
    whole = simulate(sample.graph, sample.inputs, raster=True)
    parts = simulate(sample.graph, sample.inputs, execution=Execution(batch_size=2), raster=True)
    frames = np.repeat(sample.inputs[:, None], sample.graph.timesteps, axis=1)
    repeated = simulate(sample.graph, frames, raster=True)
    for unit in whole.units:
        assert (whole.units[unit].levels == parts.units[unit].levels).all()
        assert (whole.units[unit].levels_t == parts.units[unit].levels_t).all()
        assert (whole.raster[unit] == parts.raster[unit]).all()
        assert (whole.raster[unit] == repeated.raster[unit]).all()
        raster = whole.raster[unit].astype(int)
        assert (raster.sum(axis=(0, 1)) == whole.units[unit].levels).all()
        assert (whole.units[unit].levels_t == raster.sum(axis=(0, *range(3, raster.ndim))).T).all()
        assert ((raster.sum(axis=2) > 0).sum(axis=(0, 1)) == whole.units[unit].graded_spikes).all()


def test_large_nodes_run_fewer_samples_together(monkeypatch):
    """On the CPU alone; the sums are those of one batch, and weights are packed once for all batches."""
    sample = residual_net(samples=7)
    bytes_of_one = check_sample(sample.graph)
    whole = simulate(sample.graph, sample.inputs)
    packed = []
    monkeypatch.setattr(
        "snnhw.simulation.events._packed", lambda *given: packed.append(given[0].name) or _packed(*given)
    )
    for room, sizes in ((3 * bytes_of_one, [3, 3, 1]), (bytes_of_one - 1, [1] * 7)):
        monkeypatch.setattr("snnhw.simulation.engine.NEAR_BYTES", room)
        records = list(simulate_in_batches(sample.graph, sample.inputs))
        assert [record.samples for record in records] == sizes
        assert samples_together(sample.graph, Execution(device="cuda")) == 64
        merged = reduce(SpikeRecord.merge, records)
        for name, unit in whole.units.items():
            assert (merged.units[name].levels == unit.levels).all()
        assert len(packed) == len(set(packed))
        packed.clear()


@pytest.mark.parametrize("shape", [(3,), (1, 1, 3)])
def test_the_inputs_of_the_caller_are_left_as_they_are(shape):
    flat = [Flatten(name="flat", shape=(3,))] if len(shape) == 3 else []
    lif = LIF(name="lif", shape=(3,), decay=0.5, threshold=1.0)
    nodes = [Input(name="input", shape=shape), *flat, lif, Readout(name="readout", shape=(3,))]
    graph = Graph.build(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)], 4)
    inputs = np.random.default_rng(0).normal(1, 1, (1, 4, *shape)).astype(np.float32)
    before = inputs.copy()
    first = simulate(graph, inputs, raster=True).raster["lif"]
    assert (inputs == before).all()
    assert 0 < first.mean() < 1 and (simulate(graph, before, raster=True).raster["lif"] == first).all()


def test_gain_doubles_what_arrives():
    def chain(edges):
        nodes = [
            Input(name="input", shape=(3,)),
            Linear(name="fc", shape=(2,), weight=np.arange(6.0).reshape(2, 3)),
            Readout(name="readout", shape=(2,)),
        ]
        return Graph.build(nodes, edges, 2)

    x = np.array([[1.0, 2.0, 3.0]])
    once = simulate(chain([("input", "fc"), ("fc", "readout")]), x).logits
    twice = simulate(chain([Edge("input", "fc", gain=2), Edge("fc", "readout")]), x).logits
    assert (twice == 2 * once).all()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 3, 6, 6)), "do not fit"),
        (np.zeros((2, 7, 2, 6, 6)), "do not fit"),
        (np.full((2, 2, 6, 6), np.nan), "sample 0 holds NaN"),
        (np.zeros((0, 2, 6, 6)), "no samples"),
    ],
)
def test_bad_inputs_are_named(inputs, message):
    with pytest.raises(InputError, match=message):
        simulate(residual_net().graph, inputs)


def test_a_cycle_is_named():
    sample = residual_net()
    looped = sample.graph.replace(edges=(*sample.graph.edges, Edge("s0b0_2_mlf", "s0b0_1_conv")))
    with pytest.raises(InputError, match=r"cycle.*s0b0_1_conv"):
        simulate(looped, sample.inputs)


def test_an_image_behind_a_flatten_is_summed_exactly():
    """Sums beyond 2^24 with 16-bit inputs: the engine takes float64 although the input is not the direct source."""
    rng = np.random.default_rng(0)
    weight = (2 * rng.integers(-127, 128, (40, 1024))).astype(np.int32)
    nodes = [
        Input(name="input", shape=(4, 16, 16), scale=1.0, bits=16),
        Flatten(name="flat", shape=(1024,)),
        Linear(name="out", shape=(40,), weight=weight),
        Readout(name="readout", shape=(40,), reduction="sum"),
        Linear(name="side", shape=(1,), weight=weight[:1]),
        neuron(),
    ]
    edges = [("input", "flat"), ("flat", "out"), ("out", "readout"), ("flat", "side"), ("side", "n")]
    inputs = rng.integers(-32768, 32768, (3, 4, 16, 16))
    wanted = inputs.reshape(3, -1) @ weight.T.astype(np.int64)
    assert np.abs(wanted).max() > 2**24
    assert np.array_equal(simulate(Graph.build(nodes, edges, 1), inputs).logits, wanted)


@given(residual_nets)
def test_integer_network_equals_a_loop_over_neurons(sample):
    """The whole engine against integer convolutions and the oracle neuron, for a few neurons of every unit."""
    graph = quantise(code_input(run_passes(sample.graph, LOIHI_CHANNELS), sample.inputs)).graph
    inputs = sample.inputs[:1]
    record = simulate(graph, inputs, raster=True)
    rng = np.random.default_rng(0)
    for unit, channels in graph.units().items():
        convs = [graph.nodes[e.source] for e in graph.into(channels[0].name)]
        arriving = [sum_of_sources(graph, record, conv.name, inputs) for conv in convs]
        for _ in range(3):
            c, y, x = (int(rng.integers(n)) for n in channels[0].shape)
            currents = [
                sum(slow_conv(conv, frames[t], c, y, x) for conv, frames in zip(convs, arriving, strict=True))
                for t in range(graph.timesteps)
            ]
            for level, channel in enumerate(channels):
                bias = int(np.broadcast_to(channel.bias, channel.shape)[c, y, x])
                spikes, _ = loihi_neuron(currents, channel.threshold, channel.du, channel.dv, bias)
                assert record.raster[unit][0, :, level, c, y, x].tolist() == spikes


def sum_of_sources(graph, record, name, inputs):
    """Integers [T, C, H, W] that arrive at a node, from the rasters."""
    frames = np.zeros((graph.timesteps, *source_shape(graph, name)), dtype=np.int64)
    for unit in {getattr(graph.nodes[e.source], "unit", "") for e in graph.into(name)}:
        if unit:
            frames += record.raster[unit][0].sum(axis=1, dtype=np.int64)
        else:
            limit = 2 ** (graph.input.bits - 1)
            frames += np.clip(np.rint(inputs[0] * graph.input.scale), -limit, limit - 1).astype(np.int64)
    return frames


def source_shape(graph, name):
    return graph.nodes[graph.into(name)[0].source].shape


def slow_conv(conv: Conv2d, frame, c, y, x):
    total, per_group = 0, conv.weight.shape[1]
    first = c // (conv.weight.shape[0] // conv.groups) * per_group
    for i in range(per_group):
        for ky in range(conv.weight.shape[2]):
            for kx in range(conv.weight.shape[3]):
                yy, xx = y * conv.stride[0] + ky - conv.padding[0], x * conv.stride[1] + kx - conv.padding[1]
                if 0 <= yy < frame.shape[1] and 0 <= xx < frame.shape[2]:
                    total += int(conv.weight[c, i, ky, kx]) * int(frame[first + i, yy, xx])
    return total
