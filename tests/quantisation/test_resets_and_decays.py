"""Neurons in integers that reset by subtraction, and whose membranes and currents decay each in its own way."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.checks.check import check
from snnhw.data.samples import Samples
from snnhw.graph.firing import firing
from snnhw.graph.ir import LI, LIF, Array, Conv2d, Flatten, Graph, Input, Linear, LoihiLIF, Node, Readout
from snnhw.graph.loihi import CURRENT_LIMIT, MEMBRANE_LIMIT
from snnhw.graph.same import differences
from snnhw.nir.io import from_nir, to_nir
from snnhw.passes import compile_channels
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.rules.ways import INTEGERS, LAVA, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.verify import LavaShare, verify
from tests.exporters.lava.oracle import assert_as_oracle
from tests.passes.runs import run

DECAYS = ("one", "channel", "neuron")
RESETS = ("hard", "subtract", "late", "none")


def own_net(
    seed: int = 0, *, reset: str = "subtract", decays: str = "one", currents: str = "", biased: bool = False, steps=6
) -> tuple[Graph, Array]:
    """A convolution and a matrix before neurons; and samples.

    Args:
        seed: of weights, decays and samples.
        reset: one of `RESETS`.
        decays: one of `DECAYS`, of the membranes.
        currents: the same of currents before them; "" for none.
        biased: the layers have biases.
        steps: T.
    """
    rng = np.random.default_rng(seed)

    def decay(kind: str, of: tuple[int, ...]) -> float | Array:
        shape = {"one": (), "channel": (of[0],) + (1,) * (len(of) - 1), "neuron": of}[kind]
        drawn = rng.uniform(0.3, 0.95, shape)
        return float(drawn) if kind == "one" else np.broadcast_to(drawn, of).copy()

    def neurons(name: str, of: tuple[int, ...]) -> list[Node]:
        of_current = decay(currents, of) if currents else 0.0
        current = [LI(name=f"{name}_current", shape=of, decay=of_current, current_of=name)] if currents else []
        own = decay(decays, of)
        kind, v_reset = ("hard", 0.0) if reset == "hard" else ("subtract", 0.0)
        if reset == "late":
            v_reset = 0.5 - 0.5 / own
        elif reset == "none":
            v_reset = 0.5
        return [*current, LIF(name=name, shape=of, decay=own, threshold=0.5, reset=kind, v_reset=v_reset)]

    bias = (0.1 * rng.normal(size=3), 0.1 * rng.normal(size=6)) if biased else (None, None)
    nodes: list[Node] = [
        Input(name="input", shape=(2, 4, 5)),
        Conv2d(name="conv", shape=(3, 4, 5), weight=rng.normal(size=(3, 2, 3, 3)) / 4, padding=(1, 1), bias=bias[0]),
        *neurons("first", (3, 4, 5)),
        Flatten(name="flat", shape=(60,)),
        Linear(name="fc", shape=(6,), weight=rng.normal(size=(6, 60)) / 4, bias=bias[1]),
        *neurons("second", (6,)),
        Linear(name="head", shape=(3,), weight=rng.normal(size=(3, 6)), bias=rng.normal(size=3)),
        Readout(name="readout", shape=(3,)),
    ]
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], steps)
    return graph, rng.normal(size=(4, steps, 2, 4, 5))


GOLDEN = {
    "dv": [1792, 1788, 2227, 1751, 1052, 1330],
    "du": [355, 1800, 676, 2665, 1964, 2478],
    "threshold": 183,
    "taken_off": [20839, 20803, 25689, 20474, 15773, 17358],  # 64 s theta 4096 / kept
    "spikes": {"first": 443, "second": 72},
    "logits": [[210, -854, -350], [726, -318, -498], [1056, -346, -452], [708, -422, -1076]],
}


own_nets = st.builds(
    own_net,
    st.integers(0, 2**31),
    reset=st.sampled_from(RESETS),
    decays=st.sampled_from(DECAYS),
    currents=st.sampled_from(("", *DECAYS)),
    biased=st.booleans(),
)


@settings(max_examples=25)
@given(own_nets)
def test_the_engine_computes_the_recurrence(sample):
    """Every spike, membrane and logit of the integers, against loops of Python and numpy alone."""
    graph, x = sample
    assert refusals(graph, INTEGERS) == refusals(graph, LAVA) == []
    integers = compile_loihi(graph, x).graph
    assert refusals(integers, LAVA) == []
    assert_as_oracle(run(integers, x), integers, x)


@settings(max_examples=15)
@given(own_nets)
def test_registers_are_the_rounded_floats(sample):
    graph, x = sample
    quantised = compile_loihi(graph, x)
    channels = compile_channels(graph)
    for neuron in channels.of_type(LIF):
        whole, (scale,) = quantised.graph.nodes[neuron.name], set(quantised.scales[neuron.name])
        assert isinstance(whole, LoihiLIF) and whole.reset == neuron.reset
        assert np.abs(whole.kept / 4096 - neuron.decay).max() <= 0.5 / 4096
        if neuron.reset == "subtract":
            left = scale * neuron.taken_off * neuron.decay  # of it in the next step
            assert np.abs(whole.taken_off / 64 * whole.kept / 4096 - left).max() <= 0.5 / 64 + 1e-9
        current = graph.nodes.get(f"{neuron.name}_current")
        if isinstance(current, LI):
            assert np.abs(whole.current_kept / 4096 - current.decay).max() <= 0.5 / 4096


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("currents", ["", "neuron"])
@pytest.mark.parametrize("reset", RESETS)
def test_integers_follow_the_floats_and_lead_back_to_them(reset, currents, per_channel):
    graph, x = own_net(2, reset=reset, decays="neuron", currents=currents, biased=True)
    quantised, channels = compile_loihi(graph, x, per_channel=per_channel), compile_channels(graph)
    floats, integers = (simulate(g, x, raster=True, execution=DOUBLE) for g in (channels, quantised.graph))
    entering = quantised.graph.input.coded(x) / quantised.graph.input.scale
    back = simulate(dequantise(channels, quantised), entering, raster=True, execution=DOUBLE)
    for unit, spikes in floats.raster.items():
        assert 0.05 < spikes.mean() < 0.95, unit
        assert (spikes != integers.raster[unit]).mean() < 0.06, unit  # as much as with a hard reset
        assert (back.raster[unit] != integers.raster[unit]).mean() < 0.01, unit


@pytest.mark.parametrize("decay", [0.5, 0.002, 0.0001])
def test_a_late_reset_takes_off_one_threshold_however_little_is_kept(decay):
    """In the step after the spike; a decay far below 1/4096 is rounded up to that, and what is taken off down."""
    neurons = firing("n", "subtract-late", np.asarray(0.5), np.zeros(()), np.asarray(decay))
    nodes = [
        Input(name="input", shape=(3,)),
        Linear(name="fc", shape=(4,), weight=np.random.default_rng(0).normal(size=(4, 3))),
        LIF(name="n", shape=(4,), decay=decay, **neurons),
        Linear(name="head", shape=(2,), weight=np.ones((2, 4))),
        Readout(name="readout", shape=(2,)),
    ]
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 3)
    made = compile_loihi(graph, np.ones((2, 3)))
    whole, (scale,) = made.graph.nodes["n"], set(made.scales["n"])
    assert isinstance(whole, LoihiLIF) and whole.kept >= 1
    assert abs(whole.taken_off * whole.kept / 4096 / 64 / scale - 0.5) < 0.01


def test_golden_integers_of_a_late_reset_and_decays_of_every_neuron():
    """Registers, spikes and logits of one small network, as they were when loops of Python agreed with them."""
    graph, x = own_net(5, reset="late", decays="neuron", currents="channel")
    integers = compile_loihi(graph, x).graph
    second = integers.nodes["second"]
    record = run(integers, x)
    assert second.dv.tolist() == GOLDEN["dv"] and second.du.tolist() == GOLDEN["du"]
    assert (second.threshold, second.taken_off.tolist()) == (GOLDEN["threshold"], GOLDEN["taken_off"])
    assert {unit: int(kept.levels.sum()) for unit, kept in record.units.items()} == GOLDEN["spikes"]
    assert record.logits.tolist() == GOLDEN["logits"]


@settings(max_examples=15)
@given(own_nets)
def test_nir_gives_the_integers_back(sample):
    integers = compile_loihi(*sample).graph
    assert differences(from_nir(to_nir(integers)), integers) == ()


def test_nir_importers_are_said_to_reset_to_zero():
    integers = compile_loihi(*own_net(3, decays="neuron")).graph
    for dialect, severity in ((None, "warning"), ("norse", "error")):
        found = {(f.code, f.severity) for f in check(integers, "nir", dialect=dialect) if f.node == "first"}
        assert ("reset", severity) in found


@pytest.mark.parametrize("reset", ["hard", "subtract"])
def test_verify_says_what_nir_cannot(reset, tmp_path):
    """All other rows are there and agree; floats with decays of their own are in NIR."""
    graph, x = own_net(4, reset=reset, decays="neuron", currents="neuron")
    made = verify(LoadedModel("own", graph), Samples("own", x, None, None, ""), x, tmp_path, LavaShare(samples=0))
    assert made.certificate.agrees
    rows = {a.candidate for a in made.certificate.agreements}
    assert ("NIR read back" in rows) == (made.nir is not None) == (reset == "hard")
    assert "integer NIR read back" in rows
    left_out = [stage for stage in made.certificate.missing if stage.stage == "NIR read back"]
    assert len(left_out) == (reset != "hard") and all("'first'" in stage.reason for stage in left_out)


@settings(max_examples=20)
@given(own_nets)
def test_nothing_reaches_beyond_the_bounds(sample):
    """The largest input of every step: currents and membranes stay within what is proven, and that within 24 bits."""
    graph, x = sample
    quantised = compile_loihi(graph, x)
    most = 2.0**quantised.graph.input.bits / quantised.graph.input.scale
    signs = np.sign(np.random.default_rng(0).normal(size=x.shape)) * most
    worst = np.concatenate([x, np.full_like(x, most), np.full_like(x, -most), signs])
    record = simulate(quantised.graph, worst, membranes=True)
    for layer in quantised.layers:
        assert layer.current_bound < CURRENT_LIMIT
        if layer.name in record.membranes:
            v, node = record.membranes[layer.name], quantised.graph.nodes[layer.name]
            assert v.min() >= max(layer.lowest_state, -MEMBRANE_LIMIT)
            if node.reset == "subtract":
                assert v.max() <= min(layer.highest_state, MEMBRANE_LIMIT)


def test_a_membrane_that_is_never_reset_may_clip_and_that_is_said():
    """Nothing is taken off and nothing leaks, so the largest input adds up over many steps."""
    graph, x = own_net(6, reset="none", steps=400)
    kept = [dataclasses.replace(n, decay=1.0) if isinstance(n, LIF) else n for n in graph.nodes.values()]
    found = [f for f in compile_loihi(graph.replace(nodes=kept), x).findings if f.code == "state-may-clip"]
    assert any("could rise to" in f.message for f in found)


def test_a_bias_before_currents_of_every_neuron_keeps_its_size():
    """What enters the membrane settles at b / (1 - d) in floats, and in integers with the share that they keep."""
    graph, x = own_net(7, reset="none", currents="neuron", biased=True, steps=30)
    floats, integers = compile_channels(graph), compile_loihi(graph, x)
    for name in ("first", "second"):
        scale, whole = integers.scales[name][0], integers.graph.nodes[name]
        assert np.abs(np.broadcast_to(whole.bias, whole.shape) / (64 * scale) - floats.nodes[name].leak).max() < 5e-3
