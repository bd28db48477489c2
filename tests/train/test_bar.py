"""The bar of a run on the terminal: what it shows, and that it is silent without a console."""

import io

from rich.console import Console

from snnhw.train.bar import TrainingBar


def shown(*actions, epochs=3, epoch=1):
    out = io.StringIO()
    with TrainingBar(Console(file=out, force_terminal=True, width=160), epochs, epoch, samples=100) as bar:
        for action in actions:
            action(bar)
        assert bar.bar.tasks[0].total == 300
        return bar.bar.tasks[0].completed, bar, out


def test_batches_add_up_on_top_of_the_epochs_before():
    completed, _, _ = shown(lambda bar: bar.batch(30), lambda bar: bar.batch(30))
    assert completed == 100 + 60


def test_the_end_of_an_epoch_sets_the_count_and_shows_the_row():
    row = {"epoch": 2, "train_loss": 0.5, "validation_accuracy": 0.875}
    completed, bar, out = shown(lambda bar: bar.batch(90), lambda bar: bar.epoch(row))
    assert completed == 200  # samples that do not fill a batch are no matter
    bar.bar.refresh()
    text = out.getvalue()
    assert "loss 0.500  validation 87.5 %" in text and "2/3" in text and "200/300" in text


def test_without_a_console_nothing_is_written(capsys):
    with TrainingBar(None, 2, 0, 10) as bar:
        bar.batch(10)
        bar.epoch({"epoch": 1, "train_loss": 1.0})
    assert capsys.readouterr() == ("", "")
