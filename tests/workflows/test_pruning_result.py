"""The rows of a pruning in the table of its run folder."""

from __future__ import annotations

from snnhw.workflows.pruning_result import Round, Standing, missed


def test_the_row_of_a_round_counts_epochs_and_leaves_out_what_is_not_known():
    row = Round(2, 5, 9.0, 9.5, 9.25, 0.75).row(3)
    assert row == {
        **{"epoch": 6, "round": 2, "channels": 5, "predicted_pj": 9.0, "counted_pj": 9.5, "energy_pj": 9.25},
        **{"validation_accuracy": 0.75, "kept": 1},
    }
    untuned = Round(1, 1, 1.0, 1.0, 1.0, None, kept=False).row(0)
    assert untuned["epoch"] == untuned["kept"] == 0 and "validation_accuracy" not in untuned
    assert next(iter(untuned)) == "epoch"  # by which the table is known as that of a run


def test_a_target_that_was_missed_is_a_finding():
    before, after = Standing(2000.0, 2100.0, None, 0.9), Standing(500.0, 510.0, None, 0.8)
    assert missed(0.25, before, after) == missed(None, before, before) == ()
    (found,) = missed(0.24, before, after)
    assert found.message == "25.0% of the energy is left where --energy-left 0.24 was wanted"
    assert "--rounds" in found.remedy
