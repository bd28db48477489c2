import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from snnhw.analysis.report.raster import COLUMNS, raster_strips
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
    assert opacity.shape == (steps, strip.columns) == (steps, -(-neurons // share))
    for t in range(steps):
        for column in range(strip.columns):
            strongest = max(value[1, t, 0, column * share : (column + 1) * share, 0, 0])
            expected = 0 if strongest == 0 else 90 + round(165 * strongest / levels)
            assert opacity[t, column] * 255 == pytest.approx(expected, abs=0.01)
    assert strip.spikes == value[1].sum()
    assert strip.fired == (value[1].sum(axis=(0, 1)) > 0).sum()


def test_record_without_raster_gives_no_strip():
    assert raster_strips(SpikeRecord(1, 2, {}, np.zeros((1, 2)))) == ()
