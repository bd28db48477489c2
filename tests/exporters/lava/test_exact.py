"""Lava gives the spikes, membranes and logits of the oracle, for every kind of network and both arithmetics."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from snnhw.exporters.lava.run import LavaError, RunOptions, run_lava
from snnhw.graph.ir import Edge, Graph, Input, Linear, LoihiLIF, Readout
from snnhw.passes import compile_channels
from snnhw.passes.balance_delays import balance_delays
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.exporters.lava.nets import Net, plain_resnet, residual, vgg
from tests.exporters.lava.oracle import run_oracle
from tests.passes.test_input_current import current_net

pytestmark = [pytest.mark.lava, pytest.mark.slow]
TIMEOUT_S = 120


def check(graph, inputs, **options):
    """Every spike and count equal; membranes and logits equal in integers and to rounding in floats."""
    spikes, membranes, logits = run_oracle(graph, inputs)
    record = run_lava(graph, inputs, RunOptions(raster=True, membranes=True, timeout_s=TIMEOUT_S, **options))
    for unit, nodes in graph.units().items():
        wanted = np.stack([spikes[n.name] for n in nodes], axis=2)
        u = np.stack([membranes[n.name] for n in nodes], axis=2)
        assert wanted.any(), f"{unit} is silent, which proves nothing"
        assert np.array_equal(record.raster[unit], wanted), unit
        assert np.array_equal(record.units[unit].levels, wanted.sum(axis=(0, 1), dtype=np.int64))
        assert np.array_equal(record.units[unit].graded_spikes, wanted.any(axis=2).sum(axis=(0, 1)))
        assert np.array_equal(record.units[unit].levels_t, wanted.sum(axis=(0, *range(3, wanted.ndim))).T)
        if graph.is_integer:
            assert np.array_equal(record.membranes[unit], u)
        else:
            assert np.allclose(record.membranes[unit], u, rtol=0, atol=1e-12)
    if graph.is_integer:
        assert record.logits.dtype == np.int64 and np.array_equal(record.logits, logits)
    else:
        assert np.allclose(record.logits, logits, rtol=0, atol=1e-12)
    engine = simulate(graph, inputs, execution=DOUBLE, raster=True)
    assert all(np.array_equal(engine.raster[unit], record.raster[unit]) for unit in engine.raster)
    return record


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
@pytest.mark.parametrize("family", [residual, plain_resnet, vgg])
def test_network_families(family, integer):
    net, graph = family(1, integer=integer)
    check(graph, net.inputs())


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
@pytest.mark.parametrize("levels", [1, 2, 4])
def test_levels(levels, integer):
    net, graph = residual(levels, integer=integer, levels=levels, timesteps=levels)
    check(graph, net.inputs(2))


@pytest.mark.parametrize("integer, binary", [(True, False), (True, True), (False, False)])
def test_flattened_streams(integer, binary):
    """Lava counts (W, H, C), so the weights behind a Flatten have to follow; its sources may be late."""
    net = Net(12, integer=integer, levels=2, shape=(2, 4, 5))
    x = net.neurons("u1", net.conv("c1", ["input"], 3))
    x = net.flatten("flat", x + net.neurons("u2", net.conv("c2", x, 3)))
    x = net.neurons("u3", net.linear("f1", net.flatten("again", x), 7))
    check(net.graph(x), net.inputs(2), binary=binary)


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
def test_stock_convolution(integer):
    net, graph = residual(2, integer=integer, timesteps=2)
    inputs = net.inputs(2)
    check(graph, inputs, conv="stock")
    net, graph = vgg(1, integer=integer, timesteps=2)
    check(graph, net.inputs(2), conv="stock")


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
def test_one_bit_messages(integer):
    net, graph = residual(3, integer=integer, timesteps=2)
    check(graph, net.inputs(2), binary=True)
    net, graph = plain_resnet(3, integer=integer, timesteps=2, levels=2)
    check(graph, net.inputs(2), binary=True)


def test_more_groups_than_lava_can_count():
    net = Net(11, levels=1, timesteps=2, shape=(1, 4, 4))
    x = net.neurons("u1", net.conv("c1", ["input"], 130))
    graph = net.graph(net.neurons("u2", net.conv("c2", x, 130, groups=130)))
    inputs = net.inputs(1)
    check(graph, inputs)
    with pytest.raises(LavaError, match="wrong for the 130 groups of 'c2'; use the im2col model"):
        run_lava(graph, inputs, RunOptions(conv="stock"))


def test_input_with_a_time_axis_and_many_samples():
    """More samples than slots in the ring, and a different frame in every step."""
    net, graph = residual(4, levels=2, timesteps=2)
    check(graph, net.inputs(21, frames=True))


def test_bias_at_its_limits():
    net, graph = residual(5, bias_exp=7, levels=2)
    check(graph, net.inputs(2))
    net, graph = residual(5, bias_exp=-2, levels=2)
    check(graph, net.inputs(2))


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
def test_threshold_of_every_neuron(integer):
    net = Net(6, integer=integer, levels=1)
    conv = net.conv("c1", ["input"], 3)
    theta = net.rng.uniform(0.2, 1.0, (3, 6, 6)) if not integer else net.rng.integers(100, 2000, (3, 6, 6))
    x = net.neurons("u1", conv, theta=theta)
    x = net.neurons("u2", net.conv("c2", x, 3), theta=theta[:, :1, :1])
    check(net.graph(x), net.inputs())


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
def test_a_reset_by_subtraction_of_one_number_and_of_every_neuron(integer):
    """Late, in which more than the threshold goes, and none, in which nothing goes, are resets of this kind too."""
    net = Net(14, integer=integer, levels=2, timesteps=6)
    taken = [{"taken_off": 45_000}, {"taken_off": net.rng.integers(0, 60_000, (3, 6, 6))}]
    floats = [{"v_reset": -0.1}, {"v_reset": net.rng.uniform(-0.5, 0.4, (3, 6, 6))}]
    first, second = taken if integer else floats
    x = net.neurons("u1", net.conv("c1", ["input"], 3), reset="subtract", **first)
    x = net.neurons("u2", net.conv("c2", x, 3), reset="subtract", **second)
    check(net.graph(x), net.inputs())


def test_decays_of_every_neuron_and_of_every_channel():
    net = Net(15, levels=2, timesteps=6)
    du, dv = (net.rng.integers(0, 4096, (3, 6, 6)) for _ in range(2))
    rows = [np.broadcast_to(net.rng.integers(0, 4096, (3, 1, 1)), (3, 6, 6)) for _ in range(2)]
    x = net.neurons("u1", net.conv("c1", ["input"], 3), du=du, dv=dv, theta=9000)
    x = net.neurons("u2", net.conv("c2", x, 3), du=rows[0], dv=rows[1], reset="subtract", taken_off=30_000)
    check(net.graph(x), net.inputs())
    net = Net(16, levels=2, timesteps=6, integer=False)
    x = net.neurons("u1", net.conv("c1", ["input"], 3), decay=net.rng.uniform(0, 1, (3, 6, 6)))
    x = net.neurons("u2", net.conv("c2", x, 3), decay=np.linspace(0, 1, 3)[:, None, None])
    check(net.graph(x), net.inputs())


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9])
def test_decays(decay):
    for integer in (True, False):
        net, graph = residual(7, integer=integer, decay=decay, levels=2, timesteps=5)
        check(graph, net.inputs(2))


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
def test_a_path_of_weight_three(integer):
    net, graph = residual(8, integer=integer, levels=2)
    edges = [Edge(e.source, e.target, gain=3) if e.target == "b1_conv" else e for e in graph.edges]
    check(balance_delays(graph.replace(edges=tuple(edges))), net.inputs(2))


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
def test_linear_only(integer):
    net = Net(9, integer=integer, shape=(7,), levels=2)
    x = net.neurons("u1", net.linear("f1", ["input"], 11))
    x = net.neurons("u2", net.linear("f2", x, 9))
    check(net.graph(x), net.inputs())


def test_currents_that_wrap():
    """|a| beyond 2^17: Lava's 24-bit current wraps, and so must everyone's."""
    net = Net(10, levels=2)
    x = net.neurons("u1", net.conv("c1", ["input"], 4), theta=30000)
    net.connect(["input"], "wide", gain=5)
    graph = net.graph(net.neurons("u2", net.conv("wide", ["input"], 3)) + net.neurons("u3", net.conv("c3", x, 3)))
    check(graph, net.inputs(2))


@pytest.mark.parametrize("conv", ["im2col", "stock"])
def test_sums_that_wrap_in_the_convolution(conv):
    """16-bit inputs take the sum beyond 2^23, where Lava's Conv wraps to 24 bits before the neuron does; Dense not."""
    net = Net(13, levels=1, timesteps=2, shape=(8, 4, 4))
    net.nodes[0] = Input(name="input", shape=(8, 4, 4), scale=1.0, bits=16)
    dense = Net(13, levels=1, timesteps=2, shape=(8, 4, 4))
    dense.nodes[0] = net.nodes[0]
    x = net.neurons("u1", net.conv("c1", ["input"], 3))
    y = dense.neurons("u2", dense.linear("f1", dense.flatten("flat", ["input"]), 9))
    inputs = net.rng.integers(-32768, 32768, (2, 8, 4, 4)).astype(float)
    graph = net.graph(x)
    assert np.abs(plain_sums(graph.nodes["c1"], inputs)).max() > 2**23
    check(graph, inputs, conv=conv)
    check(dense.graph(y), inputs, conv=conv)


