"""Loihi integers against Python integers, at the edges where currents wrap, membranes clip and float32 ends."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import Conv2d, Flatten, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.graph.loihi import CURRENT_LIMIT, MEMBRANE_LIMIT
from snnhw.passes import LOIHI_CHANNELS, run_passes
from snnhw.proofs.largest import largest_input, largest_output
from snnhw.proofs.membrane_bound import lowest_states
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.quantise import bias_code, quantise
from snnhw.quantisation.rounding import even_weights
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from snnhw.simulation.neurons import integer_dtype, step_unit
from snnhw.simulation.plan import plan_of
from snnhw.simulation.synapses import apply_node, product_dtype
from tests.loihi_oracle import loihi_neuron
from tests.nets import residual_net, residual_nets


def neuron(vth=300, du=4095, dv=3072, mant=0, exp=0):
    return LoihiLIF(
        name="n", shape=(1,), threshold=vth, du=du, dv=dv, bias_mant=np.array([mant], np.int16), bias_exp=exp
    )


def check(node, currents, dtype):
    x = torch.as_tensor(currents, dtype=dtype).reshape(-1, 1, 1)
    rows = [(int(s[0]), int(v[0])) for s, v in step_unit((node,), x)]
    spikes, membranes = loihi_neuron(currents, node.threshold, node.du, node.dv, int(node.bias[0]))
    assert [v for _, v in rows] == membranes
    assert [s for s, _ in rows] == spikes


@given(
    currents=st.lists(st.integers(-(2**18), 2**18) | st.sampled_from([2**17, -(2**17), 2**17 - 1, 2**25]), max_size=12),
    vth=st.integers(0, 2**17 - 1),
    du=st.integers(0, 4095),
    dv=st.integers(0, 4095),
    mant=st.integers(-4096, 4095),
    exp=st.integers(-3, 7),
)
def test_any_neuron_equals_python_integers(currents, vth, du, dv, mant, exp):
    check(neuron(vth, du, dv, mant, exp), [*currents, 1], torch.float64)


@given(
    currents=st.lists(st.integers(-(2**17) + 1, 2**17 - 1), min_size=1, max_size=12),
    vth=st.integers(0, 2**17 - 1),
    mant=st.integers(-4096, 4095),
    exp=st.integers(0, 7),
    dv=st.sampled_from([0, 2048, 3072, 3584, 4095]),
)
def test_float32_is_exact_wherever_it_is_chosen(currents, vth, mant, exp, dv):
    node = neuron(vth, 4095, dv, mant, exp)
    check(node, currents, integer_dtype((node,), max(abs(a) for a in currents)))


def test_float32_ends_at_the_edge_of_the_bound():
    assert integer_dtype((neuron(),), CURRENT_LIMIT - 1) == torch.float32
    assert integer_dtype((neuron(),), CURRENT_LIMIT) == torch.float64  # the current could wrap
    assert integer_dtype((neuron(dv=3000),), 10) == torch.float64  # 1096/4096 is no power of two
    assert integer_dtype((neuron(du=4000),), 10) == torch.float64


def test_current_wraps_and_membrane_clips():
    check(neuron(vth=131071), [CURRENT_LIMIT, CURRENT_LIMIT + 1, -CURRENT_LIMIT, -CURRENT_LIMIT - 1], torch.float64)
    # exactly 2^23 is kept, then clipped; one more wraps to negative
    rows = [
        int(v[0])
        for _, v in step_unit(
            (neuron(131071, dv=4095),), torch.tensor([2.0**17, 2.0**17 + 1], dtype=torch.float64).reshape(2, 1, 1)
        )
    ]
    assert rows == [MEMBRANE_LIMIT, -(2**23) + 64]


def product_graph(weight, bits=8):
    size = weight.shape[1]
    nodes = [
        Input(name="input", shape=(size,), scale=1.0, bits=bits),
        Linear(name="fc", shape=(len(weight),), weight=weight),
        LoihiLIF(
            name="n", shape=(len(weight),), threshold=1, du=4095, dv=3072, bias_mant=np.zeros(1, np.int16), bias_exp=0
        ),
        Linear(name="out", shape=(1,), weight=np.full((1, len(weight)), 2, np.int32)),
        Readout(name="readout", shape=(1,), reduction="sum"),
    ]
    chain = [n.name for n in nodes]
    return Graph.build(nodes, list(pairwise(chain)), 1)


def test_product_precision_switches_at_the_bound():
    fits = np.full((1, 1032), 127, np.int32)  # 1032 * 127 * 128 = 16,776,192 < 2^24
    assert largest_output(product_graph(fits), "fc") == 1032 * 127 * 128
    assert product_dtype(product_graph(fits), "fc") == torch.float32
    over = np.full((1, 1033), 127, np.int32)
    assert product_dtype(product_graph(over), "fc") == torch.float64


def test_the_product_is_exact_up_to_the_bound_and_float32_not_beyond():
    """Everything at its limit is exact just below 2^24; 2^24 + 1 is the first integer that float32 lacks."""
    fits = Linear(name="fc", shape=(1,), weight=np.full((1, 1032), 127, np.int32))
    assert apply_node(fits, torch.full((1, 1, 1032), -128.0)).item() == -1032 * 127 * 128
    over = np.full((1, 1025), 128, np.int32)
    over[0, -1] = 1
    graph, x = product_graph(over, bits=9), torch.tensor([128.0] * 1024 + [1.0]).reshape(1, 1, -1)
    exact, rounded = (apply_node(graph.nodes["fc"], x.to(d)).item() for d in (torch.float64, torch.float32))
    assert product_dtype(graph, "fc") == torch.float64
    assert exact == 2**24 + 1 and rounded != exact


def test_the_bound_sees_through_what_only_moves_or_adds():
    """An image behind a Flatten, spikes behind a sum pool, a bias: all of them enlarge what a sum can reach."""
    neuron_ = {"du": 4095, "dv": 3072, "bias_mant": np.zeros(1, np.int16), "bias_exp": 0}
    nodes = [
        Input(name="input", shape=(2, 4, 4), scale=1.0, bits=16),
        Flatten(name="flat", shape=(32,)),
        Linear(name="fc", shape=(8,), weight=np.full((8, 32), 2, np.int32), bias=np.full(8, -5.0)),
        LoihiLIF(name="u", shape=(8, 1, 1), threshold=1, **neuron_),
        Pool(name="pool", shape=(8, 1, 1), kind="sum", kernel=(3, 3), stride=(1, 1), padding=(1, 1)),
        Linear(name="out", shape=(1,), weight=np.full((1, 8), 4, np.int32)),
        Readout(name="readout", shape=(1,), reduction="sum"),
    ]
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 1)
    assert largest_output(graph, "fc") == largest_input(graph, "u") == 64 * 2**15 + 5
    assert largest_output(graph, "out") == 8 * 4 * 9


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


def test_off_the_cpu_integers_are_float64():
    """There a convolution in float32 may be computed in TF32 or by Winograd's algorithm."""
    fits = product_graph(np.full((1, 8), 2, np.int32))
    step = next(s for s in plan_of(fits) if s.name == "fc")
    assert [Execution(device=d).dtype_of(step.dtype) for d in ("cpu", "cuda", "cuda:1")] == [
        torch.float32,
        torch.float64,
        torch.float64,
    ]


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


