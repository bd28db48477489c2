"""`energy.csv`: its columns, and which parts of two networks are the same."""

import csv

from snnhw.train.energy_table import CONSTANT, ENERGY, Part, energy_rows, save_energy


def test_a_row_holds_a_part_of_an_epoch_and_the_same_part_of_the_probe(tmp_path):
    first, second = Part("mlf", 1, 0.6), Part("mlf", 2, 1.6)
    third, now_second = Part("mlf", 3, 2.6), Part("mlf", 2, 2.6)  # of the probed network, which has lost a level
    trained = {CONSTANT: 1.0, first: 2.0, second: 3.0, third: 4.0}
    rows = energy_rows(7, trained, {CONSTANT: 1.0, first: 5.0, now_second: 6.0}, {CONSTANT: 1.0, first: 7.0})
    save_energy(tmp_path, rows)
    with open(tmp_path / ENERGY) as file:
        assert list(csv.reader(file)) == [
            ["epoch", "unit", "level", "threshold", "train_energy_pj", "probe_energy_pj", "probe_counted_pj"],
            ["7", "", "0", "", "1.0", "1.0", "1.0"],
            ["7", "mlf", "1", "0.6", "2.0", "5.0", "7.0"],
            ["7", "mlf", "2", "1.6", "3.0", "0.0", "0.0"],
            ["7", "mlf", "3", "2.6", "4.0", "6.0", "0.0"],
        ]


def test_without_rows_there_is_no_table(tmp_path):
    save_energy(tmp_path, [])
    assert list(tmp_path.iterdir()) == []
