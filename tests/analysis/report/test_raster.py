import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from snnhw.analysis.report.raster import COLUMNS, LONGEST_DOWN, ROWS, SHADES, raster_strips, time_runs_right
from snnhw.simulation.record import SpikeRecord, unit_record


def record_of(raster):
    return SpikeRecord(len(raster), raster.shape[1], {"unit": unit_record(raster)}, np.zeros((1, 2)), {"unit": raster})


def pixels(strip):
    return imread(io.BytesIO(base64.b64decode(strip.address.split(",")[1])), format="png")


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 6), st.integers(1, 2 * COLUMNS))
def test_picture_shows_the_strongest_neuron_of_each_column(seed, levels, steps, neurons):
    rng = np.random.default_rng(seed)
    value = rng.integers(0, levels + 1, (2, steps, 1, neurons, 1, 1))
    raster = (value > np.arange(levels).reshape(-1, 1, 1, 1)).astype(np.uint8)
    (strip,) = raster_strips(record_of(raster), sample=1)
    opacity = pixels(strip)[..., 3]
    share = -(-neurons // COLUMNS)
    assert opacity.shape == (steps, -(-neurons // share)) and strip.rows == steps
    for t in range(steps):
        for column in range(opacity.shape[1]):
            strongest = max(value[1, t, 0, column * share : (column + 1) * share, 0, 0])
            expected = 0 if strongest == 0 else 90 + round(165 * strongest / levels)
            assert opacity[t, column] * 255 == pytest.approx(expected, abs=0.01)
    assert strip.spikes == value[1].sum()
    assert strip.fired == (value[1].sum(axis=(0, 1)) > 0).sum()


@given(st.integers(0, 2**32 - 1), st.integers(LONGEST_DOWN + 1, 2 * COLUMNS), st.integers(1, 3 * ROWS))
def test_time_runs_right_in_long_samples(seed, steps, neurons):
    raster = np.random.default_rng(seed).integers(0, 2, (1, steps, 1, neurons), dtype=np.uint8)
    (strip,) = raster_strips(record_of(raster))
    opacity = pixels(strip)[..., 3]
    for_row, for_column = -(-neurons // ROWS), -(-steps // COLUMNS)
    assert time_runs_right(steps) and not time_runs_right(LONGEST_DOWN)
    assert opacity.shape == (-(-neurons // for_row), -(-steps // for_column)) and strip.rows == len(opacity) <= ROWS
    for row in range(strip.rows):
        for column in range(opacity.shape[1]):
            times, group = (
                slice(column * for_column, (column + 1) * for_column),
                slice(row * for_row, (row + 1) * for_row),
            )
            assert bool(opacity[row, column]) == raster[0, times, 0, group].any()
            firing = raster[0, times, 0, group].mean(axis=1).max()  # in the step in which most of the row fire
            if for_row == 1:
                assert opacity[row, column] == firing
            elif firing:
                assert opacity[row, column] * 255 == pytest.approx(
                    90 + round(165 * np.ceil(firing * SHADES - 1e-9) / SHADES)
                )


def test_record_without_raster_gives_no_strip():
    assert raster_strips(SpikeRecord(1, 2, {}, np.zeros((1, 2)))) == ()
