"""The script that holds our energy and time against SANA-FE's own run, on two of its small networks."""

import sys
from pathlib import Path

import pytest

from snnhw.analysis.hardware.profiles import load_profile

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dense", "image"])
def test_energy_and_time_are_those_of_sanafe(name):
    import sanafe_agreement

    cells, (energy, took, whole, priced) = sanafe_agreement.row(
        getattr(sanafe_agreement, name)(8), load_profile("loihi1-sanafe")
    )
    assert len(cells) == len(sanafe_agreement.HEAD)
    assert (energy, took) == pytest.approx((1, 1), abs=0.01)
    assert 10 < whole < priced
