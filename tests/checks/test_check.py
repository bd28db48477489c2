"""`check`: total, complete, anchored; each finding has a graph that has it and one that has not."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings

from snnhw.checks.check import TARGETS, check
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import (
    LI,
    LIF,
    MLF,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
    Input,
    Linear,
    LoihiLIF,
    Node,
    Norm,
    Pool,
    Readout,
    Scale,
)
from snnhw.nir.io import from_nir, to_nir
from tests.graph.strategies import float_graphs, integer_graphs


def net(*extra: Node, edges: tuple[Edge, ...] = (), **changes: Node) -> Graph:
    """input 2x4x4 -> conv -> unit -> flat -> fc -> readout; `changes` replace nodes by name."""
    rng = np.random.default_rng(0)
    nodes: dict[str, Node] = {
        "input": Input(name="input", shape=(2, 4, 4)),
        "conv": Conv2d(name="conv", shape=(4, 4, 4), weight=rng.normal(size=(4, 2, 3, 3)), padding=(1, 1)),
        "unit": MLF(name="unit", shape=(4, 4, 4), thresholds=(0.6, 1.6), decay=0.25),
        "flat": Flatten(name="flat", shape=(64,)),
        "fc": Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 64))),
        "readout": Readout(name="readout", shape=(3,)),
    }
    chain = [Edge(a, b) for a, b in itertools.pairwise(nodes)]
    return Graph.build([*{**nodes, **changes}.values(), *extra], [*chain, *edges], 2)


def lif(**fields: object) -> LIF:
    return LIF(**{"name": "unit", "shape": (4, 4, 4), "decay": 0.25, "threshold": 0.6} | fields)


def loihi(**fields: object) -> LoihiLIF:
    values = {"threshold": 10, "du": 4095, "dv": 3072, "bias_mant": np.zeros((1, 1, 1), int), "bias_exp": 0}
    return LoihiLIF(**{"name": "unit", "shape": (4, 4, 4)} | values | fields)


def integers(**fields: object) -> Graph:
    graph = net(unit=loihi(**fields), input=Input(name="input", shape=(2, 4, 4), scale=8.0, bits=4))
    even = {
        n: dataclasses.replace(graph.nodes[n], weight=np.full(graph.nodes[n].weight.shape, 2)) for n in ("conv", "fc")
    }
    return graph.replace(nodes={**graph.nodes, **even})


def found(graph: Graph, target: str = "nir", **options: str) -> set[tuple[str, str]]:
    return {(f.code, f.node) for f in check(graph, target, **options)}


def errors(graph: Graph, target: str = "nir", **options: str) -> set[tuple[str, str]]:
    return {(f.code, f.node) for f in check(graph, target, **options) if f.severity == "error"}


@pytest.mark.parametrize("target", TARGETS)
def test_a_plain_network_has_no_errors(target: str) -> None:
    assert not errors(net(), target)
    assert not errors(integers(), target)


@settings(max_examples=25, deadline=None)
@given(graph=float_graphs())
def test_what_check_passes_the_writer_writes(graph: Graph) -> None:
    assert not errors(graph, "nir")
    from_nir(to_nir(graph))


@settings(max_examples=25, deadline=None)
@given(graph=integer_graphs())
def test_integers_of_the_strategy_differ_from_loihi_only_in_range(graph: Graph) -> None:
    assert {code for code, _ in errors(graph, "loihi2")} <= {"integer-range"}


ONES = np.ones(4)
SMALL = Conv2d(name="c", shape=(4, 2, 2), weight=np.ones((4, 2, 3, 3)))
SIDE = Conv2d(name="side", shape=(4, 4, 4), weight=np.ones((4, 2, 1, 1)))
WRONG = Conv2d(name="conv", shape=(4, 4, 4), weight=np.ones((4, 3, 3, 3)), padding=(1, 1))
BROKEN = Conv2d(name="conv", shape=(4, 4, 4), weight=np.full((4, 2, 3, 3), np.nan), padding=(1, 1))
NORM = Norm(name="unit", shape=(4, 4, 4), gamma=ONES, beta=ONES, mean=ONES, var=ONES, eps=1e-5)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("graph", "finding"),
    [
        (net(Readout(name="second", shape=(3,)), edges=(Edge("fc", "second"),)), ("ends", "second")),
        (net(Input(name="second", shape=(2, 4, 4)), edges=(Edge("second", "conv"),)), ("ends", "second")),
        (net(Scale(name="s", shape=(4, 4, 4), scale=1.0)), ("unreached", "s")),
        (net(Scale(name="s", shape=(4, 4, 4), scale=1.0), edges=(Edge("unit", "s"),)), ("loose-end", "s")),
        (net(edges=(Edge("unit", "unit"),)), ("loop", "")),
        (net(unit=MLF(name="unit", shape=(4, 4, 5), thresholds=(1.0,), decay=0.25)), ("shape", "unit")),
        (net(flat=Flatten(name="flat", shape=(63,))), ("shape", "flat")),
        (net(fc=Linear(name="fc", shape=(3,), weight=np.ones((3, 5)))), ("shape", "fc")),
        (net(SMALL, edges=(Edge("input", "c"), Edge("c", "unit"))), ("shapes-unequal", "unit")),
        (net(edges=(Edge("readout", "unit"),)), ("ends", "readout")),
        (net(edges=(Edge("unit", "input"),)), ("ends", "unit")),
        (net(conv=WRONG), ("shape", "conv")),
        (net(conv=BROKEN), ("not-finite", "conv")),
        (net(unit=MLF(name="unit", shape=(4, 4, 4), thresholds=(1.0, 0.5), decay=0.25)), ("thresholds", "unit")),
        (net(unit=MLF(name="unit", shape=(4, 4, 4), thresholds=(1.0,), decay=1.25)), ("decay", "unit")),
    ],
)  # fmt: skip
def test_structure(graph: Graph, finding: tuple[str, str], target: str) -> None:
    assert finding in errors(graph, target)


def test_warnings_about_values() -> None:
    assert ("dead-synapse", "fc") in found(net(fc=Linear(name="fc", shape=(3,), weight=np.zeros((3, 64)))))
    assert ("fires-at-rest", "unit") in found(net(unit=lif(threshold=-0.5)))
    assert not {"dead-synapse", "fires-at-rest"} & {code for code, _ in found(net())}


def test_complete_all_errors_at_once() -> None:
    bad = net(
        unit=lif(reset="subtract", decay=0.5),
        fc=Linear(name="fc", shape=(3,), weight=np.full((3, 64), np.inf)),
        conv=BROKEN,
    )
    assert {("not-finite", "conv"), ("not-finite", "fc"), ("nir-refused", "unit")} <= errors(bad, "nir")
    assert {("not-finite", "conv"), ("not-finite", "fc"), ("reset", "unit")} <= errors(bad, "lava")


def test_errors_come_first_and_say_what_to_do() -> None:
    findings = check(net(unit=lif(reset="subtract")), "loihi1")
    ranks = [["error", "warning", "info"].index(f.severity) for f in findings]
    assert ranks == sorted(ranks)
    assert all(f.remedy and f.message and "\n" not in f.message for f in findings)
    assert findings[0].to_dict()["code"] == "reset"


def test_what_the_reader_found_is_reported() -> None:
    graph = net().replace(findings=(Finding("dt-assumed", "warning", "", "no step", "--dt"),))
    assert ("dt-assumed", "") in found(graph, "lava")


@pytest.mark.parametrize(
    ("graph", "dialect", "finding"),
    [
        (net(unit=lif(reset="subtract")), "snntorch", ("nir-refused", "unit")),
        (net(unit=lif(decay=1.0)), "norse", ("nir-refused", "unit")),
        (net(unit=NORM), "snntorch", ("nir-refused", "unit")),
        (net(unit=lif(threshold=np.arange(64.0).reshape(4, 4, 4))), "snntorch", ("per-neuron-parameters", "unit")),
        (net(unit=lif(leak=0.5)), "snntorch", ("reset-ignored", "unit")),
        (net(unit=lif(v_reset=0.5)), "snntorch", ("reset-ignored", "unit")),
        (net(SIDE, edges=(Edge("input", "side"), Edge("side", "unit"))), "sinabs", ("importer-branches", "unit")),
        (net(unit=Scale(name="unit", shape=(4, 4, 4), scale=2.0)), "snntorch", ("importer-lacks", "unit")),
        (net(unit=Delay(name="unit", shape=(4, 4, 4), steps=1)), "spikingjelly", ("importer-lacks", "unit")),
        (net(unit=LI(name="unit", shape=(4, 4, 4), decay=0.5)), "snntorch", ("importer-lacks", "unit")),
    ],
)  # fmt: skip
def test_nir_errors(graph: Graph, dialect: str, finding: tuple[str, str]) -> None:
    assert finding in errors(graph, "nir", dialect=dialect)
    assert not errors(net(), "nir", dialect=dialect)


def test_bias_of_each_neuron_is_a_leak_that_importers_refuse() -> None:
    per_neuron = integers(bias_mant=np.arange(64).reshape(4, 4, 4))
    assert ("bias-as-leak", "unit") in errors(per_neuron)
    assert not errors(integers(bias_mant=np.arange(4).reshape(4, 1, 1)))


def test_per_neuron_thresholds_suit_norse() -> None:
    graph = net(unit=lif(threshold=np.arange(64.0).reshape(4, 4, 4)))
    assert not errors(graph, "nir", dialect="norse")


def test_nir_warnings() -> None:
    pool = Pool(name="flat", shape=(4, 3, 3), kind="sum", kernel=(2, 2), stride=(2, 2), padding=(1, 1))
    fc = Linear(name="fc", shape=(3,), weight=np.ones((3, 36)))
    assert ("sum-pool-padding", "flat") in found(net(flat=pool, fc=fc))
    oblong = Conv2d(name="conv", shape=(4, 4, 4), weight=np.ones((4, 2, 3, 2)), padding=(1, 1))
    wide = net(conv=dataclasses.replace(oblong, shape=(4, 4, 5)), unit=lif(shape=(4, 4, 5)))
    wide = wide.replace(nodes={**wide.nodes, "flat": Flatten(name="flat", shape=(80,))})
    wide = wide.replace(nodes={**wide.nodes, "fc": Linear(name="fc", shape=(3,), weight=np.ones((3, 80)))})
    assert ("kernel-not-square", "conv") in found(wide)
    assert ("integers-truncated", "unit") in found(integers())
    branches = [Conv2d(name=f"b{i}", shape=(4, 4, 4), weight=np.ones((4, 2, 1, 1))) for i in range(2)]
    edges = tuple(e for b in branches for e in (Edge("input", b.name), Edge(b.name, "unit")))
    assert ("sum-order", "unit") in found(net(*branches, edges=edges))
    assert ("sum-order", "unit") not in found(net(branches[0], edges=edges[:2]))


@pytest.mark.parametrize("target", ["lava", "loihi1", "loihi2", "sanafe"])
@pytest.mark.parametrize(
    ("node", "code"),
    [
        (lif(reset="subtract"), "reset"),
        (lif(v_reset=0.5), "reset"),
        (lif(gain=2.0), "gain"),
        (lif(leak=0.5), "gain"),
        (lif(decay=np.linspace(0, 1, 64).reshape(4, 4, 4)), "mixed-decay"),
        (LI(name="unit", shape=(4, 4, 4), decay=0.5), "no-counterpart"),
        (Scale(name="unit", shape=(4, 4, 4), scale=0.5), "no-counterpart"),
        (Delay(name="unit", shape=(4, 4, 4), steps=1), "no-counterpart"),
    ],
)
def test_neurons_that_hardware_lacks(node: Node, code: str, target: str) -> None:
    assert (code, "unit") in errors(net(unit=node), target)


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
    assert ("mixed-threshold", "unit") in found(graph, "lava") - errors(graph, "lava")


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


def test_recurrence_is_no_error_for_nir_but_for_hardware() -> None:
    late = Delay(name="late", shape=(4, 4, 4), steps=1)
    graph = net(late, edges=(Edge("unit", "late"), Edge("late", "unit")))
    assert ("recurrent", "") in errors(graph, "lava")
    assert "loop" not in {code for code, _ in found(graph)}


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
    kept = net(unit=first, flat=relay, fc=Linear(name="fc", shape=(3,), weight=np.ones((3, 16))))
    assert ("pool", "unit") in errors(kept, "sanafe")
    shared = net(Linear(name="other", shape=(3,), weight=np.ones((3, 16))), flat=pool, edges=(Edge("flat", "other"),),
                 fc=Linear(name="fc", shape=(3,), weight=np.ones((3, 16))))  # fmt: skip
    assert ("pool", "flat") in errors(shared, "sanafe")
    big = net(fc=Linear(name="fc", shape=(200_000,), weight=np.ones((200_000, 64), np.int8)),
              readout=Readout(name="readout", shape=(200_000,)))  # fmt: skip
    assert ("too-many-synapses", "") in found(big, "sanafe")
    assert ("too-many-synapses", "") not in found(net(), "sanafe")


def test_kernels_beyond_int8_do_not_fit_lava() -> None:
    conv = Conv2d(name="conv", shape=(4, 4, 4), weight=np.ones((4, 2, 257, 257)), padding=(128, 128))
    assert ("kernel-size", "conv") in errors(net(conv=conv), "lava")


def test_unknown_target_and_dialect() -> None:
    with pytest.raises(InputError, match="give one of nir, lava"):
        check(net(), "gpu")
    with pytest.raises(InputError, match="no NIR dialect"):
        check(net(), "nir", dialect="brian")
