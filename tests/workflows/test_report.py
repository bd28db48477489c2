"""Measuring and reporting from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.workflows.report import ReportOptions, build_report, measure

ROOT = Path(__file__).parents[2]


def test_advice_on_levels_needs_labels(digits, some):
    with pytest.raises(InputError, match="has no labels"):
        build_report(digits, inputs_of(some.name, some.values, None), ReportOptions(levels=True))


def test_accuracy_and_counts_of_one_process_are_those_of_its_samples(digits, some):
    measured = measure(digits, some)
    assert measured.record.samples == 24
    right = measured.record.logits.argmax(axis=1) == some.targets
    assert measured.accuracy == {"float": float(np.mean(right))}
