"""One flat dict of numbers: those of the report, under names that every logger takes."""

from __future__ import annotations

import math
import re

import pytest

from tests.analysis.report_sample import ACCURACY, sample_report


def test_the_numbers_are_those_of_the_report_under_plain_names():
    report = sample_report(complete=False, accuracy=ACCURACY)
    found, counts = report.metrics(), report.counts
    assert all(type(value) is float and math.isfinite(value) for value in found.values())
    assert all(re.fullmatch(r"[A-Za-z0-9_./-]+", name) for name in found)
    assert found["accuracy/float"] == ACCURACY["float"] and found["accuracy/Loihi_integers"] == 0.9778
    assert found["counts/unit_synops"] == counts.total("unit_synops") / counts.samples
    rates = [(found[f"rate/{layer.name}"], layer.neurons) for layer in counts.layers if layer.kind != "readout"]
    spiking = sum(neurons for _, neurons in rates)
    assert found["counts/rate"] == pytest.approx(sum(rate * n for rate, n in rates) / spiking)
    for profile, energy in report.energy.items():
        for end, joule in energy.per_inference.to_dict().items():
            assert found[f"energy/{profile}/{end}_j"] == joule
        for key, twin in report.ann[profile].items():
            assert twin.per_inference.high in found.values(), key
    case = report.static["loihi1-davies2018"]["batch1"].energy.per_inference
    assert found["energy/loihi1-davies2018/with_static_batch1/typical_j"] == case.typical