@given(residual_nets)
def test_quantised_graphs_obey_every_hardware_limit(sample):
    quantised = quantise(code_input(run_passes(sample.graph, LOIHI_CHANNELS), sample.inputs))
    graph = quantised.graph
    for node in graph.of_type(Conv2d, Linear):
        assert node.weight.dtype == np.int32 and (node.weight % 2 == 0).all() and np.abs(node.weight).max() <= 254
    for node in graph.of_type(LoihiLIF):
        assert 0 <= node.threshold <= 131071 and 0 <= node.dv <= 4095
        assert np.abs(node.bias_mant.astype(int)).max() <= 4096 and 0 <= node.bias_exp <= 7
    assert all(layer.current_bound < CURRENT_LIMIT for layer in quantised.layers if layer.name in graph.units())


def test_integers_follow_the_floats_closely():
    sample = residual_net(samples=8)
    graph = run_passes(sample.graph, LOIHI_CHANNELS)
    floats = simulate(graph, sample.inputs, raster=True)
    integers = simulate(compile_loihi(sample.graph, sample.inputs).graph, sample.inputs, raster=True)
    for unit in floats.raster:
        assert (floats.raster[unit] != integers.raster[unit]).mean() < 0.08, unit


@given(
    weight=st.lists(st.integers(-127, 127), min_size=1, max_size=4),
    mant=st.integers(-4096, 4095),
    exp=st.integers(0, 7),
    dv=st.sampled_from([0, 1000, 3072, 4095]),
    bits=st.integers(2, 16),
    timesteps=st.integers(1, 6),
)
def test_the_lowest_state_is_what_the_worst_input_reaches(weight, mant, exp, dv, bits, timesteps):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    graph = product_graph(2 * np.array([weight], np.int32), bits)
    node = neuron(131071, dv=dv, mant=mant, exp=exp)
    graph = graph.replace(nodes={**graph.nodes, "n": node}, timesteps=timesteps)
    current = sum(2 * w * (low if w > 0 else high) for w in weight)
    v, reached = 0, [0]
    for _ in range(timesteps):  # exact integers that neither wrap nor clip
        kept = abs(v) * (4096 - dv) // 4096
        v = (kept if v > 0 else -kept) + 64 * current + (mant << exp)
        reached.append(v)
    assert lowest_states(graph) == {"n": min(reached)}


