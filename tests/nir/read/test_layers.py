"""Layers of NIR files compute what torch computes, and contradictory ones are refused with one sentence."""

from __future__ import annotations

import nir
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Linear, Pool
from snnhw.graph.same import differences
from snnhw.nir.file import RawNode
from snnhw.nir.io import from_nir, to_nir
from snnhw.nir.read.fields import Context
from snnhw.nir.read.layers import conv2d
from tests.nir.builders import ONE, conv_in, named_chain
from tests.nir.read.foreign import T, chain, codes, full, lif
from tests.nir.step_runner import run_steps


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"padding": (1, 1, 2, 2)}, "padding is"),
        ({"stride": 0}, "stride is"),
        ({"stride": np.array([1.5, 1])}, "stride is"),
        ({"dilation": -1}, "dilation is"),
        ({"groups": 0}, "groups is"),
        ({"groups": 3}, "6 channels in 3 groups"),
        ({"weight": np.ones((2, 2, 9, 9))}, "kernel larger than"),
        ({"weight": np.ones((2, 0, 3, 3))}, "must be .out, in, height, width"),
        ({"padding": "valid", "weight": np.ones((2, 5, 3, 3))}, "takes 5 channels"),
        ({"bias": np.ones(7)}, "bias of shape"),
    ],
)
def test_contradictory_convolutions(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(conv_in((2, 6, 6), **changes))


def test_delay_is_part_of_the_function() -> None:
    graph = from_nir(chain(nir.Delay(full((4,), 3e-4)), nir.Scale(full((4,), 2))))
    x = np.random.default_rng(0).random((T, 4))
    np.testing.assert_allclose(run_steps(graph, x)["n1"][3:], 2 * x[:-3], rtol=1e-12)
    assert not run_steps(graph, x)["n1"][:3].any()
    assert "delay-rounded" in codes(from_nir(chain(nir.Delay(full((4,), 3.4e-4)))))
    assert from_nir(chain(nir.Delay(full((4,), 0)), nir.Scale(full((4,), 2)))).into("n1")[0].source == "input"
    assert differences(from_nir(to_nir(graph)), graph) == ()


def conv(weight: np.ndarray, **changes: object) -> nir.Conv2d:
    arguments = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": np.zeros(len(weight))} | changes
    return nir.Conv2d(None, weight, **arguments)


@pytest.mark.parametrize(
    ("weight", "changes", "shape"),
    [
        ((3, 2, 3, 5), {}, (3, 6, 4)),
        ((3, 2, 3, 5), {"padding": np.array([1, 2])}, (3, 8, 8)),
        ((4, 1, 3, 3), {"groups": 2}, (4, 6, 6)),
        ((3, 2, 3, 3), {"dilation": 2, "stride": 2}, (3, 2, 2)),
        ((3, 2, 3, 3), {"padding": "same"}, (3, 8, 8)),
        ((3, 2, 4, 2), {"padding": "same"}, (3, 8, 8)),
        ((3, 2, 3, 3), {"padding": "valid"}, (3, 6, 6)),
        ((3, 2, 3, 3), {"padding": "same", "stride": 2}, (3, 4, 4)),
    ],
)
def test_shapes_where_nir_infers_wrong_ones(
    weight: tuple[int, ...], changes: dict[str, object], shape: tuple[int, ...]
) -> None:
    w = np.random.default_rng(0).normal(size=weight)
    graph = from_nir(chain(conv(w, **changes), shape=(2, 8, 8)))
    node = graph.nodes["n0"]
    assert isinstance(node, Conv2d)
    assert node.shape == shape
    x = np.random.default_rng(1).normal(size=(1, 2, 8, 8))
    padding = changes.get("padding", 0)
    if not isinstance(padding, str) or changes.get("stride", 1) == 1:
        module = torch.nn.Conv2d(
            2,
            weight[0],
            weight[2:],
            changes.get("stride", 1),
            padding if isinstance(padding, str | int) else tuple(int(p) for p in padding),
            changes.get("dilation", 1),
            changes.get("groups", 1),
            bias=False,
        ).double()
        module.weight.data = torch.from_numpy(w)
        np.testing.assert_allclose(run_steps(graph, x)["n0"], module(torch.from_numpy(x)).detach().numpy(), atol=1e-12)
    else:
        assert "same-padding-with-stride" in codes(graph)


def test_conv1d_is_a_convolution_of_height_one() -> None:
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(3, 2, 3)), rng.normal(size=3)
    graph = from_nir(chain(nir.Conv1d(None, w, 2, 1, 1, 1, b), lif((3, 4)), shape=(2, 8)))
    assert graph.input.shape == (2, 1, 8)
    assert graph.nodes["n1"].shape == (3, 1, 4)
    x = rng.normal(size=(1, 2, 1, 8))
    expected = torch.nn.functional.conv1d(*(torch.from_numpy(a) for a in (x[:, :, 0], w, b)), stride=2, padding=1)
    np.testing.assert_allclose(run_steps(graph, x)["n0"][:, :, 0], expected.numpy(), atol=1e-12)
    assert "conv1d-as-conv2d" in codes(graph)


