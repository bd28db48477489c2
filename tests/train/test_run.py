import pytest
import torch

from snnhw.nn.models import build
from snnhw.train.run import load_run, save_run
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
