"""Prices times spikes, written out; what they are refused for."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.simulation.record import SpikeRecord, unit_record
from snnhw.simulation.spike_prices import SourcePrices, SpikePrices

RASTER = np.array([[[[1, 1, 0], [1, 0, 0]], [[0, 1, 1], [0, 0, 1]]]], dtype=np.uint8)  # [N=1, T=2, K=2, 3]
RECORD = SpikeRecord(1, 2, {"unit": unit_record(RASTER)}, np.zeros((1, 2)))


def prices(levels):
    return SpikePrices(2, 5.0, 99.0, {"unit": SourcePrices(np.array(levels), np.array([10.0, 20.0, 30.0]))})


def test_a_record_costs_what_its_spikes_cost():
    found = prices([[1.0, 2.0, 3.0], [0.5, 0.25, 0.125]])
    by_level = 1 * 1.0 + 2 * 2.0 + 1 * 3.0 + 1 * 0.5 + 1 * 0.125
    assert found.of(RECORD) == 5.0 + by_level + 1 * 10.0 + 2 * 20.0 + 1 * 30.0


def test_a_record_costs_by_level_what_its_levels_cost():
    found = prices([[1.0, 2.0, 3.0], [0.5, 0.25, 0.125]])
    assert found.by_level(RECORD)["unit"].tolist() == [10.0 + 2 * 20.0 + 30.0, 1.0 + 2 * 2.0 + 3.0, 0.5 + 0.125]


def test_levels_of_one_price_are_priced_by_value():
    found = prices([[1.0, 2.0, 3.0]] * 2).by_value["unit"]
    assert found.levels.tolist() == [1.0, 2.0, 3.0] and found.graded.tolist() == [10.0, 20.0, 30.0]


def test_levels_of_several_prices_have_none_by_value():
    with pytest.raises(InputError, match="levels of 'unit' have different prices"):
        _ = prices([[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]]).by_value


def test_a_record_of_another_network_is_refused():
    with pytest.raises(InputError, match="no spikes of 'unit'"):
        prices([[1.0, 2.0]]).of(RECORD)
