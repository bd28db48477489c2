import resource

import pytest
import safetensors.torch
import torch

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.run import load_run, read_state, save_run, save_state
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


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_optimiser_goes_on_where_it_stopped(tmp_path, kind):
    def start():
        torch.manual_seed(0)
        network = build("digits_ds_resnet8", widths=(2, 3, 4), timesteps=2)
        rule = (
            torch.optim.SGD(network.parameters(), 0.1, 0.9)
            if kind == "sgd"
            else torch.optim.AdamW(network.parameters())
        )
        return network, rule

    def step(network, rule):
        rule.zero_grad()
        network(torch.ones(4, 1, 8, 8) / 2).square().sum().backward()
        rule.step()

    straight = start()
    step(*straight)
    save_state(tmp_path / "last", *straight, {"rows": [1, 2]})
    step(*straight)
    resumed = start()
    state = read_state(tmp_path / "last")
    state.put_back(*resumed)
    assert state.about["rows"] == [1, 2]
    step(*resumed)
    for a, b in zip(straight[0].state_dict().values(), resumed[0].state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_damaged_state_is_named(tmp_path):
    (tmp_path / "last").write_bytes(b"half a file")
    with pytest.raises(InputError, match="cannot be resumed"):
        read_state(tmp_path / "last")
    (tmp_path / "last").write_bytes(safetensors.torch.save({"a": torch.zeros(1)}))
    with pytest.raises(InputError, match="cannot be resumed"):
        read_state(tmp_path / "last")
    save_state(tmp_path / "last", build("digits_ds_resnet8", widths=(2, 3, 4)), None, {})
    with pytest.raises(InputError, match="cannot be resumed"):
        read_state(tmp_path / "last").put_back(build("digits_ds_resnet8"))


def test_full_disk_leaves_the_older_file_and_nothing_half_written(tmp_path):
    """Files of this process may not grow beyond 4 kB meanwhile, which the system reports as it does a full disk."""
    save_state(tmp_path / "last", build("digits_ds_resnet8", widths=(1, 1, 1)), None, {"rows": [1]})
    before = (tmp_path / "last").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(InputError, match=r"Cannot write .*last: .*; free some space"):
            save_state(tmp_path / "last", build("digits_ds_resnet8"), None, {"rows": [1, 2]})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["last"] and (tmp_path / "last").read_bytes() == before
