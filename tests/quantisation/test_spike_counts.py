"""Networks that end in neurons: logits are their spike counts, sums over time in integers and means in floats."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.checks.check import check
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, Node, Pool, Readout
from snnhw.nir.io import from_nir, to_nir
from snnhw.passes import compile_channels
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.finetune import Tuning, finetune
from snnhw.quantisation.loss import measure_loss
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.verify import LavaShare, verify


def ending_in_neurons(seed: int, *, flat: bool = True, levels: int = 1, second: bool = False, steps: int = 8) -> Graph:
    """A convolution and, of vectors or of images, a last population; `second` counts one more beside it."""
    rng = np.random.default_rng(seed)

    def unit(name: str, shape: tuple[int, ...]) -> Node:
        theta = float(rng.uniform(0.3, 0.6))
        if levels == 1:
            return LIF(name=name, shape=shape, decay=0.9, threshold=theta)
        return MLF(name=name, shape=shape, thresholds=tuple(theta + k for k in range(levels)), decay=0.25)

    shape = (5,) if flat else (3, 4, 3)
    weight = rng.normal(size=(5, 24) if flat else (3, 2, 3, 3)) / 2
    last = (
        Linear(name="fc", shape=shape, weight=weight, bias=rng.normal(size=5) / 9)
        if flat
        else Conv2d(name="fc", shape=shape, weight=weight, padding=(1, 1))
    )
    nodes: list[Node] = [
        Input(name="input", shape=(2, 4, 3)),
        Conv2d(name="conv", shape=(2, 4, 3), weight=rng.normal(size=(2, 2, 3, 3)), padding=(1, 1)),
        unit("first", (2, 4, 3)),
        last,
        unit("last", shape),
        Readout(name="readout", shape=shape),
    ]
    edges: list[Edge | tuple[str, str]] = list(pairwise(n.name for n in nodes))
    if second:
        nodes += [Linear(name="fc2", shape=shape, weight=rng.normal(size=(5, 5))), unit("later", shape)]
        edges += [("last", "fc2"), ("fc2", "later"), Edge("later", "readout", 2)]
    return Graph.build(nodes, edges, steps)


def images(seed: int, samples: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (samples, 2, 4, 3))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), flat=st.booleans(), levels=st.integers(1, 3), second=st.booleans())
def test_logits_are_counts_of_the_raster(seed: int, flat: bool, levels: int, second: bool) -> None:
    graph = ending_in_neurons(seed, flat=flat, levels=levels, second=second and flat)
    x = images(seed)
    made = compile_loihi(graph, x)
    for ran in (graph, compile_channels(graph), made.graph):
        record = simulate(ran, x, raster=True, execution=DOUBLE)
        counted = record.raster["last"].sum(axis=(1, 2), dtype=np.int64)
        if second and flat:
            counted = counted + 2 * record.raster["later"].sum(axis=(1, 2), dtype=np.int64)
        assert np.array_equal(record.logits, counted if ran.is_integer else counted / graph.timesteps)
    assert made.graph.readout.reduction == "sum" and made.logit_scale == 1
    assert set(made.scales) == set(graph.units())
    for target in ("lava", "loihi1", "loihi2", "nir"):
        assert not [f for f in check(graph, target) if f.severity == "error"]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), levels=st.integers(1, 3))
def test_the_floats_that_the_integers_stand_for_send_the_same_spikes(seed: int, levels: int) -> None:
    graph, x = ending_in_neurons(seed, levels=levels), images(seed)
    made = compile_loihi(graph, x)
    entering = made.graph.input.coded(x) / (made.graph.input.scale or 1)
    floats = simulate(dequantise(compile_channels(graph), made), entering, execution=DOUBLE)
    integers = simulate(made.graph, x)
    # the membrane of the integers is truncated to 1/64 weight unit: near-ties may differ
    assert abs(floats.logits * graph.timesteps - integers.logits).sum() <= 0.1 * max(10, integers.logits.sum())


def test_the_loss_and_the_files_of_a_network_that_ends_in_neurons() -> None:
    graph, x = ending_in_neurons(3), images(3, 40)
    made = compile_loihi(graph, x)
    targets = simulate(graph, x).logits.argmax(axis=1)
    loss = measure_loss(graph, made, x, targets, each_layer=True)
    assert [layer.name for layer in loss.layers] == ["first", "last"] and loss.float_accuracy == 1
    integers = simulate(made.graph, x)
    assert loss.integers.accuracy == (integers.logits.argmax(axis=1) == targets).mean() > 0.8
    back = from_nir(to_nir(made.graph))
    assert np.array_equal(simulate(back, x).logits, integers.logits)


@pytest.mark.parametrize("flat", [True, False])
def test_every_stage_of_verify_agrees(flat: bool, tmp_path) -> None:
    graph, x = ending_in_neurons(5, flat=flat, levels=2), images(5)
    made = verify(LoadedModel("counts", graph), Samples("own", x, None, None, ""), x, tmp_path, LavaShare(samples=0))
    assert made.certificate.agrees and all(a.spikes for a in made.certificate.agreements)


def test_finetuning_works_on_counts_of_vectors_and_refuses_others_by_name() -> None:
    graph, x = ending_in_neurons(7, levels=2), images(7, 60)
    data = Samples("own", x, simulate(graph, x).logits.argmax(axis=1), None, "")
    made = compile_loihi(graph, x)
    tuned = finetune(graph, made, data, Tuning(epochs=1))
    assert simulate(tuned.graph, x).logits.dtype == np.int64
    with pytest.raises(InputError, match="'first' resets by subtraction, which fine-tuning does not take"):
        soft = ending_in_neurons(7)
        soft = soft.replace(
            nodes=[dataclasses.replace(n, reset="subtract") if isinstance(n, LIF) else n for n in soft.nodes.values()]
        )
        finetune(soft, compile_loihi(soft, x), data, Tuning(epochs=1))
    with pytest.raises(InputError, match=r"has the shape \[3, 4, 3\], which is no row of classes"):
        spatial = ending_in_neurons(7, flat=False, levels=2)
        finetune(spatial, compile_loihi(spatial, x), data, Tuning(epochs=1))


def test_what_neither_counts_nor_multiplies_is_refused_in_one_sentence() -> None:
    graph, x = ending_in_neurons(1, flat=False), images(1)
    rest = [n for n in graph.nodes.values() if n.name != "readout"]
    flat = Flatten(name="flat", shape=(36,))
    counted = graph.replace(
        nodes=[*rest, flat, Readout(name="readout", shape=(36,))],
        edges=(*graph.edges[:-1], Edge("last", "flat"), Edge("flat", "readout")),
    )
    plain, row = (simulate(compile_loihi(g, x).graph, x).logits for g in (graph, counted))
    assert np.array_equal(plain.reshape(len(x), -1), row)  # a flattening only puts the counts in a row
    pool = Pool(name="pool", shape=(3, 1, 1), kind="avg", kernel=(4, 3), stride=(4, 3))
    pooled = graph.replace(
        nodes=[*rest, pool, Readout(name="readout", shape=(3, 1, 1))],
        edges=(*graph.edges[:-1], Edge("last", "pool"), Edge("pool", "readout")),
    )
    with pytest.raises(InputError, match="'pool' does not fit Loihi: the pool cannot be folded"):
        compile_loihi(pooled, x)
