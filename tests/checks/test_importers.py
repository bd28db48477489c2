"""What the writer of NIR files refuses, and what the importer of each dialect makes of the rest."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

from snnhw.checks.check import check
from snnhw.graph.ilif import nearest
from snnhw.graph.ir import (
    ILIF,
    LI,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
    Linear,
    Norm,
    Pool,
    Scale,
)
from snnhw.nir.io import from_nir, to_nir
from snnhw.rules.refuse import sentence
from tests.checks.nets import errors, found, integers, lif, net
from tests.graph.strategies import float_graphs


@settings(max_examples=25, deadline=None)
@given(graph=float_graphs())
def test_what_check_passes_the_writer_writes(graph: Graph) -> None:
    assert not errors(graph, "nir")
    from_nir(to_nir(graph))


ONES = np.ones(4)


SIDE = Conv2d(name="side", shape=(4, 4, 4), weight=np.ones((4, 2, 1, 1)))


NORM = Norm(name="unit", shape=(4, 4, 4), gamma=ONES, beta=ONES, mean=ONES, var=ONES, eps=1e-5)


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
    assert ("bias-as-leak", "unit") in errors(per_neuron, dialect="snntorch")
    assert ("bias-as-leak", "unit") in found(per_neuron) and not errors(per_neuron)  # the file is for no importer
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


def test_a_file_that_holds_for_few_steps_alone_says_so() -> None:
    """Levels of an integer neuron have no reset of the others in one step, and feel it in the second."""
    unit = ILIF(name="unit", shape=(4, 4, 4), thresholds=nearest(3, 1.0), decay=0.25)
    once = net(unit=unit).replace(timesteps=1)
    assert ("longest-run", "") in found(once, "nir")
    for graph in (once.replace(timesteps=2), net(unit=dataclasses.replace(unit, decay=0.0)).replace(timesteps=1)):
        assert ("longest-run", "") not in found(graph, "nir")


def test_a_refusal_names_its_node_once() -> None:
    """The verb puts the place in front of what a finding says."""
    soft = net(unit=lif(reset="subtract"))
    (error,) = (f for f in check(soft, "nir") if f.severity == "error")
    assert error.message == "it resets by subtraction, which NIR cannot say"
    assert sentence(error, soft, "NIR").count("unit") == 1
    whole = net(unit=ILIF(name="unit", shape=(4, 4, 4), thresholds=nearest(3, 1.0), decay=0.25))
    (error,) = (f for f in check(whole, "nir") if f.severity == "error")
    assert error.code == "shared-membrane" and sentence(error, whole, "NIR").count("does not fit") == 1
