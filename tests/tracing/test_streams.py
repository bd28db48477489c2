"""Sums, multiples, views and means of values as they travel through a forward."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Flatten, Linear, Readout
from snnhw.tracing.sizes import Rows
from snnhw.tracing.streams import Stream, behind_the_mean

MEAN = Readout(name="mean", shape=(3,))
FRAMES = Stream((("a", 1),), (2, 3, 4), (Rows(Fraction(4)),))
LINEAR = Linear(name="fc", shape=(5,), weight=np.ones((5, 3)), bias=np.ones(5))


def test_gains_of_equal_terms_add():
    other = dataclasses.replace(FRAMES, terms=(("b", 3), ("a", 2)))
    assert FRAMES.plus(other, "forward").terms == (("a", 3), ("b", 3))
    assert FRAMES.plus(other, "forward").times(2).terms == (("a", 6), ("b", 6))


def test_a_difference_of_equals_is_refused():
    assert FRAMES.plus(FRAMES.times(-3), "here").terms == tuple((name, -2 * gain) for name, gain in FRAMES.terms)
    with pytest.raises(InputError, match="A difference in here is 0 always; leave it out"):
        FRAMES.plus(FRAMES.times(-1), "here")


def test_what_has_other_axes_or_another_end_is_not_added():
    rows = Stream((("a", 1),), (3,), (Rows(Fraction(4)),))
    with pytest.raises(InputError, match=r"in here adds \(3,\) and \(2, 3, 4\); make them equal"):
        rows.plus(FRAMES, "here")
    with pytest.raises(InputError, match="in here adds values of other steps"):
        rows.plus(rows.ended(MEAN, 4), "here")
    with pytest.raises(InputError, match="adds values of other steps"):
        rows.plus(dataclasses.replace(rows, lead=(Rows(),)), "here")


def test_views_of_rows_and_of_time():
    rows = Rows(Fraction(4))
    assert FRAMES.viewed((rows, 24)) == dataclasses.replace(FRAMES, shape=(24,))
    assert FRAMES.viewed((-1, 2, 3, 4)) == FRAMES
    apart = FRAMES.viewed((4, Rows(), 2, 3, 4))
    assert apart is not None and (apart.lead, apart.steps) == ((4, Rows()), 4)
    assert apart.folded() == FRAMES and apart.viewed((-1, 2, 3, 4)) == FRAMES
    assert FRAMES.viewed((rows, 4, 3, 2)) == dataclasses.replace(FRAMES, shape=(4, 3, 2))
    assert FRAMES.viewed((rows, 2, -1)) == dataclasses.replace(FRAMES, shape=(2, 12))
    for wanted in ((Rows(), 4, 2, 3, 4), (-1, 4, 24), (rows, 2, 2, 3, 2), (48, Rows(), 2), (-1, 12)):
        assert FRAMES.viewed(wanted) is None  # batch before time, too many axes, other rows


def test_time_enters_once_and_ends_once():
    image = Stream((("input", 1),), (2, 3, 4))
    assert image.repeated("frames", 4).lead == (Rows(Fraction(4)),)
    with pytest.raises(InputError, match="'frames' shows 4 times what has time already"):
        FRAMES.repeated("frames", 4)
    end = FRAMES.ended(MEAN, 4)
    assert end.lead == (Rows(),) and end.end is MEAN
    with pytest.raises(InputError, match="a mean over time of a mean over time"):
        end.ended(MEAN, 4)


def test_behind_an_end_stand_linear_layers_alone():
    rows = Stream((("a", 1),), (3,), (Rows(Fraction(4)),))
    assert rows.ended(MEAN, 4).through(LINEAR).shape == (5,)
    with pytest.raises(InputError, match=r"'unit' \(MLF\) stands behind the mean over time"):
        rows.ended(MEAN, 4).through(MLF(name="unit", shape=(3,), thresholds=(1.0,), decay=0.5))
    summed = rows.ended(dataclasses.replace(MEAN, reduction="sum"), 4)
    assert summed.through(dataclasses.replace(LINEAR, bias=None)).terms == (("fc", 1),)
    with pytest.raises(InputError, match="'fc' adds a bias behind the sum over time"):
        summed.through(LINEAR)
    with pytest.raises(InputError, match="'flat' gets time and batch as two axes"):
        dataclasses.replace(rows, lead=(4, Rows())).through(Flatten(name="flat", shape=(3,)))


def test_what_is_said_of_a_layer_behind_the_mean():
    finding = behind_the_mean("head", "mean")
    assert (finding.severity, finding.node) == ("info", "head") and "mean over time mean" in finding.message
