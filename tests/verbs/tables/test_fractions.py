"""Tables of a study: every network, claimed differences alone, energies where an accuracy is surely reached."""

from snnhw.studies.interval import Interval
from snnhw.verbs.tables.fractions import accuracy_tables, difference_table, points_text, reached_table
from tests.studies.made import study_of
from tests.verbs.tables.test_compiling import cells

SURE = (0.9, 0.9, 0.9)


def test_accuracies_are_in_per_cent_with_half_of_the_interval():
    assert points_text(Interval(0.931, 0.927, 0.935)) == "93.1 ± 0.4"
    (shown,) = accuracy_tables(study_of({("mlf2", 0.1): SURE}))
    assert [row[0] for row in cells(shown)] == [
        "MLF, K = 1",
        "MLF, K = 2",
        "MLF, K = 3",
        "plain spiking ResNet",
        "ReLU twin",
    ]
    assert cells(shown)[1][1] == "90.0 ± 0.0" and "200 steps of 32 samples" in str(shown.title)


def test_open_differences_are_counted_and_not_shown():
    shown = difference_table(study_of({("mlf3", 0.1): SURE}))
    assert cells(shown) == [
        ("digits_little", "10 %", "MLF, K = 3 higher than MLF, K = 1", "40.0 ± 24.8"),
        ("digits_little", "10 %", "MLF, K = 3 higher than plain spiking ResNet", "40.0 ± 24.8"),
        ("digits_little", "10 %", "MLF, K = 3 higher than ReLU twin", "40.0 ± 24.8"),
    ]
    assert str(shown.title).startswith("3 of 10 differences")


def test_an_energy_stands_where_the_accuracy_is_reached():
    shown = reached_table(study_of({("mlf3", 0.1): SURE, ("relu", 1.0): SURE}, targets=(0.8, 0.95)))
    assert [row[:4] for row in cells(shown)] == [
        ("digits_little", "80 %", "MLF, K = 3", "10 %"),
        ("digits_little", "80 %", "ReLU twin", "100 %"),
    ]
    spiking, relu = cells(shown)
    assert spiking[4].replace("\u202f", " ") == "100\u2013900 nJ" and relu[4] == "\u2013"
    assert spiking[5] == relu[5] and spiking[5].replace("\u202f", " ") == "400\u2013600 pJ"
