import csv
import sys

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from snnhw.errors import InputError
from snnhw.train import fit as module
from snnhw.train.device import fabric_of
from snnhw.train.fit import Shown, fit
from snnhw.train.recipe import recipe_from

SMALL = {
    "name": "small",
    "model": "digits_ds_resnet8",
    "data": "digits",
    "arguments": {"widths": [2, 2, 2], "timesteps": 1},
    "epochs": 3,
    "batch": 256,
    "threads": 1,
}


def scalars(run):
    """Every scalar of every event file of a run: tag -> [(step, value)], in the order written."""
    found = {}
    for file in sorted((run / "tensorboard").iterdir()):
        events = EventAccumulator(str(file), purge_orphaned_data=False)
        events.Reload()
        for tag in events.Tags()["scalars"]:
            found.setdefault(tag, []).extend((event.step, event.value) for event in events.Scalars(tag))
    return found


def table(run):
    """The same from metrics.csv."""
    with open(run / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    return {
        tag: [(int(row["epoch"]), pytest.approx(float(row[tag]), rel=1e-6)) for row in rows]
        for tag in rows[0]
        if tag != "epoch"
    }


def test_event_files_hold_the_rows_of_metrics(tmp_path):
    fit(recipe_from(SMALL), tmp_path, shown=Shown(tensorboard=True))
    assert scalars(tmp_path) == table(tmp_path)
    assert set(scalars(tmp_path)) == {
        "lr", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds"
    }  # fmt: skip


@pytest.mark.parametrize("broken", ["keep_state", "save_metrics", "barrier"])
def test_a_resumed_run_has_every_epoch_once(tmp_path, monkeypatch, broken):
    """The second epoch fails before its state is kept, after that, or after its scalars are written."""
    recipe = recipe_from(SMALL)

    def fail_in_second_epoch(*arguments, calls=[]):  # noqa: B006
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return kept(*arguments)

    owner = module
    if broken == "barrier":
        owner = type(fabric_of(recipe))
    kept = getattr(owner, broken)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(owner, broken, fail_in_second_epoch)
        fit(recipe, tmp_path, shown=Shown(tensorboard=True))
    fit(recipe, tmp_path, resume=True, shown=Shown(tensorboard=True))
    assert scalars(tmp_path) == table(tmp_path)
    assert [step for step, _ in scalars(tmp_path)["train_loss"]] == [1, 2, 3]


def test_switched_on_late_the_earlier_epochs_are_there_and_off_nothing_is_written(tmp_path):
    fit(recipe_from(SMALL), tmp_path)
    assert not (tmp_path / "tensorboard").exists()
    fit(recipe_from(SMALL), tmp_path, resume=True, shown=Shown(tensorboard=True))
    assert scalars(tmp_path) == table(tmp_path)


def test_missing_package_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    with pytest.raises(InputError, match=r"pip install snnhw\[tensorboard\]"):
        fit(recipe_from(SMALL), tmp_path, shown=Shown(tensorboard=True))
