"""A model on chips that are drawn: its integers, its samples, and what is taken for granted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.device import load_device
from snnhw.data.datasets import load
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.quantisation.compile import compile_loihi
from snnhw.studies.device_plan import DevicePlan
from snnhw.workflows.device_study import study_devices

PLAN = DevicePlan(load_crossbar("rram"), load_device("hfox-wan2022").ideal(), spread=(0.0,), seeds=2, samples=4)


@pytest.fixture(scope="module")
def samples():
    return load("digits", "test").first(20), load("digits", "train").first(8)


def test_floats_become_integers_and_ideal_chips_lose_nothing(digits, samples):
    found = study_devices(digits, *samples, PLAN)
    assert found.points[0].correct == found.points[0].ideal
    assert found.tiles > 0 and found.devices > 0 and found.lossless_bits > 1
    assert (found.model, found.input) == (digits.name, "digits:test")


def test_what_is_taken_for_granted_is_said(digits, samples):
    plan = replace(PLAN, device=load_device("hfox-wan2022"), adc_bits=(8,), spread=(), adc_samples=1)
    said = " ".join(study_devices(digits, *samples, plan).assumes)
    for text in ("g_off is an assumption", "held at 0 V", "Read noise is white", "--wires exact", "least on ideal"):
        assert text in said
    assert "Converters have no limit" not in said


def test_converters_of_the_file_are_said(digits, samples):
    crossbar = PLAN.crossbar.having(adc_bits=1)
    found = study_devices(digits, *samples, replace(PLAN, crossbar=crossbar, adc_samples=4))
    said = " ".join(found.assumes)
    assert "the bits of converters are those of the crossbar's file: 1." in said and "least on ideal" in said
    assert "Converters have no limit" not in said and found.points[0].correct < found.points[0].ideal


def test_bits_of_the_crossbar_that_the_integers_do_not_have_are_said(digits, samples):
    crossbar = PLAN.crossbar.having(weight_bits=3)
    assert "weight_bits = 3 of the crossbar is for networks in floats" in " ".join(
        study_devices(digits, *samples, replace(PLAN, crossbar=crossbar)).assumes
    )


def test_what_is_said_of_wires(digits, samples):
    def said(**changes):
        return " ".join(study_devices(digits, *samples, replace(PLAN, **changes)).assumes)

    wired = load_device("hfox-wan2022")
    assert "Wires have no resistance" in said()
    assert "Wires have no resistance" not in said(device=wired) and "Wires are left out" not in said(device=wired)
    without = said(device=wired, wires="none")
    assert "Wires are left out (--wires none)" in without and "wire is an assumption" not in without


def test_fine_tuning_is_for_devices_that_scatter_and_for_floats(digits, samples):
    with pytest.raises(InputError, match="no spread to be tuned for"):
        replace(PLAN, finetune=1)
    plan = replace(PLAN, device=PLAN.device.spread_to(0.02), finetune=1)
    tuned = study_devices(digits, *samples, plan)
    assert tuned.plan.finetune == 1 and tuned.points[0].correct == tuned.points[0].ideal
    made = compile_loihi(digits.graph, samples[1].values).graph
    with pytest.raises(InputError, match="in integers already"):
        study_devices(replace(digits, graph=made, network=None), *samples, plan)


def test_samples_without_labels_are_refused(digits, samples):
    test, train = samples
    with pytest.raises(InputError, match="labels"):
        study_devices(digits, inputs_of("bare", test.values, None), train, PLAN)
