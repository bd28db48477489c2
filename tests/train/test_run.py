import pytest
import torch

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.run import load_run, open_folder, save_run
from tests.train.test_card import card


@pytest.mark.parametrize("relu", [False, True])
def test_saved_network_computes_the_same(tmp_path, relu):
    network = build("digits_ds_resnet8", widths=(2, 3, 4), timesteps=2, relu=relu)
    network(torch.rand(6, 1, 8, 8))  # moves the running statistics
    run = save_run(tmp_path / "run", network, card(relu=relu), [{"epoch": 1, "lr": 0.1}])
    loaded, read = load_run(tmp_path / "run")
    x = torch.rand(3, 1, 8, 8)
    assert torch.equal(loaded(x), network.eval()(x)) and not loaded.training
    assert read == run.card
    assert (tmp_path / "run/metrics.csv").read_text() == "epoch,lr\n1,0.1\n"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("model.json", '{"model": "of another tool"}', "is no card of a run; choose another folder"),
        ("model.json", "mine", "is no card of a run .*; choose another folder"),
        ("metrics.csv", "date,value\n", "is of no run of this program"),
        ("model.safetensors", "mine", "is of no run of this program"),
    ],
)
def test_files_of_others_are_not_replaced_by_a_run(tmp_path, name, content, says):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=says):
        open_folder(tmp_path, [])
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {name: content}


def test_an_earlier_run_is_replaced_and_other_files_stay(tmp_path):
    save_run(tmp_path, build("digits_ds_resnet8", widths=(2, 3, 4)), card(), [{"epoch": 1, "lr": 0.1}])
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".model.json.abcd").write_text("half")
    open_folder(tmp_path, [])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["metrics.csv", "notes.txt"]
    open_folder(tmp_path, [])  # as after a run that was stopped in its first epoch