def plain_sums(conv, inputs):
    """What a convolution of integers would send if nothing wrapped."""
    images, weight = (torch.as_tensor(x, dtype=torch.float64) for x in (inputs, conv.weight))
    return torch.conv2d(images, weight, None, conv.stride, conv.padding).numpy()


def test_the_largest_threshold():
    """131071 << 6 is 63 below the largest membrane: 64 more from the bias reach it, 65 exceed it, 2^23 is clipped."""
    threshold, mant = 131071, np.array([0, 64, 65, 66], dtype=np.int16)
    weight = np.tile(np.array([128, 2], dtype=np.int32), (4, 1))
    nodes = [
        Input(name="input", shape=(2,), scale=1.0, bits=16),
        Linear(name="fc", shape=(4,), weight=weight),
        LoihiLIF(name="u", shape=(4,), threshold=threshold, du=4095, dv=4095, bias_mant=mant, bias_exp=0),
        Linear(name="head", shape=(4,), weight=2 * np.eye(4, dtype=np.int32)),
        Readout(name="readout", shape=(4,), reduction="sum"),
    ]
    graph = balance_delays(Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 1))
    record = check(graph, np.array([[1023.0, 63.0], [1023.0, 64.0], [1024.0, 1.0]]))  # a = 131070, 2^17, 2^17 + 2
    assert record.raster["u"][:, 0, 0].tolist() == [[0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]]


@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
def test_an_input_that_is_a_current(integer):
    graph, inputs = current_net()
    made = compile_loihi(graph, inputs, input_as="current").graph if integer else None
    check(made or compile_channels(graph, input_as="current"), inputs)
