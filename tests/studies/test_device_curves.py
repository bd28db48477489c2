"""Accuracy on chips: ideal ones are the integers, worse devices lose more, a seed decides all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.device import Device
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.studies.device_curves import device_curves
from snnhw.studies.device_plan import DevicePlan
from tests.exporters.lava.test_recurrent import network
from tests.nets import residual_net

SAMPLE = residual_net(21, levels=2, timesteps=2, widths=(3,), size=5, samples=40)


def undecided(graph, inputs):
    """The network with a bias for which no class wins by itself, so that samples decide."""
    head = graph.nodes["head"]
    bias = head.bias - simulate(graph, inputs).logits.mean(axis=0)
    return graph.replace(nodes={**graph.nodes, "head": replace(head, bias=bias)})


GRAPH = compile_loihi(undecided(SAMPLE.graph, SAMPLE.inputs), SAMPLE.inputs[:10]).graph
LABELS = simulate(GRAPH, SAMPLE.inputs).logits.argmax(axis=1)  # so that the ideal chip is always right
DATA = inputs_of("drawn", SAMPLE.inputs, LABELS)
IDEAL = Device("plain", "Plain", g_on_us=40.0, g_off_us=1.0)


def points(device=IDEAL, data=DATA, file=None, **changes):
    chosen = {"seeds": 3, "samples": 10, "adc_samples": 4, **changes}
    plan = DevicePlan(load_crossbar("rram").having(rows=16, **(file or {})), device, **chosen)
    return list(device_curves(GRAPH, data, plan, SAMPLE.inputs[:10]))


def test_ideal_chips_do_what_the_integers_do():
    found = points(spread=(0.0,), device_bits=(1, 3, 7), wire_ohm=(0.0,), adc_bits=(12,))
    assert [p.axis for p in found] == ["spread", *["device_bits"] * 3, "wire_ohm", "adc_bits"]
    assert [p.value for p in found] == [0.0, 1, 3, 7, 0.0, 12]
    assert all(p.correct == p.ideal == (p.samples,) * 3 for p in found)


def test_more_spread_and_fewer_bits_lose_more():
    spreads = points(spread=(0.0, 0.3))
    assert sum(spreads[0].correct) > sum(spreads[1].correct)
    converters = points(adc_bits=(12, 1))
    assert sum(converters[0].correct) > sum(converters[1].correct)


@pytest.mark.parametrize("bits", [1, 3, 12])
def test_converters_of_the_file_are_those_of_the_axis(bits):
    """A spread of 0, two bits and no wires are the chip of the axis of converters; so are its right answers."""
    (wanted,) = points(adc_bits=(bits,))
    others = points(file={"adc_bits": bits}, spread=(0.0,), device_bits=(2,), wire_ohm=(0.0,))
    assert len(others) == 3 and all(p.correct == wanted.correct and p.samples == 4 for p in others)
    assert points(file={"adc_bits": bits}, adc_bits=(2,)) == points(adc_bits=(2,))  # the axis takes its place


def test_an_axis_with_more_samples_than_the_others_has_all_of_them():
    spread, converters = points(spread=(0.0,), adc_bits=(12,), samples=2, adc_samples=10)
    assert spread.ideal == (2,) * 3 and converters.ideal == (10,) * 3


def test_the_same_plan_gives_the_same_chips():
    noisy = replace(IDEAL.spread_to(0.05), read_noise=0.05)
    once, again = (points(noisy, spread=(0.05,), adc_bits=(8,)) for _ in range(2))
    assert once == again


def test_ideal_chips_of_a_network_with_loops_do_what_the_integers_do():
    graph, x = network("current-based", "both", seed=2, image=False)
    graph = compile_loihi(graph, x).graph
    labels = simulate(graph, x).logits.argmax(axis=1)
    plan = DevicePlan(load_crossbar("rram"), IDEAL, spread=(0.0,), adc_bits=(12,), seeds=2, samples=2, adc_samples=2)
    for device in (IDEAL, replace(IDEAL, read_noise=1e-9)):
        found = device_curves(graph, inputs_of("drawn", x, labels), replace(plan, device=device), x)
        assert all(point.correct == point.ideal == (2, 2) for point in found)


def test_wires_take_current_away():
    (found,) = points(wire_ohm=(2000.0,), wires="exact")
    assert sum(found.correct) < sum(found.ideal)


def test_chips_are_told_apart_by_their_seed():
    (found,) = points(IDEAL, spread=(0.2,), seeds=4)
    assert len(set(found.correct)) > 1


def test_too_few_samples_and_samples_without_labels_are_refused():
    with pytest.raises(InputError, match="3 chips with samples of their own take 60 and drawn has 40"):
        points(spread=(0.0,), samples=20)
    with pytest.raises(InputError, match="no labels"):
        points(data=inputs_of("bare", SAMPLE.inputs, None), spread=(0.0,))


def test_progress_counts_points():
    ticks = []
    plan = DevicePlan(load_crossbar("rram"), IDEAL, spread=(0.0, 0.1), seeds=2, samples=5)
    list(device_curves(GRAPH, DATA, plan, SAMPLE.inputs, lambda *tick: ticks.append(tick)))
    assert ticks == [("points", 0, 2), ("points", 1, 2), ("points", 2, 2)]


def test_every_point_is_judged_by_the_same_samples():
    found = points(spread=(0.0, 0.1))
    assert found[0].ideal == found[1].ideal
    assert np.array_equal(found[0].samples, found[1].samples)