def test_clipped_weights_and_membranes_are_findings():
    """The stem is scaled up to |a| < 2^17, so that its worst input clips the membrane; spikes alone do not."""
    sample = residual_net(samples=4)
    graph = code_input(run_passes(sample.graph, LOIHI_CHANNELS), sample.inputs)
    fine = quantise(graph)
    lowest = {layer.name: layer.lowest_state for layer in fine.layers}
    assert lowest["stem_mlf"] < -MEMBRANE_LIMIT < lowest["s0b0_2_mlf"] < 0
    assert [(f.code, f.node) for f in fine.findings if f.severity == "warning"] == [("state-may-clip", "stem_mlf")]
    made = quantise(graph, scales={**fine.scales, "s0b0_2_mlf": 1.6 * fine.scales["s0b0_2_mlf"]})
    assert ("saturated-weights", "s0b0_2_mlf") in {(f.code, f.node) for f in made.findings}
    assert ("saturated-weights", "s0b0_2_mlf") not in {(f.code, f.node) for f in fine.findings}


@given(st.lists(st.floats(-500000, 500000), min_size=1, max_size=6))
def test_bias_code_is_within_half_a_step(values):
    mantissa, exponent = bias_code(np.array(values))
    step = 2**exponent
    assert (np.abs(mantissa.astype(float) * step - np.array(values)) <= step / 2 + step).all()
    assert exponent == 0 or np.abs(values).max() > 4095 * 2 ** (exponent - 1)


def test_even_weights_round_and_clip():
    weight = np.array([0.0, 0.9, 1.1, 253.9, 1000.0, -1000.0])
    assert even_weights(weight, np.ones(6)).tolist() == [0, 0, 2, 254, 254, -254]
    assert even_weights(np.array([[1.1], [1.1]]), np.array([1.0, 10.0])).tolist() == [[2], [12]]


def test_scales_per_channel_lose_less():
    sample = residual_net(samples=4, widths=(8, 8))
    graph = code_input(run_passes(sample.graph, LOIHI_CHANNELS), sample.inputs)
    one, many = (quantise(graph, per_channel=flag) for flag in (False, True))
    for a, b in zip(one.layers, many.layers, strict=True):
        assert b.weight_error <= a.weight_error * 1.001 and b.current_bound < CURRENT_LIMIT
    assert sum(b.weight_error for b in many.layers) < 0.9 * sum(a.weight_error for a in one.layers)
    thresholds = [n.threshold for n in many.graph.of_type(LoihiLIF)]
    assert all(np.ndim(theta) == 3 and theta.max() <= 131071 for theta in thresholds)
    floats = simulate(graph, sample.inputs, raster=True).raster
    differing = [
        sum(int((floats[u] != r).sum()) for u, r in simulate(q.graph, sample.inputs, raster=True).raster.items())
        for q in (one, many)
    ]
    assert differing[1] < differing[0]


def test_a_bias_out_of_range_is_refused():
    from snnhw.errors import InputError

    with pytest.raises(InputError, match="exponent 8 > 7"):
        bias_code(np.array([4095.0 * 256]))
