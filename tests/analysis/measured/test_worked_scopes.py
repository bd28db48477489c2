"""One example a scope worked by hand from published numbers: what each covers of one run, and how far they lie apart.

Quartz on Loihi 1 (arXiv:2309.16795, MNIST at 2^4 steps a layer): a sample is 91 steps of 53.9251 us, 4.9072 ms, on one
chip of a board. The bounds of the time are worked in tests/analysis/hardware/test_floorline.py (compute, memory,
traffic, barrier) and test_mesh_time.py (mesh).
"""

import pytest

from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.measured.bench import hold, predict
from snnhw.analysis.measured.points import measured_points

PJ, NJ, UJ, MJ = 1e-12, 1e-9, 1e-6, 1e-3
SECONDS = 91 * 53.9251e-6
POINTS = {point.id: point for point in measured_points()}
LOIHI1 = [load_profile(name) for name in available_profiles() if load_profile(name).chip == "loihi1"]


def joules(point_id):
    """Of a sample, from a power of the paper."""
    return POINTS[point_id].value * SECONDS


def test_core_dynamic():
    """9.29118 mW for 4.9072 ms are 45.6 uJ. Table 2 of Davies et al. 2018: 5,570 compartments in 91 steps are 506,870
    updates at 52 pJ, 26.4 uJ, and 29 pJ more for each that is active, 41.1 uJ; 253,054 synops at 23.6 pJ are 6.0 uJ.
    At least: updates at 52 pJ, 244,346 synops at 18.9 pJ, 4.6 uJ, and 6,356 messages.
    """
    measured = joules("quartz_p4 power core_dynamic")
    assert measured == pytest.approx(9.29118e-3 * 4.9071841e-3) == pytest.approx(45.59 * UJ, rel=1e-3)
    assert POINTS["quartz_p4 energy core_dynamic"].value == pytest.approx(measured, rel=1e-3)
    predicted = predict(POINTS["quartz_p4 energy core_dynamic"], load_profile("loihi1-davies2018"))
    assert pytest.approx(26.36 * UJ, rel=1e-3) == 506870 * 52 * PJ
    by_hand = 506870 * (52 + 29) * PJ + 253054 * 23.6 * PJ + 6356 * (1.7 + 3.5) * PJ
    least = 506870 * 52 * PJ + 244346 * 18.9 * PJ + 6356 * 1.7 * PJ
    assert (predicted.low, predicted.typical) == pytest.approx((least, by_hand), rel=1e-3)
    assert predicted.low < measured < predicted.high


def test_core_static():
    """5.09378 mW of the 11 cores in use are 25.0 uJ a sample; the whole chip (Frady et al. 2020: 3.34 W for 32 chips)
    draws 104.4 mW, 512 uJ. The one is not the other, so no profile is held against the cores.
    """
    assert joules("quartz_p4 power core_static") == pytest.approx(25.00 * UJ, rel=1e-3)
    chip = load_profile("loihi1-davies2018")["static_chip"].typical
    assert chip == pytest.approx(3.34 / 32, rel=1e-3)
    assert chip * SECONDS == pytest.approx(512.3 * UJ, rel=1e-3)
    (row,) = hold([POINTS["quartz_p4 power core_static"]], LOIHI1)
    assert row.predicted is None and "what the cores in use draw while they wait" in row.reason


def test_embedded_processors():
    """22.6605 mW of the x86 cores are 111 uJ: 2.44 times the work of the neurons, and no profile prices them."""
    measured = joules("quartz_p4 power x86")
    assert measured == pytest.approx(111.2 * UJ, rel=1e-3)
    assert measured / joules("quartz_p4 power core_dynamic") == pytest.approx(22.6605 / 9.29118)
    (row,) = hold([POINTS["quartz_p4 power x86"]], LOIHI1)
    assert row.predicted is None and "the processors embedded in the chip" in row.reason
    assert any("x86" in text for text in load_profile("loihi1-davies2018").excludes)


def test_chip():
    """Speck (Yao et al. 2024, Table 1): 0.42 mW at rest for 540 ms are 226.8 uJ; 10^6 spikes at 4.42 nJ are 4.42 mJ.

    Loihi 2 (PilotNet, 408.91 inferences a second): 0.679234 W in all are 1.661 mJ, 0.232078 W static 0.568 mJ of them.
    """
    speck = POINTS["speck_gesture_vanilla"]
    predicted = predict(speck, load_profile("speck")).scaled(0.540)
    assert predicted.typical == pytest.approx(0.42e-3 * 0.540 + 1e6 * 4.42 * NJ) == pytest.approx(4.6468 * MJ)
    whole, static = 0.679234 / 408.91, 0.232078 / 408.91
    assert (whole, static) == pytest.approx((1.6611 * MJ, 0.56755 * MJ), rel=1e-4)
    assert POINTS["loihi2_pilotnet_lif"].value == pytest.approx(whole - static, rel=1e-4)
    assert load_profile("loihi2")["static_chip"].typical == pytest.approx(0.232078)


def test_board():
    """951.865 mW are 4.67 mJ a sample: 102 times the cores. A board is no multiple of a part: nothing predicts it."""
    measured = joules("quartz_p4 power board")
    assert measured == pytest.approx(4.671 * MJ, rel=1e-3)
    assert measured / joules("quartz_p4 power core_dynamic") == pytest.approx(102.4, rel=1e-3)
    (row,) = hold([POINTS["quartz_p4 energy board"]], LOIHI1)
    assert row.predicted is None and "everything that the board draws" in row.reason


def test_the_parts_of_one_run_lie_in_order():
    parts = [joules(f"quartz_p4 power {scope}") for scope in ("core_static", "core_dynamic", "x86", "board")]
    assert parts == sorted(parts) and sum(parts[:3]) < parts[3]
