"""What the worker makes of its files before Lava is asked, against the engine's own coding of inputs."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.exporters.lava.runtime.network import LavaNetwork, LavaRunError, Process
from snnhw.exporters.lava.runtime.stream import to_torch_order
from snnhw.exporters.lava.runtime.worker import STOCK_GROUPS, check_stock, load_frames
from snnhw.graph.loihi import INT8_LIMIT
from snnhw.graph.nodes import Input

SHAPE, STEPS = (2, 3, 4), 3  # (C, H, W)


def network(integer: bool = False, scale: float = 1.0, bits: int = 8) -> LavaNetwork:
    coding = {"scale": scale, "bits": bits} if integer else {}
    source = Process("input", "source", SHAPE[::-1], 0, (), coding)
    return LavaNetwork("net", STEPS, integer, (source,), (), "sum", {})


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 300), st.integers(1, 10), st.booleans())
def test_integers_enter_as_the_graph_codes_them(tmp_path_factory, seed, scale, bits, over_time):
    path = tmp_path_factory.mktemp("frames") / "input.npz"
    steps = (STEPS,) if over_time else ()
    x = np.random.default_rng(seed).normal(size=(2, *steps, *SHAPE))
    np.savez(path, input=x)
    frames = load_frames(path, network(True, scale, bits))
    node = Input(name="input", shape=SHAPE, scale=scale, bits=bits)
    expected = node.coded(x if over_time else x[:, None])
    assert frames.dtype == np.int32
    np.testing.assert_array_equal(to_torch_order(frames), expected)
    np.testing.assert_array_equal(to_torch_order(load_frames(path, network())), x if over_time else x[:, None])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"x": np.zeros((1, *SHAPE))}, "save them under the key 'input'"),
        ({"input": np.zeros((1, 3, 3, 4))}, r"Samples of shape \[1, 3, 3, 4\] do not fit 'net'; give \[N, 2, 3, 4\]"),
        ({"input": np.zeros((1, STEPS + 1, *SHAPE))}, r"or \[N, 3, ...\]"),
        ({"input": np.zeros((0, *SHAPE))}, "do not fit 'net'"),
        ({"input": np.full((1, *SHAPE), np.nan)}, "are not all finite numbers; clean the data first"),
        ({"input": np.full((1, *SHAPE), "a")}, "are not all finite numbers; clean the data first"),
    ],
)
def test_samples_that_do_not_fit_are_refused(content, sentence, tmp_path):
    np.savez(tmp_path / "input.npz", **content)
    with pytest.raises(LavaRunError, match=sentence):
        load_frames(tmp_path / "input.npz", network())


def test_a_missing_file_of_samples_is_named(tmp_path):
    with pytest.raises(LavaRunError, match=r"Cannot read the samples in .*absent\.npz"):
        load_frames(tmp_path / "absent.npz", network())


@pytest.mark.parametrize(("groups", "right"), [(1, True), (INT8_LIMIT, True), (INT8_LIMIT + 1, False)])
def test_the_stock_convolution_is_refused_where_its_groups_leave_8_bits(groups, right):
    """The worker stands alone beside Lava, so it repeats the limit that the graph knows."""
    assert STOCK_GROUPS == INT8_LIMIT
    conv = Process("conv", "conv", SHAPE, 1, ("input",), {"groups": groups})
    net = dataclasses.replace(network(), processes=(*network().processes, conv))
    if right:
        check_stock(net)
        return
    with pytest.raises(LavaRunError, match=f"wrong for the {groups} groups of 'conv'; use the im2col model"):
        check_stock(net)
