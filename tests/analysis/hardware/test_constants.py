"""Constants: in SI units, with the reason of their spread; those that break a rule are refused (test_profiles.py)."""

import pytest

from snnhw.analysis.hardware.constants import parse_constant
from snnhw.analysis.hardware.profiles import available_profiles, load_profile

SYNOP = {
    "value": 23.6,
    "low": 20,
    "high": 30,
    "spread": "two boards",
    "unit": "pJ",
    "source": "Someone 2020",
    "table": "Table 1",
    "kind": "measured",
    "confidence": "high",
}


def test_units_become_si():
    synop = parse_constant("synop", SYNOP, 14, "chip.toml")
    assert synop.range.to_dict() == {"low": pytest.approx(20e-12), "typical": 23.6e-12, "high": pytest.approx(30e-12)}
    assert (synop.dimension, synop.printed, synop.unit, synop.technology_nm) == ("J", 23.6, "pJ", 14)


@pytest.mark.parametrize("name", available_profiles())
def test_a_typical_value_at_an_end_of_its_range_has_a_reason(name):
    for constant in load_profile(name).constants.values():
        low, typical, high = constant.range.ends
        if low < high and typical in (low, high):
            assert "typical" in constant.spread, f"{name}, {constant.name}"


def test_a_time_that_grows_with_the_tiles_is_that_of_the_last_step_of_its_table():
    """SANA-FE 2.2.9: 0.6, 1.0, 1.4 and 1.8 us on 1, 2, 4 and 29 tiles; in between it waits as long as with fewer."""
    barrier = load_profile("loihi1-sanafe")["barrier_time"]
    us = [0.6, 1.0, 1.0, 1.4, 1.4, 1.8]
    assert [barrier.at_tiles(n).ends for n in (1, 2, 3, 4, 28, 32)] == [pytest.approx((x * 1e-6,) * 3) for x in us]
    plain = load_profile("loihi1-davies2018")["barrier_time"]
    assert plain.at_tiles(3) == plain.range
