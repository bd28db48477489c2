"""What keeps the passes from beginning: shared norms, loops, unlike levels, two arithmetics, an input as current."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snnhw.checks.check import TARGETS, check
from snnhw.errors import InputError
from snnhw.graph.ilif import nearest
from snnhw.graph.ir import ILIF, LIF, Conv2d, Delay, Edge, Graph, Norm
from snnhw.nir.write import to_nir
from snnhw.passes import deploy
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules import expressible, given
from snnhw.simulation.engine import simulate
from tests.checks.nets import integers, lif, net
from tests.graph.test_product import graph_of

ONE = np.ones(4)
NORM = Norm(name="norm", shape=(4, 4, 4), gamma=ONE, beta=ONE, mean=ONE, var=ONE, eps=1e-5)


def codes(rule: object, graph: Graph) -> list[tuple[str, str]]:
    return [(f.code, f.node) for f in rule(graph, "Loihi")]  # type: ignore[operator]


def test_a_synapse_that_feeds_a_norm_and_more_is_named() -> None:
    second = Conv2d(name="second", shape=(4, 4, 4), weight=np.ones((4, 4, 1, 1)))
    alone = net(NORM, edges=(Edge("conv", "norm"), Edge("norm", "unit")))
    cut = alone.replace(edges=tuple(e for e in alone.edges if (e.source, e.target) != ("conv", "unit")))
    assert codes(given.norms, cut) == []
    assert codes(given.norms, alone) == [("shared-norm", "conv")]
    assert codes(given.norms, net(second)) == []


def test_every_delay_on_a_loop_is_named() -> None:
    late, aside = (Delay(name=name, shape=(4, 4, 4), steps=1) for name in ("late", "aside"))
    graph = net(late, aside, edges=(Edge("unit", "late"), Edge("late", "unit"), Edge("unit", "aside")))
    assert codes(given.recurrence, graph) == [("recurrent", "late")]


def test_every_product_is_named() -> None:
    graph = graph_of([], [])
    assert codes(given.products, graph) == [("product", "product")] and codes(given.products, net()) == []


def test_levels_share_kind_shape_and_inputs() -> None:
    first, second = (lif(name=f"u{k}", unit="u", level=k, threshold=float(k)) for k in (1, 2))
    into = tuple(Edge("conv", n.name) for n in (first, second))
    out = tuple(Edge(n.name, "flat") for n in (first, second))
    assert codes(given.levels, net(first, second, edges=(*into, *out))) == []
    assert codes(given.levels, net(first, second, edges=(*into, Edge("input", "u2"), *out))) == [("levels-differ", "u")]
    smaller = dataclasses.replace(second, shape=(4, 4, 2))
    assert codes(given.levels, net(first, smaller, edges=into)) == [("levels-differ", "u")]


def test_levels_that_share_a_membrane_are_no_channels_where_they_feel_its_reset() -> None:
    for levels, decay, found in ((3, 0.25, [("shared-membrane", "unit")]), (3, 0.0, []), (1, 0.25, [])):
        unit = ILIF(name="unit", shape=(4, 4, 4), thresholds=nearest(levels, 1.0), decay=decay)
        assert codes(given.separate_membranes, net(unit=unit)) == found
        assert codes(given.separate_membranes, net(unit=unit).replace(timesteps=1)) == []


def test_every_target_refuses_such_a_neuron_in_the_same_words() -> None:
    graph = net(unit=ILIF(name="unit", shape=(4, 4, 4), thresholds=nearest(3, 1.0), decay=0.25))
    for target in TARGETS:
        (error,) = (f for f in check(graph, target) if f.severity == "error")
        assert (error.node, "take off from one membrane" in error.message) == ("unit", True)
    with pytest.raises(InputError, match="'unit' does not fit nir: its levels take off from one membrane"):
        to_nir(graph)
    with pytest.raises(InputError, match="'unit' does not fit Loihi: its levels take off from one membrane"):
        compile_loihi(graph, np.ones((2, 2, 4, 4)))


def test_float_neurons_among_integers_are_named() -> None:
    odd = LIF(name="odd", shape=(4, 4, 4), decay=0.5, threshold=1.0)
    assert codes(given.one_arithmetic, integers()) == codes(given.one_arithmetic, net()) == []
    graph = integers()
    mixed = graph.replace(nodes=[*graph.nodes.values(), odd], edges=(*graph.edges, Edge("conv", "odd")))
    assert codes(given.one_arithmetic, mixed) == [("mixed-arithmetic", "odd")]


def test_a_read_out_of_one_step_is_named() -> None:
    for reduction, named in (("mean", []), ("sum", []), ("last", ["end"]), ("max", ["end"])):
        graph = net()
        (end,) = graph.readouts
        nodes = [*(n for n in graph.nodes.values() if n is not end), dataclasses.replace(end, reduction=reduction)]
        expected = [("readout-of-a-step", end.name) for _ in named]
        assert codes(given.reads_every_step, graph.replace(nodes=nodes)) == expected


def test_an_input_that_reaches_layers_is_no_current() -> None:
    assert codes(given.input_as_current, net()) == [("input-as-current", "conv")]
    direct = net(lif(name="first", shape=(2, 4, 4)), edges=(Edge("input", "first"),))
    assert codes(given.input_as_current, direct) == [("input-as-current", "conv")]


@pytest.mark.parametrize("timesteps", [1, 2])
@pytest.mark.parametrize("decay", [0.0, 0.5])
@pytest.mark.parametrize("levels", [1, 4])
def test_what_a_refusal_of_an_integer_neuron_advises_works(levels: int, decay: float, timesteps: int) -> None:
    """Each deployment that a sentence names runs, and training as it says leads to a target that takes it."""
    unit = ILIF(name="unit", shape=(4, 4, 4), thresholds=nearest(levels, 1.0), decay=decay)
    graph = net(unit=unit).replace(timesteps=timesteps)
    whole = levels > 1 and decay and timesteps > 1
    assert bool(codes(given.separate_membranes, graph)) == bool(whole)
    for finding in given.separate_membranes(graph, "nir"):
        named = finding.remedy.rpartition("simulate runs it as ")[2].split(" or ")
        assert named == ["channels", "graded", "slots"]
        for name in named:
            assert simulate(deploy(graph, name), np.ones((1, *graph.input.shape))).samples == 1
        for other in (graph.replace(timesteps=1), net(unit=dataclasses.replace(unit, decay=0.0))):
            assert to_nir(other) is not None
    for name in ("graded", "slots"):
        for finding in expressible.deployment(deploy(graph, name), "nir"):
            assert (finding.remedy == "deploy it as channels") == (not whole)
            assert whole or to_nir(graph) is not None
