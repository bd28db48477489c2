"""nengo-loihi sends the spikes of the engine, in every population and every step, and refuses what it would wrap."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.nengo_loihi.run import read_out, run_nengo_loihi
from snnhw.exporters.nengo_loihi.session import NengoLoihiError, RegisterError, session
from snnhw.graph.ir import Edge, Graph, Input, Linear, LoihiLIF, Readout
from snnhw.rules.ways import NENGO_LOIHI, refusals
from snnhw.simulation.engine import simulate
from tests.engine_graphs import drawn, made
from tests.exporters.c.built import tamed
from tests.exporters.c.test_c import counted, late, quantised
from tests.exporters.lava.nets import residual
from tests.exporters.lava.test_recurrent import network
from tests.nets import residual_net
from tests.quantisation.test_resets_and_decays import own_net


@pytest.fixture(scope="module")
def worker():
    with session() as running:
        yield running


def same(graph, x, worker, **options):
    """The spikes that the engine sends, none of which differs."""
    ours = simulate(graph, x, raster=True)
    theirs = run_nengo_loihi(graph, x, raster=True, within=worker, **options)
    assert ours.units.keys() == theirs.units.keys() and ours.stepped == theirs.stepped
    for name, unit in ours.units.items():
        for field in ("levels", "graded_spikes", "levels_t"):
            np.testing.assert_array_equal(getattr(unit, field), getattr(theirs.units[name], field), err_msg=name)
    for name, raster in ours.raster.items():
        np.testing.assert_array_equal(raster, theirs.raster[name], err_msg=name)
    np.testing.assert_array_equal(ours.logits, theirs.logits)
    return sum(int(raster.sum()) for raster in ours.raster.values())


def branches():
    """Shortcuts, a 1x1 convolution and K levels."""
    net, graph = residual(1)
    return tamed(graph), net.inputs(2)


def current():
    """Integers of both signs straight into neurons, in every step others."""
    unit = {"du": 4095, "dv": 1024, "bias_mant": np.zeros(5, int), "bias_exp": 0, "shape": (5,)}
    nodes = [
        Input(name="input", shape=(5,), scale=1.0, bits=8),
        LoihiLIF(name="first", threshold=40, **unit),
        Linear(name="on", shape=(5,), weight=2 * np.random.default_rng(1).integers(-20, 40, (5, 5))),
        LoihiLIF(name="last", threshold=60, **unit),
        Readout(name="readout", shape=(5,), reduction="sum"),
    ]
    edges = [Edge(a.name, b.name) for a, b in pairwise(nodes)]
    return Graph.build(nodes, edges, 6), np.random.default_rng(2).integers(-128, 128, (2, 6, 5))


OF_NEURONS = {"decays": "neuron", "currents": "neuron", "reset": "hard"}
SPECIAL = {
    "residual branches": branches,
    "events, pools, gains and counts": counted,
    "a delay of the whole population": lambda: late(2, 1),
    "decays and currents of each neuron": lambda: quantised(own_net(9, **OF_NEURONS)),
    "a hard reset to another value": lambda: quantised(own_net(2, reset="hard", biased=True)),
    "recurrent": lambda: quantised(network("MLF", "both")[:2]),
    "recurrent, several steps late": lambda: quantised(network("LIF", "synapse", steps=3)[:2]),
    "an input that enters as a current": current,
}


@pytest.mark.nengo
@pytest.mark.parametrize("name", SPECIAL)
def test_what_few_networks_have(name, worker):
    graph, x = SPECIAL[name]()
    assert same(graph, x[:2], worker, accumulator_bits=24) > 10


@pytest.mark.nengo
@pytest.mark.slow
def test_random_graphs(worker):
    """Currents that last, states to start from, groups, strides, pools, loops and delays."""
    ran = fired = 0
    for seed in range(200, 260):
        found = made(drawn(seed))
        if found is None or refusals(found[0], NENGO_LOIHI):
            continue
        fired += same(*found, worker, accumulator_bits=24)
        ran += 1
    assert ran > 15 and fired > 2_000


def heavy(weight=254, inputs=4):
    """Neurons that get `inputs` * 127 * `weight` in a step, and a read-out that gets the same from others."""
    unit = {"shape": (3,), "du": 4095, "dv": 1024, "bias_mant": np.zeros(3, int), "bias_exp": 0}
    nodes = [
        Input(name="input", shape=(inputs,), scale=1.0, bits=8),
        Linear(name="first", shape=(3,), weight=np.full((3, inputs), weight)),
        LoihiLIF(name="unit", threshold=30_000, **unit),
        Linear(name="last", shape=(2,), weight=np.array([[32_000, -32_000, 32_000], [1, 2, 3]])),
        Readout(name="readout", shape=(2,), reduction="sum"),
    ]
    edges = [Edge(a.name, b.name) for a, b in pairwise(nodes)]
    return Graph.build(nodes, edges, 3), np.full((2, inputs), 127.0)


@pytest.mark.nengo
def test_a_register_that_would_wrap_stops_the_run_and_a_wider_one_is_a_choice(worker):
    graph, x = heavy(inputs=1)
    assert same(graph, x, worker) == 18  # 127 * 254 is 32,258, and the read-out gets 64,000 in parts
    graph, x = heavy()
    with pytest.raises(RegisterError, match=r"would wrap .Overflow in q0, in sample 0.*22 bits"):
        run_nengo_loihi(graph, x, within=worker)
    assert same(graph, x, worker, accumulator_bits=24) == 18
    assert same(heavy(inputs=1)[0], heavy(inputs=1)[1], worker) == 18  # and the next run has 22 again
    with pytest.raises(RegisterError):
        run_nengo_loihi(graph, x, within=worker)


@pytest.mark.nengo
def test_samples_do_not_know_of_each_other(worker):
    graph, x = late(2, 1)
    together = run_nengo_loihi(graph, x, raster=True, within=worker)
    for i in range(2):
        alone = run_nengo_loihi(graph, x[i : i + 1], raster=True, within=worker)
        assert all(np.array_equal(alone.raster[unit][0], fired[i]) for unit, fired in together.raster.items())
    assert not run_nengo_loihi(graph, x, within=worker).raster


def test_what_does_not_fit_is_one_sentence_before_a_worker_is_asked():
    graph, x = heavy()
    neuron = dataclasses.replace(graph.nodes["unit"], reset="subtract", taken_off=5)
    with pytest.raises(InputError, match="'unit' does not fit nengo-loihi: it resets by subtraction"):
        run_nengo_loihi(graph.replace(nodes={**graph.nodes, "unit": neuron}), x)
    with pytest.raises(InputError, match="'network' does not fit nengo-loihi: it is in floats"):
        run_nengo_loihi(residual_net().graph.replace(name="network"), residual_net().inputs)
    with pytest.raises(InputError, match="There are no samples to run"):
        run_nengo_loihi(graph, x[:0])


@pytest.mark.nengo
def test_a_run_that_takes_too_long_is_given_up():
    graph, x = heavy()
    with pytest.raises(NengoLoihiError, match=r"did not finish within 0 s; allow more time"):
        run_nengo_loihi(graph, x, timeout_s=0)


@pytest.mark.parametrize(("reduction", "expected"), [("sum", [9, 13]), ("last", [6, 7]), ("max", [6, 7])])
def test_what_is_read_has_the_biases_of_every_step(reduction, expected):
    graph, _ = heavy()
    head = dataclasses.replace(graph.nodes["last"], bias=np.array([1, 2]))
    end = dataclasses.replace(graph.readout, reduction=reduction)
    biased = graph.replace(nodes={**graph.nodes, "last": head, "readout": end})
    arrived = np.array([[[2, 3], [-1, 0], [5, 4 + 1]]]) - np.array([[[0, 0], [0, 1], [0, 0]]])
    assert read_out(biased, arrived).tolist() == [expected]
