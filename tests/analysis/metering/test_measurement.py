"""A measurement as a profile: exact values, quotes and units survive TOML, and the two kinds never share a scope."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.hardware.workload import Workload
from snnhw.analysis.metering.measurement import KINDS, Measurement
from snnhw.analysis.metering.meter import Metered, Repetition
from snnhw.analysis.ranges import Range

IDLE = Range(1.0, 2.0, 3.0)


def run(*joules):
    """Ten inferences a second; 2 W idle are 0.2 J of each."""
    return Metered(tuple(Repetition(10, 1.0, each) for each in joules), IDLE)


MADE = Measurement(
    model='a "net" \\ work', data="digits:test", device="cpu", machine="Maker's\n9000", counter="RAPL", scope="package",
    batch=4, workload=Workload("net", 4, 100, 2000), network=run(4.0, 5.0, 9.0), twin=run(3.0, 3.0, 3.0),
    twin_weights="weights at random", bits=32, software={"torch": "2", "threads": "1"},
)  # fmt: skip


def read_back(made, kind, folder):
    path = folder / f"{kind}.toml"
    path.write_text(made.profile_text(kind), encoding="utf-8")
    return load_profile(path)


def test_work_and_whole_by_hand(tmp_path):
    """4, 5 and 9 J of ten inferences: 0.45 to 0.7 J each with idle power, 0.2 J less above it."""
    whole, work = (read_back(MADE, kind, tmp_path) for kind in ("whole", "work"))
    assert whole["network_inference"].range.ends == pytest.approx((0.45, 0.5, 0.7))
    assert work["network_inference"].range.ends == pytest.approx((0.25, 0.3, 0.5))
    assert work["twin_inference"].range.ends == pytest.approx((0.1,) * 3)
    assert (whole.scope, work.scope) == ("package", "package_dynamic")
    assert whole.name != work.name and "9000" in whole.title
    assert work["twin_inference"].unit == "mJ" and work["twin_inference"].confidence == "medium"
    assert whole.measured_on == MADE.workload and whole.technology_nm is None


def test_a_gpu_is_of_low_confidence_and_says_why(tmp_path):
    board = dataclasses.replace(MADE, scope="gpu_board")
    constant = read_back(board, "work", tmp_path)["network_inference"]
    assert constant.confidence == "low" and "a quarter of the time" in constant.table


@given(st.lists(st.floats(1e-9, 1e6), min_size=2, max_size=9))
def test_every_energy_survives_the_file(tmp_path_factory, joules):
    made = dataclasses.replace(MADE, network=run(*joules), twin=run(*reversed(joules)))
    found = read_back(made, "whole", tmp_path_factory.mktemp("kept"))
    network, twin = made.energies("whole")
    assert found["network_inference"].range.ends == pytest.approx(network.ends, rel=1e-12)
    assert found["twin_inference"].range.ends == pytest.approx(twin.ends, rel=1e-12)


def test_rows_are_the_repetitions_with_their_powers():
    frame = MADE.frame()
    assert list(frame["run"]) == ["network"] * 3 + ["ann twin"] * 3
    assert list(frame["total_power_w"])[:3] == [4.0, 5.0, 9.0] and list(frame["dynamic_power_w"])[:3] == [2.0, 3.0, 7.0]
    assert list(frame["dynamic_energy_per_inference_j"])[:3] == pytest.approx([0.2, 0.3, 0.7])
    assert set(KINDS) == {"work", "whole"}