def test_flatten_that_counts_the_batch_is_a_full_one() -> None:
    flatten = nir.Flatten(np.array([2, 3, 3]))  # nir's default start_dim 1
    graph = from_nir(chain(flatten, nir.Linear(np.ones((4, 18))), shape=(2, 3, 3)))
    assert graph.nodes["n0"].shape == (18,)
    assert "flatten-counts-batch" in codes(graph)
    exact = from_nir(chain(nir.Flatten(np.array([2, 3, 3]), 0), nir.Linear(np.ones((4, 18))), shape=(2, 3, 3)))
    assert "flatten-counts-batch" not in codes(exact)


def test_pools_in_sum_and_average() -> None:
    x = np.random.default_rng(0).random((1, 2, 5, 5))
    for kind in (nir.AvgPool2d, nir.SumPool2d):
        graph = from_nir(chain(kind(np.array([2, 2]), np.array([2, 2]), np.array([1, 1])), shape=(2, 5, 5)))
        expected = torch.nn.functional.avg_pool2d(torch.from_numpy(x), 2, 2, 1).numpy()
        node = graph.nodes["n0"]
        assert isinstance(node, Pool)
        np.testing.assert_allclose(run_steps(graph, x)["n0"], expected * (1 if node.kind == "avg" else 4))


def test_linear_takes_an_unflattened_input() -> None:
    graph = from_nir(chain(nir.Linear(np.ones((3, 8), np.float32)), shape=(2, 2, 2)))
    assert isinstance(graph.nodes["n0"], Linear)
    assert "implicit-flatten" in codes(graph)


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ({"a": nir.Linear(np.ones((4, 3)))}, r"takes 3 values but gets \[4\]"),
        ({"a": nir.Linear(np.ones((4, 4, 4)))}, r"must be \[out, in\]"),
        ({"a": nir.Affine(np.ones((4, 4)), np.ones(3))}, r"bias of shape \[3\]; it must be \[4\]"),
        ({"a": nir.Conv2d(None, np.ones((1, 1, 3, 3)), 1, 0, 1, 1, np.ones(1))}, r"gets the shape \[4\]"),
        ({"a": nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))}, "needs .channels, height, width"),
        ({"a": nir.Delay(-ONE)}, "'a' is negative"),
        ({"a": nir.Flatten(np.array([4]), 7)}, "goes from 7"),
    ],
)
def test_contradictory_layers(nodes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(named_chain(**nodes))


@given(
    st.integers(0, 2**31), st.integers(4, 9), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2),
    st.sampled_from(["same", "valid", 0, 1, 2]), st.sampled_from([1, 2]),
)  # fmt: skip
def test_any_one_dimensional_convolution_is_that_of_torch(
    seed: int, length: int, kernel: int, stride: int, dilation: int, padding: str | int, groups: int
) -> None:
    assume(padding != "same" or (stride == 1 and (dilation == 1 or kernel % 2 == 1)))
    assume(length + 2 * (padding if isinstance(padding, int) else 0) >= dilation * (kernel - 1) + 1)
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=(4, 2 // groups, kernel)), rng.normal(size=4)
    graph = from_nir(chain(nir.Conv1d(None, w, stride, padding, dilation, groups, b), shape=(2, length)))
    x = rng.normal(size=(1, 2, 1, length))
    expected = torch.nn.functional.conv1d(
        *(torch.from_numpy(a) for a in (x[:, :, 0], w, b)), stride, padding, dilation, groups
    )
    np.testing.assert_allclose(run_steps(graph, x)["n0"][:, :, 0], expected.numpy(), atol=1e-12)


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        (
            conv(np.ones((2, 2, 2, 2)), padding="same", dilation=3),
            "uneven 'same' padding with dilation; give the padding",
        ),
        (
            nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([2, 0])),
            r"'n0' pads \[2, 0\], more than half its kernel \[2, 2\]; reduce it",
        ),
    ],
)
def test_windows_that_torch_does_not_have_are_refused(node: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(chain(node, shape=(2, 6, 6)))


def test_a_delay_beyond_all_steps_is_refused_and_one_per_neuron_kept() -> None:
    with pytest.raises(InputError, match=r"'n0' is negative or beyond 2\^31 steps of 0\.0001; check it and --dt"):
        from_nir(chain(nir.Delay(full((4,), 1e9))))
    steps = from_nir(chain(nir.Delay(np.array([0, 1, 2, 3]) * 1e-4))).nodes["n0"].steps
    np.testing.assert_array_equal(steps, [0, 1, 2, 3])


def test_a_padding_in_words_that_are_no_padding_is_refused() -> None:
    fields = {"weight": np.ones((2, 2, 3, 3)), "stride": 1, "padding": "full", "dilation": 1, "groups": 1}
    sentence = "Convolution 'n' has the padding 'full'; it must be a number, 'same' or 'valid'"
    with pytest.raises(InputError, match=sentence):
        conv2d(RawNode("Conv2d", fields), "n", (2, 6, 6), Context(1e-4))
