"""Measurements: every number with source, grade and scope; files that break a rule are refused."""

import copy

import pytest

from snnhw.analysis.measured.points import GRADES, measured_points, parse_points
from snnhw.errors import InputError

GOOD = {
    "chip": "speck",
    "source": "Someone 2020",
    "grade": "primary",
    "networks": {
        "n": {"neurons": 10, "steps": 5, "synops": [0, 20, 40], "spikes": 4, "seconds": 0.1, "known": "Table 2"}
    },
    "points": [
        {
            "id": "one",
            "workload": "digits",
            "network": "n",
            "quantity": "energy per sample",
            "value": 3.5,
            "unit": "uJ",
            "scope": "chip",
            "table": "Table 1",
        }
    ],
}


def changed(path, value):
    data = copy.deepcopy(GOOD)
    *to, last = path
    inner = data
    for key in to:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return data


def test_units_become_si_and_networks_ranges():
    (point,) = parse_points(GOOD, "a.toml")
    assert (point.value, point.dimension, point.grade) == (pytest.approx(3.5e-6), "J", "primary")
    assert point.network.synops.ends == (0, 20, 40) and point.network.spikes.ends == (4, 4, 4)


def test_the_points_of_the_package():
    points = measured_points()
    assert len(points) >= 60 and len({point.chip for point in points}) >= 8
    for point in points:
        assert point.source and point.table and point.grade in GRADES and point.value > 0
        if point.grade != "primary":
            assert point.network is None or "not read" in point.table


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["source"], None, "'one': has no 'source'"),
        (["grade"], None, "has no 'grade'"),
        (["grade"], "hearsay", "'hearsay' is unknown"),
        (["chip"], None, "has no 'chip'"),
        (["chip"], "loihi9", "the chip 'loihi9' is unknown; did you mean 'loihi"),
        (["points"], [], "has no measurements"),
        (["points", 0, "table"], " ", "has no 'table'"),
        (["points", 0, "unit"], "mW", "not a unit of J"),
        (["points", 0, "unit"], "furlong", "'furlong' is unknown"),
        (["points", 0, "quantity"], "joy", "'joy' is unknown"),
        (["points", 0, "scope"], "galaxy", "scope 'galaxy' is unknown"),
        (["points", 0, "value"], -1, "not negative"),
        (["points", 0, "valeu"], 1, "'valeu' is unknown"),
        (["points", 0, "network"], "m", "network 'm' is not described"),
        (["points", 0, "read_off_by"], "chip", "give a list of profiles"),
        (["networks", "n", "known"], None, "has no 'known'"),
        (["networks", "n", "neurons"], 2.5, "integer of at least 1"),
        (["networks", "n", "synops"], [1, 2], "low, typical and high"),
        (["networks", "n", "synops"], [3, 2, 4], "ascending order"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(path, value, message):
    with pytest.raises(InputError, match=message):
        parse_points(changed(path, value), "a.toml")


def test_two_of_one_name_and_runs_that_are_not_there_are_refused(tmp_path):
    text = (
        'chip = "speck"\nsource = "s"\ngrade = "primary"\n[[points]]\nid = "a"\nworkload = "w"\nquantity = "power"\n'
        'value = 1\nunit = "W"\nscope = "chip"\ntable = "t"\n'
    )
    (tmp_path / "a.toml").write_text(text)
    (tmp_path / "b.toml").write_text(text)
    with pytest.raises(InputError, match="Two measurements are called 'a'"):
        measured_points(tmp_path)
    (tmp_path / "b.toml").write_text(text.replace('id = "a"', 'id = "b"\nsame_as = "z"'))
    with pytest.raises(InputError, match="the same run as 'z'"):
        measured_points(tmp_path)
