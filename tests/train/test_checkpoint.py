"""States of a run: they go on exactly, a damaged one is noticed, and the one before it is there."""

import resource

import pytest
import safetensors.torch
import torch

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.checkpoint import LAST, PREVIOUS, keep_state, latest_state, read_state, save_state


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


def test_numbers_of_the_optimiser_take_the_order_in_memory_of_their_parameter(tmp_path):
    """Saved with the pixels of a channel side by side; a network with channels last goes on with the same values."""
    first = torch.nn.Conv2d(4, 6, 3)
    rule = torch.optim.SGD(first.parameters(), 0.1, 0.9)
    first(torch.ones(1, 4, 5, 5)).square().sum().backward()
    rule.step()
    save_state(tmp_path / "last", first, rule, {})
    last = torch.nn.Conv2d(4, 6, 3).to(memory_format=torch.channels_last)
    there = torch.optim.SGD(last.parameters(), 0.1, 0.9)
    read_state(tmp_path / "last").put_back(last, there)
    momentum = there.state[last.weight]["momentum_buffer"]
    assert momentum.stride() == last.weight.stride() != first.weight.stride()
    assert torch.equal(momentum, rule.state[first.weight]["momentum_buffer"])


def test_the_average_is_kept_beside_the_network(tmp_path):
    network = build("digits_ds_resnet8", widths=(1, 1, 1))
    average = {name: value + 1 for name, value in network.state_dict().items()}
    save_state(tmp_path / "last", network, None, {}, average=average)
    state = read_state(tmp_path / "last")
    assert state.average.keys() == average.keys() and state.best == {}
    assert all(torch.equal(value, average[name]) for name, value in state.average.items())


def test_damaged_state_is_named(tmp_path):
    (tmp_path / "last").write_bytes(b"half a file")
    with pytest.raises(InputError, match="cannot be resumed"):
        read_state(tmp_path / "last")
    (tmp_path / "last").write_bytes(safetensors.torch.save({"a": torch.zeros(1)}))
    with pytest.raises(InputError, match="cannot be resumed"):
        read_state(tmp_path / "last")
    save_state(tmp_path / "last", build("digits_ds_resnet8", widths=(2, 3, 4)), None, {})
    with pytest.raises(InputError, match=r"last has shape .* is needed; delete the folder"):
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


def two_states(folder):
    """The states after two epochs of one weight each, 1 and 2."""
    for epoch in (1, 2):
        network = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(network.weight, epoch)
        rule = torch.optim.SGD(network.parameters(), 0.1, 0.9)
        keep_state(folder, network, rule, {"rows": [{}] * epoch}, {"weight": torch.full((1, 1), float(epoch))})


def test_the_last_two_states_are_kept(tmp_path):
    assert latest_state(tmp_path) is None
    two_states(tmp_path)
    assert [len(read_state(tmp_path / name).about["rows"]) for name in (LAST, PREVIOUS)] == [2, 1]
    assert latest_state(tmp_path).best["weight"] == 2
    (tmp_path / LAST).unlink()  # killed between the two renamings
    assert len(latest_state(tmp_path).about["rows"]) == 1


def test_every_flipped_byte_is_noticed_and_costs_one_epoch(tmp_path):
    two_states(tmp_path)
    whole = (tmp_path / LAST).read_bytes()
    for place in range(len(whole)):
        for flip in (0x01, 0x20):
            broken = bytearray(whole)
            broken[place] ^= flip
            (tmp_path / LAST).write_bytes(broken)
            try:
                same = read_state(tmp_path / LAST)
            except InputError as error:
                assert "cannot be resumed" in str(error)
                continue
            # a flip in the blanks or the escapes of the header may leave the content as it was
            assert same.about["rows"] == [{}] * 2 and same.tensors["network.weight"] == 2
    (tmp_path / LAST).write_bytes(whole[:-1])
    assert len(latest_state(tmp_path).about["rows"]) == 1
    assert [p.name for p in tmp_path.iterdir()] == [PREVIOUS]
    (tmp_path / PREVIOUS).write_bytes(whole[:-1])
    with pytest.raises(InputError, match=f"{PREVIOUS} cannot be resumed"):
        latest_state(tmp_path)


def test_a_full_disk_leaves_the_state_before(tmp_path):
    two_states(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        with pytest.raises(InputError, match="free some space"):
            two_states(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(latest_state(tmp_path).about["rows"]) == 2
