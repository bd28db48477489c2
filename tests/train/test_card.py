"""Cards and the weights they describe."""

import json

import pytest

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.card import CARD, WEIGHTS, Card, read_card
from snnhw.train.run import load_run, save_run


def card(**changes):
    about = {
        "model": "digits_ds_resnet8",
        "arguments": {"widths": [2, 3, 4], "timesteps": 2},
        "relu": False,
        "parameters": 1,
        "input_shape": (1, 8, 8),
        "timesteps": 2,
        "classes": 10,
        "data": "digits",
        "data_checksum": "",
        "test_checksum": "",
        "accuracy": 0.5,
        "validation_accuracy": None,
        "seed": 1,
        "seconds": 1.0,
        "command": "",
        "recipe": {},
    }
    return Card(**{**about, **changes})


def test_a_card_is_read_with_its_weights(tmp_path):
    run = save_run(tmp_path / "run", build("digits_ds_resnet8", widths=(2, 3, 4)), card(), [])
    read, weights = read_card(run.path)
    assert read == run.card and weights == (run.path / WEIGHTS).read_bytes()


def test_weights_and_card_must_belong_together(tmp_path):
    first = save_run(tmp_path / "a", build("digits_ds_resnet8", widths=(2, 3, 4)), card(), [])
    second = save_run(tmp_path / "b", build("digits_ds_resnet8", widths=(2, 3, 4)), card(), [])
    (first.path / WEIGHTS).write_bytes((second.path / WEIGHTS).read_bytes())
    with pytest.raises(InputError, match="not the file its card describes"):
        read_card(first.path)


def test_folders_without_a_run_are_named(tmp_path):
    with pytest.raises(InputError, match="holds no finished run"):
        read_card(tmp_path)
    run = save_run(tmp_path / "a", build("digits_ds_resnet8", widths=(2, 3, 4)), card(), [])
    (run.path / CARD).write_text(json.dumps({"model": "x"}))
    with pytest.raises(InputError, match="not a card"):
        load_run(run.path)
