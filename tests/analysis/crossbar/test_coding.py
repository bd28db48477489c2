"""Integers on word lines: planes add up to what arrives, and no line gets more than it may."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.coding import Coding, coding_of, twin_coding, twin_of_bits
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from tests.nets import product_graph, residual_net


@given(st.integers(1, 12), st.integers(1, 9), st.booleans(), st.integers(0, 2**31))
def test_planes_add_up(levels, bits, signed, seed):
    rng = np.random.default_rng(seed)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    for coding, numbers in (
        (Coding("unary", levels), rng.integers(0, levels + 1, 50)),
        (Coding("pulse", levels), rng.integers(0, levels + 1, 50)),
        (Coding("serial", bits=bits, signed=signed), rng.integers(low, high + 1, 50)),
    ):
        x = torch.as_tensor(numbers, dtype=torch.float64)
        planes = list(coding.planes(x))
        assert len(planes) == coding.reads
        assert torch.equal(sum(worth * plane for worth, plane in planes), x)
        assert all(plane.min() >= 0 and plane.max() <= coding.largest for _, plane in planes)


def test_the_unary_planes_of_nested_levels_are_their_channels():
    sample = residual_net(4)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    seen = {}
    keep = lambda node, x: seen.__setitem__(node.name, x)  # noqa: E731
    raster = simulate(graph, sample.inputs, raster=True, execution=Execution(synapses=keep)).raster["s0b0_1_mlf"]
    assert coding_of(graph, "s0b0_2_conv", "channels") == Coding("unary", 3)
    planes = [plane for _, plane in Coding("unary", 3).planes(seen["s0b0_2_conv"])]
    for level, plane in enumerate(planes):
        assert np.array_equal(plane.transpose(0, 1).numpy(), raster[:, :, level])


@pytest.mark.parametrize("drive", ["channels", "pulse", "slots"])
def test_how_each_layer_is_driven(drive):
    sample = residual_net(1, levels=2)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    kind = "pulse" if drive == "pulse" else "unary"
    assert coding_of(graph, "stem_conv", drive) == Coding("serial", bits=graph.input.bits)
    assert coding_of(graph, "s1b0_1_conv", drive) == Coding(kind, 4)  # the sum of two units of two levels


def test_numbers_that_are_no_spikes_get_the_bits_of_their_bound():
    graph = product_graph(np.array([[2, -4, 6]], np.int32), bits=5)
    assert coding_of(graph, "fc", "channels") == Coding("serial", bits=5)
    edges = tuple(e for e in graph.edges if e.target != "fc") + graph.into("fc") * 2
    assert coding_of(graph.replace(edges=edges), "fc", "channels").bits == 7  # -32 .. 30


def test_the_matched_twin_tells_as_many_values_apart():
    assert twin_coding(Coding("unary", 3), 4) == Coding("serial", bits=4, signed=False)
    assert twin_coding(Coding("unary", 3), 5).width == 4 and twin_coding(Coding("unary", 4), 4).width == 5
    assert twin_coding(Coding("pulse", 3), 4) == Coding("pulse", 15)
    assert twin_coding(Coding("serial", bits=8), 4) == Coding("serial", bits=8)
    assert twin_of_bits(Coding("unary", 3), 8) == Coding("serial", bits=8, signed=False)
