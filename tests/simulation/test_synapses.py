"""Nodes between neurons: exact sums of integers, and pools, delays and norms against their equations."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LI, MLF, Conv2d, Delay, Graph, Input, Linear, Pool, Readout
from snnhw.proofs.largest import largest_output
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from snnhw.simulation.synapses import apply_node, convolve_windows, product_dtype, wrap_sum
from tests.nets import norm, product_graph


@pytest.mark.parametrize("size", [2, 3, 5, 7, 10])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sum_pools_of_spikes_are_whole_numbers(size, dtype):
    shape = (50, 3, size, size)
    pool = Pool(name="pool", shape=(3, 1, 1), kind="sum", kernel=(size, size), stride=(size, size))
    nodes = [Input(name="input", shape=shape[1:]), pool, Readout(name="readout", shape=(3, 1, 1))]
    graph = Graph.build(nodes, [("input", "pool"), ("pool", "readout")], 1)
    spikes = np.random.default_rng(0).integers(0, 4, shape)
    assert (simulate(graph, spikes, execution=Execution(dtype)).logits[:, :, 0, 0] == spikes.sum(axis=(2, 3))).all()


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


@pytest.mark.parametrize("inside", [True, False])
def test_a_norm_is_torchs_batch_norm_or_has_its_eps_outside_the_root(inside):
    rng = np.random.default_rng(0)
    node = norm("n", (4, 3, 3), rng, inside=inside)
    x = torch.as_tensor(rng.normal(size=(2, 5, 4, 3, 3)))
    gamma, beta, mean, var = (torch.as_tensor(p) for p in (node.gamma, node.beta, node.mean, node.var))
    if inside:
        wanted = F.batch_norm(x.flatten(0, 1), mean, var, gamma, beta, eps=node.eps).view_as(x)
    else:
        column = (slice(None), None, None)
        spread = (var**0.5 + node.eps)[column]
        wanted = gamma[column] * node.factor * (x - mean[column]) / spread + beta[column]
    torch.testing.assert_close(apply_node(node, x), wanted, rtol=1e-12, atol=1e-12)


@given(st.integers(0, 2**31), st.lists(st.integers(0, 6), min_size=3, max_size=3))
def test_a_delay_shifts_each_neuron_by_its_own_steps(seed, steps):
    x = torch.as_tensor(np.random.default_rng(seed).normal(size=(5, 2, 3)))
    y = apply_node(Delay(name="d", shape=(3,), steps=np.array(steps)), x)
    for t in range(5):
        for n, late in enumerate(steps):
            assert torch.equal(y[t, :, n], x[t - late, :, n] if t >= late else torch.zeros(2, dtype=x.dtype))


def test_an_integrator_without_decay_sums():
    x = torch.as_tensor(np.random.default_rng(0).normal(size=(6, 2, 3)))
    node = LI(name="v", shape=(3,), decay=1.0, gain=2.0, leak=0.5)
    steps = torch.arange(1, 7, dtype=x.dtype)[:, None, None]
    torch.testing.assert_close(apply_node(node, x), 2 * x.cumsum(0) + 0.5 * steps)


@given(st.lists(st.integers(-(2**30), 2**30) | st.sampled_from([2**23, 2**23 - 1, -(2**23), -(2**23) - 1]), min_size=1))
def test_sums_wrap_as_24_bit_twos_complement(values):
    wrapped = wrap_sum(torch.tensor(values, dtype=torch.float64)).tolist()
    assert wrapped == [int.from_bytes((v % 2**24).to_bytes(3, "big"), "big", signed=True) for v in values]


def test_a_node_that_the_engine_lacks_is_named():
    with pytest.raises(InputError, match="Node 'u' is a MLF, which the engine cannot run"):
        apply_node(MLF(name="u", shape=(3,), thresholds=(1.0,), decay=0.5), torch.zeros(1, 1, 3))


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(
    st.data(), pairs, pairs, st.tuples(st.integers(0, 2), st.integers(0, 2)), pairs, st.integers(1, 3), st.booleans()
)
def test_a_convolution_as_a_product_of_matrices_is_the_convolution(
    data, kernel, stride, padding, dilation, groups, bias
):
    """What integers go through off the CPU: every geometry, several frames, cut into parts of any size; exactly."""
    height, width = data.draw(st.integers(7, 9)), data.draw(st.integers(7, 9))  # a window spans up to 7
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    weight = rng.integers(-254, 255, (2 * groups, 2, *kernel)).astype(np.int32)
    x = torch.as_tensor(rng.integers(-3, 4, (2, 3, 2 * groups, height, width)).astype(np.float32))
    sizes = zip((height, width), kernel, stride, padding, dilation, strict=True)
    shape = (2 * groups, *((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sizes))
    node = Conv2d(
        name="conv", shape=shape, weight=weight, bias=rng.integers(-9, 9, 2 * groups) if bias else None,
        stride=stride, padding=padding, dilation=dilation, groups=groups,
    )  # fmt: skip
    expected = apply_node(node, x)
    for room in (1, 2**12, 2**30):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("snnhw.simulation.synapses.WINDOW_BYTES", room)
            assert torch.equal(convolve_windows(node, x), expected)
