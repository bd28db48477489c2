"""A model on crossbars: mapped, priced on samples, and beside its twins."""

import dataclasses

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.crossbar.devices.device import Device
from snnhw.analysis.crossbar.verdict import ANN, SNN, SNN_ALL, SNN_SKIPPED
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.twin import ann_estimates
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.checks.check import check
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.refuse import sentence
from snnhw.simulation.engine import simulate
from snnhw.studies.device_plan import DevicePlan
from snnhw.workflows.backends import simulate_on
from snnhw.workflows.crossbar import compare_on_crossbars, crossbar_of, on_crossbars
from snnhw.workflows.device_study import study_devices
from snnhw.workflows.load import LoadedModel, model_of
from tests.analysis.counting.test_products import DIM, HEADS, OnTokens
from tests.attention_nets import SSA, Around, lif, random_weights
from tests.exporters.lava.test_recurrent import network

IDEAL = Device("plain", "Plain", g_on_us=40.0, g_off_us=1.0)


def test_without_samples_there_is_the_mapping_alone(digits):
    made = on_crossbars(digits, crossbar_of("rram", "channels"))
    said = made.to_dict()
    assert said["tiles"] == 34 and said["chip"] == "rram" and "energy" not in said and said["samples"] == 0


def test_reads_of_samples_are_priced(digits, some):
    made = on_crossbars(digits, crossbar_of("rram64", "channels"), inputs=some)
    said = made.to_dict()
    assert said["samples"] == 24 and set(said["energy"]) == {"all", "silent skipped"}
    low, high = (made.energies[way].per_inference.typical for way in (1, 0))
    assert 0 < low < high and made.machine.pipelined.typical <= made.machine.one_by_one.typical
    assert "Integers are calibrated on the first 24 samples themselves." in said["assumes"]
    integers = dataclasses.replace(digits, graph=compile_loihi(digits.graph, some.values).graph)
    again = on_crossbars(integers, crossbar_of("rram64", "channels"), inputs=some)
    assert again.reads.layers == made.reads.layers
    assert not any("calibrated" in text for text in again.assumes)


def test_bits_of_the_crossbar_that_the_integers_do_not_have_are_said(digits, some):
    narrow = dataclasses.replace(crossbar_of("rram", "channels"), weight_bits=3)
    usual, made = (
        on_crossbars(digits, crossbar_of("rram", "channels"), inputs=some),
        on_crossbars(digits, narrow, inputs=some),
    )
    assert made.mapping.devices == usual.mapping.devices > on_crossbars(digits, narrow).mapping.devices
    said = [text for text in made.to_dict()["assumes"] if "weight_bits = 3" in text]
    assert len(said) == 1 and "weights of 8 bits" in said[0]
    compared = compare_on_crossbars(digits, narrow, some).verdict
    assert said[0] in compared.assumes
    assert {row.bits for row in compared.rows if "crossbar" in row.name} == {8}


def test_levels_in_one_pulse_are_fewer_conversions_of_more_bits(digits, some):
    unary, pulse = (on_crossbars(digits, crossbar_of("rram", how)) for how in ("channels", "graded"))
    assert unary.mapping.tiles == pulse.mapping.tiles
    for one, other in zip(unary.mapping.layers[1:], pulse.mapping.layers[1:], strict=True):
        assert other.coding.reads == 1 < one.coding.reads and other.adc_bits > one.adc_bits
    slots = on_crossbars(digits, crossbar_of("rram", "slots"))
    assert [layer.coding for layer in slots.mapping.layers] == [layer.coding for layer in unary.mapping.layers]


def in_every_verb(model, inputs):
    """What map, simulate, compare and crossbar say of a model; None where they run."""
    plan = DevicePlan(crossbar_of("rram", "channels"), IDEAL, spread=(0.0,), seeds=2, samples=1)
    verbs = {
        "map": lambda: on_crossbars(model, crossbar_of("rram64", "channels")),
        "map, samples": lambda: on_crossbars(model, crossbar_of("rram", "channels"), inputs=inputs),
        "simulate": lambda: simulate_on("rram", model.graph, inputs.values),
        "compare": lambda: compare_on_crossbars(model, crossbar_of("rram", "channels"), inputs),
        "crossbar": lambda: study_devices(model, inputs, inputs, plan),
    }
    said = {}
    for name, verb in verbs.items():
        try:
            verb()
        except InputError as error:
            said[name] = str(error)
        else:
            said[name] = None
    return said


