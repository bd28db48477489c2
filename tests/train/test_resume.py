"""A run goes on with its own recipe and its own data, and says when the software is another."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.train import resume
from snnhw.train.checkpoint import LAST, PREVIOUS, read_state
from snnhw.train.fit import Shown, fit
from snnhw.train.recipe import recipe_from
from snnhw.train.resume import check_origin, origin, plain
from snnhw.train.splits import load_splits
from tests.data.idx import write_idx
from tests.train.small import SMALL

TINY = recipe_from(
    {"name": "t", "model": "mnist_ds_resnet8", "data": "mnist", "epochs": 2, "batch": 16, "threads": 1}
    | {"arguments": {"widths": [2, 3, 4], "timesteps": 1}}
)


def write_mnist(folder, seed):
    """40 images of noise for each split, four of every class."""
    random = np.random.default_rng(seed)
    (folder / "mnist").mkdir(parents=True)
    for split in ("train", "t10k"):
        images = random.integers(0, 256, (40, 28, 28), dtype=np.uint8)
        write_idx(folder / "mnist" / f"{split}-images-idx3-ubyte", images, False)
        write_idx(folder / "mnist" / f"{split}-labels-idx1-ubyte", np.arange(40, dtype=np.uint8) % 10, False)
    return folder


def test_other_data_of_the_same_shape_are_refused_and_nothing_is_lost(tmp_path):
    mine, other = write_mnist(tmp_path / "a", 1), write_mnist(tmp_path / "b", 2)
    run = fit(TINY, tmp_path / "run", mine)
    before = {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()}
    with pytest.raises(InputError, match="holds a run on other data called mnist; resume with its own"):
        fit(TINY, tmp_path / "run", other, resume=True)
    assert {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()} == before
    again = fit(TINY, tmp_path / "run", mine, resume=True)
    assert again.card.weights_checksum == run.card.weights_checksum
    assert again.card.data_checksum == load("mnist", "train", mine).checksum


def test_a_damaged_state_costs_an_epoch_and_gives_the_same_weights(tmp_path):
    data = write_mnist(tmp_path / "a", 1)
    whole = fit(TINY, tmp_path / "run", data)
    content = bytearray((tmp_path / "run" / LAST).read_bytes())
    content[-1] ^= 1
    (tmp_path / "run" / LAST).write_bytes(content)
    said = Console(file=io.StringIO(), width=200)
    resumed = fit(TINY, tmp_path / "run", data, resume=True, shown=Shown(said))
    assert resumed.card.weights_checksum == whole.card.weights_checksum
    assert f"{LAST} is damaged; going on from {PREVIOUS}" in said.file.getvalue()


def test_other_versions_are_said_on_the_terminal_and_in_the_card(tmp_path, monkeypatch):
    data = write_mnist(tmp_path / "a", 1)
    with monkeypatch.context() as patch:
        patch.setattr(resume, "software_versions", lambda: {"torch": "1.0"})
        fit(TINY, tmp_path / "run", data)
    said = Console(file=io.StringIO(), width=200)
    with monkeypatch.context() as patch:
        patch.setattr(resume, "software_versions", lambda: {"torch": "2.0"})
        run = fit(TINY, tmp_path / "run", data, resume=True, shown=Shown(said))
    assert "warning: torch 1.0 before and 2.0 now" in said.file.getvalue()
    assert run.card.note == "resumed after epoch 2 with torch 1.0 before and 2.0 now"


def test_origin_is_what_json_gives_back(tmp_path):
    recipe = recipe_from(SMALL)
    about = origin(recipe, load_splits(recipe))
    assert about["recipe"] == plain(recipe) and set(about["data"]) == {"train", "test"}
    fit(recipe_from({**SMALL, "epochs": 1}), tmp_path)
    state = read_state(tmp_path / LAST)
    state.about.pop("rows")
    with pytest.raises(InputError, match="is no state of a run"):
        check_origin(state, recipe, load_splits(recipe), tmp_path)
