"""What Lava, Loihi and SANA-FE have no counterpart for, integers out of range, and what the pipeline settles."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.graph.ir import (
    LI,
    LIF,
    MLF,
    Conv2d,
    Delay,
    Edge,
    Graph,
    Input,
    Linear,
    Node,
    Pool,
    Readout,
    Scale,
)
from snnhw.quantisation.compile import compile_loihi
from tests.checks.nets import errors, found, integers, lif, net
from tests.graph.strategies import integer_graphs


@settings(max_examples=25, deadline=None)
@given(graph=integer_graphs())
def test_integers_of_the_strategy_differ_from_loihi_only_in_range(graph: Graph) -> None:
    assert {code for code, _ in errors(graph, "loihi2")} <= {"integer-range", "negative-exponent"}


@pytest.mark.parametrize("target", ["lava", "loihi1", "loihi2", "sanafe"])
@pytest.mark.parametrize(
    ("node", "code"),
    [
        (lif(v_reset=0.9), "negative-threshold"),
        (lif(gain=np.linspace(1, 2, 64).reshape(4, 4, 4)), "gain"),
        (LI(name="unit", shape=(4, 4, 4), decay=0.5), "no-counterpart"),
        (Scale(name="unit", shape=(4, 4, 4), scale=0.5), "no-counterpart"),
        (Delay(name="unit", shape=(4, 4, 4), steps=1), "no-counterpart"),
    ],
)
def test_neurons_that_hardware_lacks(node: Node, code: str, target: str) -> None:
    assert (code, "unit") in (found if target == "lava" else errors)(net(unit=node), target)


@pytest.mark.parametrize("make", [net, None], ids=["floats", "integers"])
def test_a_reset_by_subtraction_is_for_lava_and_loihi_2(make) -> None:
    """Lava runs a process of ours for it; neither Loihi 1 nor SANA-FE has it."""
    graph = integers(reset="subtract", taken_off=640) if make is None else net(unit=lif(reset="subtract"))
    assert errors(graph, "lava") == errors(graph, "loihi2") == set()
    assert errors(graph, "loihi1") == {("soft-reset", "unit")} and errors(graph, "sanafe") == {("reset", "unit")}


def test_decays_of_every_neuron_are_integers_and_not_for_sanafe() -> None:
    decays = np.linspace(0, 1, 64).reshape(4, 4, 4)
    for graph in (net(unit=lif(decay=decays)), integers(dv=np.arange(64).reshape(4, 4, 4))):
        assert all(not errors(graph, target) for target in ("lava", "loihi1", "loihi2"))
        assert errors(graph, "sanafe") == {("mixed-decay", "unit")}


@pytest.mark.parametrize(("many", "severity"), [(1, None), (2, "info"), (32, "info"), (33, "warning")])
def test_what_decays_of_every_neuron_take_of_a_core_is_said(many: int, severity: str | None) -> None:
    dv = np.minimum(np.arange(64), many - 1).reshape(4, 4, 4)
    said = {t: [f for f in check(integers(dv=dv), t) if f.code == "decays-per-core"] for t in ("loihi1", "loihi2")}
    assert [f.severity for f in said["loihi1"]] == ([severity] if severity else [])
    assert [f.severity for f in said["loihi2"]] == (["warning"] if severity else [])
    assert all(f"{many} different decays" in f.message for found in said.values() for f in found)
    assert ("at least 2 cores" in str(said["loihi1"])) == (many == 33)


@pytest.mark.parametrize("fields", [{"gain": 2.0}, {"leak": 0.1}, {"v_reset": 0.1}, {"v_reset": -0.5, "gain": 0.3}])
def test_what_weights_biases_and_a_start_take_in_is_no_error(fields: dict[str, object]) -> None:
    for target in ("lava", "loihi1", "loihi2"):
        assert not errors(net(unit=lif(**fields)), target)
    assert errors(net(unit=lif(**fields)), "sanafe") == ({("start", "unit")} if "v_reset" in fields else set())


def test_a_leak_that_differs_within_a_channel_is_a_bias_of_integers_and_of_lava() -> None:
    leaking = net(unit=lif(leak=np.linspace(0, 0.1, 64).reshape(4, 4, 4)))
    for target in ("lava", "loihi1", "loihi2"):
        assert not errors(leaking, target)
    assert errors(leaking, "sanafe") == {("gain", "unit")}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"threshold": 2**17}, "integer-range"),
        ({"threshold": -1}, "integer-range"),
        ({"du": 4096}, "integer-range"),
        ({"dv": -1}, "integer-range"),
        ({"bias_mant": np.full((4, 1, 1), 4096)}, "integer-range"),
        ({"bias_exp": 8}, "integer-range"),
    ],
)
def test_integers_out_of_range(fields: dict[str, object], code: str) -> None:
    assert (code, "unit") in errors(integers(**fields), "loihi2")


def test_range_ends_are_inside() -> None:
    edge = {"threshold": 2**17 - 1, "du": 0, "dv": 4095, "bias_mant": np.full((4, 1, 1), -4096), "bias_exp": 7}
    assert not errors(integers(**edge), "loihi1")


def test_weights_out_of_range() -> None:
    graph = integers()
    for value in (3, 256, 0.5):
        fc = dataclasses.replace(graph.nodes["fc"], weight=np.full((3, 64), value))
        assert ("weight-range", "fc") in errors(graph.replace(nodes={**graph.nodes, "fc": fc}), "loihi1")


def test_current_that_may_wrap() -> None:
    heavy = Conv2d(name="conv", shape=(4, 4, 4), weight=np.full((4, 2, 3, 3), 254), padding=(1, 1))
    wide = Input(name="input", shape=(2, 4, 4), scale=8.0, bits=8)
    graph = integers()
    assert ("current-may-wrap", "unit") not in found(graph, "loihi1")
    assert ("current-may-wrap", "unit") in found(
        graph.replace(nodes={**graph.nodes, "conv": heavy, "input": wide}), "loihi1"
    )


def test_thresholds_per_neuron_are_an_error_on_loihi1_only() -> None:
    graph = integers(threshold=np.arange(64).reshape(4, 4, 4))
    assert ("mixed-threshold", "unit") in errors(graph, "loihi1")
    assert not errors(graph, "lava") and not errors(graph, "loihi2")


def test_hints_that_the_pipeline_settles_are_no_errors() -> None:
    hints = found(net(), "loihi1")
    assert {
        ("multi-level", "unit"),
        ("no-payload", "unit"),
        ("analogue-input", "input"),
        ("not-quantised", ""),
    } <= hints
    assert ("no-payload", "unit") not in found(net(), "loihi2")


def test_direct_and_early_edges() -> None:
    second = MLF(name="second", shape=(4, 4, 4), thresholds=(1.0,), decay=0.25)
    conv = Conv2d(name="conv2", shape=(4, 4, 4), weight=np.ones((4, 4, 1, 1)))
    edges = (Edge("unit", "conv2"), Edge("conv2", "second"), Edge("unit", "second"), Edge("second", "flat"))
    graph = net(conv, second, edges=edges)
    assert ("no-synapse", "second") in found(graph, "loihi2")
    assert ("unbalanced", "") in found(graph, "lava")
    assert ("no-synapse", "unit") not in found(graph, "loihi2")


def test_pools_and_many_synapses_for_sanafe() -> None:
    pool = Pool(name="flat", shape=(4, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2))
    graph = net(flat=pool, fc=Linear(name="fc", shape=(3,), weight=np.ones((3, 16))))
    for target in ("sanafe", "lava"):  # in front of a matrix, with or without a flatten between
        assert ("pool", "flat") in found(graph, target) - errors(graph, target)
    first = Pool(name="unit", shape=(4, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2))
    last = Linear(name="fc", shape=(3,), weight=np.ones((3, 8)))
    folds = net(unit=first, flat=Conv2d(name="flat", shape=(2, 2, 2), weight=np.ones((2, 4, 1, 1))), fc=last)
    assert ("pool", "unit") in found(folds, "sanafe") - errors(folds, "sanafe")
    relay = MLF(name="flat", shape=(4, 2, 2), thresholds=(0.6,), decay=0.25)
    taken = net(unit=first, flat=relay, fc=Linear(name="fc", shape=(3,), weight=np.ones((3, 16))))
    assert errors(taken, "sanafe") == set()  # the pool is in the convolution before it
    pads = dataclasses.replace(first, shape=(4, 3, 3), padding=(1, 1))
    relay = dataclasses.replace(relay, shape=(4, 3, 3))
    kept = net(unit=pads, flat=relay, fc=Linear(name="fc", shape=(3,), weight=np.ones((3, 36))))
    assert ("layer-on-sums", "flat") in errors(kept, "sanafe")  # the pool is in the identity synapse of the unit
    shared = net(Linear(name="other", shape=(3,), weight=np.ones((3, 16))), flat=pool, edges=(Edge("flat", "other"),),
                 fc=Linear(name="fc", shape=(3,), weight=np.ones((3, 16))))  # fmt: skip
    assert ("pool", "flat") in found(shared, "sanafe") - errors(shared, "sanafe")  # each matrix gets its own
    big = net(fc=Linear(name="fc", shape=(200_000,), weight=np.ones((200_000, 64), np.int8)),
              readout=Readout(name="readout", shape=(200_000,)))  # fmt: skip
    assert ("too-many-synapses", "") in found(big, "sanafe")
    assert ("too-many-synapses", "") not in found(net(), "sanafe")


def test_kernels_beyond_int8_do_not_fit_lava() -> None:
    conv = Conv2d(name="conv", shape=(4, 4, 4), weight=np.ones((4, 2, 257, 257)), padding=(128, 128))
    assert ("kernel-size", "conv") in errors(net(conv=conv), "lava")


@pytest.mark.parametrize("target", ["lava", "loihi1", "loihi2", "sanafe"])
def test_a_current_counts_as_part_of_its_neuron_while_it_lasts_one_step(target: str) -> None:
    """A CubaLIF whose current is gone after a step is a LIF; a longer one is an integer neuron, SANA-FE has none."""
    current = LI(name="current", shape=(4, 4, 4), decay=0.0, current_of="unit")
    plain = net()
    whole = [e for e in plain.edges if e.target != "unit"]
    into = [dataclasses.replace(e, target="current") for e in plain.edges if e.target == "unit"]
    graph = plain.replace(nodes=[*plain.nodes.values(), current], edges=(*whole, *into, Edge("current", "unit")))
    assert errors(graph, target) == errors(plain, target)
    assert ("current", "current") in found(graph, target)
    longer = dataclasses.replace(current, decay=0.5)
    lasts = errors(graph.replace(nodes={**graph.nodes, "current": longer}), target)
    assert lasts == ({("no-counterpart", "current")} if target == "sanafe" else set())


@pytest.mark.parametrize("target", ["loihi1", "loihi2"])
def test_a_network_ends_in_neurons_or_in_a_matrix_but_not_in_both(target: str) -> None:
    weight = np.random.default_rng(0).normal(size=(64, 64))
    ends = LIF(name="last", shape=(64,), decay=0.25, threshold=0.6)
    graph = net(ends, fc=Linear(name="fc", shape=(64,), weight=weight), readout=Readout(name="readout", shape=(64,)))
    graph = graph.replace(edges=(*graph.edges[:-1], Edge("fc", "last"), Edge("last", "readout")))
    assert not errors(graph, target)
    compile_loihi(graph, np.ones((2, 2, 4, 4)))
    both = graph.replace(edges=(*graph.edges, Edge("fc", "readout")))
    assert errors(both, target) == {("readout", "readout")}
    with pytest.raises(InputError, match="'readout' does not fit Loihi: it reads last, fc_of_readout, and a network"):
        compile_loihi(both, np.ones((2, 2, 4, 4)))