def labelled(graph, x):
    return inputs_of("drawn", x, np.zeros(len(x), np.int64)), LoadedModel("net", graph)


@pytest.mark.parametrize(("kind", "loop"), [("LIF", "both"), ("current-based", "two layers"), ("MLF", "forward")])
def test_loops_delays_and_currents_run_in_every_verb(kind, loop):
    graph, x = network(kind, loop, steps=2, image=False, timesteps=3)
    for each in (graph, compile_loihi(graph, x).graph):
        inputs, model = labelled(each, x)
        assert not [found for found in check(each, "rram") if found.severity == "error"]
        assert set(in_every_verb(model, inputs).values()) == {None}


def changed(graph, name, **fields):
    return graph.replace(nodes={**graph.nodes, name: dataclasses.replace(graph.nodes[name], **fields)})


def unfit():
    """(name, graph, samples, title): what crossbars do not take, in floats and in integers."""
    graph, x = network("LIF", "synapse", image=False, timesteps=3)
    integers = compile_loihi(graph, x).graph
    attention = model_of(random_weights(Around(OnTokens(SSA(DIM, HEADS, lif)), DIM, False)), (2, 8, 8)).graph
    yield "product", attention, np.random.default_rng(0).normal(0.5, 1, (4, 2, 8, 8)).astype(np.float32), "Loihi"
    yield "reset above the threshold", changed(graph, "own", v_reset=0.9), x, "Loihi"
    yield "mean of membranes", changed(graph, "readout", reduction="last"), x, "Loihi"
    yield "register", changed(integers, "own", dv=5000), x, "rram"
    yield "fractions", changed(integers, "forward", weight=integers.nodes["forward"].weight + 0.5), x, "rram"
    bias = np.full(8, 0.5)
    yield "bias", changed(integers, "again", bias=bias), x, "rram"
    yield "input", changed(integers, "input", bits=17), x, "rram"
    yield "division", changed(integers, "readout", reduction="mean"), x, "rram"


@pytest.mark.parametrize(("name", "graph", "x", "title"), [pytest.param(*case, id=case[0]) for case in unfit()])
def test_what_crossbars_do_not_take_is_refused_in_every_verb_by_the_sentence_of_check(name, graph, x, title):
    inputs, model = labelled(graph, x)
    errors = [found for found in check(graph, "rram") if found.severity == "error"]
    assert set(in_every_verb(model, inputs).values()) == {sentence(errors[0], graph, title)}


def test_deployments_that_crossbars_lack_are_refused():
    with pytest.raises(InputError, match="'shared' is that of channels; give one of channels, graded, slots"):
        crossbar_of("rram", "shared")
    with pytest.raises(InputError, match="no deployment 'grades'; did you mean 'graded'"):
        crossbar_of("rram", "grades")


def test_digital_rows_are_those_of_the_report(digits, some):
    made = compare_on_crossbars(digits, crossbar_of("rram", "channels"), some)
    rows = {row.name: row for row in made.verdict.rows}
    counts = count(digits.graph, simulate(digits.graph, some.values))
    profile = load_profile("lemaire45")
    assert rows[SNN].energy == estimate(counts, profile).per_inference
    assert rows[ANN].energy == ann_estimates(counts, profile)["int8, with memory"].per_inference
    assert {row.scope for row in rows.values()} == {"memory"}
    priced = on_crossbars(digits, crossbar_of("rram", "channels"), inputs=some)
    assert [rows[name].energy for name in (SNN_ALL, SNN_SKIPPED)] == [e.per_inference for e in priced.energies]
    assert len(made.conditions) == 3 and made.to_dict()["samples"] == 24
