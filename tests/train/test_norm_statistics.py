import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.nn.norm import TDBatchNorm
from snnhw.train.fit import fit
from snnhw.train.norm_statistics import _batches, take_statistics
from snnhw.train.recipe import recipe_from
from snnhw.train.run import load_run
from snnhw.train.source import Place
from snnhw.train.splits import load_splits
from tests.train.small import SMALL


def samples(n, shape=(3, 4, 4), seed=0):
    chance = np.random.default_rng(seed)
    return Samples("drawn", chance.normal(1, 2, (n, *shape)).astype(np.float32), np.arange(n) % 3, 3, "")


def recipe(**keys):
    return recipe_from({**SMALL, **keys})


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 40), st.integers(2, 16), st.integers(1, 9), st.booleans(), st.integers(0, 99))
def test_the_statistics_of_a_first_norm_are_the_means_over_batches_by_hand(n, batch, batches, plain, seed):
    norm = nn.BatchNorm2d(3) if plain else TDBatchNorm(3)
    data = samples(n, seed=seed)
    net = nn.Sequential(norm).double()
    take_statistics(recipe(batch=batch, norm_batches=batches, seed=seed), net, data)
    generator, order = torch.Generator().manual_seed(seed), []
    whole = min(batch, n)
    while len(order) < batches * whole:
        order += torch.randperm(n, generator=generator).tolist()
    parts = [data.values[order[b * whole : (b + 1) * whole]].astype(np.float64) for b in range(batches)]
    mean = np.mean([part.mean((0, 2, 3)) for part in parts], axis=0)
    variance = np.mean([part.var((0, 2, 3), ddof=1) for part in parts], axis=0)
    np.testing.assert_allclose(norm.running_mean, mean, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(norm.running_var, variance, rtol=1e-12, atol=1e-12)


def test_nothing_but_the_statistics_changes_and_modes_are_put_back():
    net = build("digits_ds_resnet8", widths=[4, 4, 6], timesteps=2)
    net.eval()
    norms = [norm for norm in net.modules() if isinstance(norm, TDBatchNorm)]
    norms[0].train()
    norms[0].momentum = 0.3
    before = {name: value.clone() for name, value in net.state_dict().items()}
    take_statistics(recipe(norm_batches=3), net, load_splits(recipe()).train)
    assert [norm.momentum for norm in norms] == [0.3] + [0.1] * (len(norms) - 1)
    assert [module for module in net.modules() if module.training] == [norms[0]]
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]) != ("running" in name), name


def test_dropout_stays_in_evaluation():
    net = nn.Sequential(nn.Dropout(0.9), TDBatchNorm(3))
    data = samples(32)
    take_statistics(recipe(norm_batches=1, batch=32), net, data)
    np.testing.assert_allclose(net[1].running_mean, data.values.mean((0, 2, 3)), rtol=1e-5)


def test_every_sample_is_seen_before_one_is_seen_twice_and_processes_share_a_batch():
    data = samples(12, (1, 1, 1))
    both = torch.cat(
        [part for rank in (0, 1) for part in _batches(recipe(batch=2, norm_batches=3), data, Place(rank, 2))]
    )
    one = torch.cat(list(_batches(recipe(batch=4, norm_batches=3), data, Place())))
    assert sorted(one.flatten().tolist()) == sorted(data.values.flatten().tolist())
    assert sorted(both.flatten().tolist()) == sorted(one.flatten().tolist())


@pytest.mark.parametrize("keep, ema", [("best", 0.0), ("last", 0.9), ("last", 0.0)])
def test_a_run_ends_with_statistics_of_the_weights_that_it_keeps(tmp_path, keep, ema):
    keys = {"epochs": 2, "keep": keep, "ema": ema, "norm_batches": 5}
    run = fit(recipe(**keys), tmp_path / "anew")
    old = fit(recipe(**keys | {"norm_batches": 0}), tmp_path / "old")
    network, kept = load_run(run.path)[0], load_run(old.path)[0]
    take_statistics(recipe(**keys), kept, load_splits(recipe(**keys)).train)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, kept.state_dict()[name], msg=name)
    assert run.metrics[-1]["validation_accuracy"] == old.metrics[-1]["validation_accuracy"]
    assert run.card.weights_checksum != old.card.weights_checksum


@pytest.mark.parametrize("value", [-1, 1.5, True, 10**6])
def test_a_number_of_batches_that_is_none_is_refused(value):
    with pytest.raises(InputError, match="norm_batches"):
        recipe(norm_batches=value)
