"""The batches of an epoch: their order, their parts, and that the device's way of making them gives the same ones."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.data.datasets import dataset, load
from snnhw.train.augment import augment
from snnhw.train.recipe import recipe_from
from snnhw.train.source import Place, Source
from tests.train.small import SMALL

CPU = torch.device("cpu")
ALL = {"flip": 0.5, "shift": 2, "cutout": 3, "noise": 0.1, "rotate": 10}


def numbered(count, steps=()):
    """Samples each of which is a class of its own."""
    values = np.random.default_rng(0).normal(size=(count, *steps, 2, 6, 6)).astype(np.float32)
    return dataset("a:train", values, np.arange(count), count)


def test_a_batch_is_the_same_whatever_ran_before_and_an_epoch_shows_each_sample_once():
    data = load("digits", "train").first(200)
    source = Source(dataset("digits:train", data.values, np.arange(200), 200), CPU)
    recipe = recipe_from({**SMALL, "batch": 25, "augment": {}})
    orders = []
    for number in (0, 1, 0):
        torch.manual_seed(number + 5)
        batches = list(source.batches(recipe, number, steps=8))
        seen = torch.cat([target for _, target in batches])
        assert all(torch.equal(x, torch.from_numpy(data.values[target])) for x, target in batches)
        assert sorted(seen.tolist()) == list(range(200))
        orders.append(seen.tolist())
    assert orders[0] == orders[2] != orders[1]


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**31),
    together=st.integers(1, 9),
    pieces=st.sampled_from([1, 2]),
    processes=st.integers(1, 3),
    frames=st.sampled_from([(), (3,)]),
    names=st.sets(st.sampled_from(sorted(ALL))),
)
def test_batches_of_a_device_are_those_that_are_taken_and_augmented_one_by_one(
    seed, together, pieces, processes, frames, names
):
    amounts = {name: ALL[name] for name in names}
    recipe = recipe_from({**SMALL, "batch": 4, "accumulate": pieces, "augment": amounts})
    data = numbered(40, frames)
    steps = len(data) // (4 * processes)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(data), generator=generator).tolist()
    there = Source(data, CPU, resident=True, together=together)
    here = Source(data, CPU)
    streams = [
        [list(source.batches(recipe, seed, steps, Place(rank, processes))) for rank in range(processes)]
        for source in (here, there)
    ]
    for step in range(steps):
        index = order[step * 4 * processes : (step + 1) * 4 * processes]
        whole = augment(torch.from_numpy(data.values[index]), amounts, generator)
        for rank in range(processes):
            size = 4 // pieces
            mine = [p * size * processes + rank * size + i for p in range(pieces) for i in range(size)]
            for parts in streams:
                x, target = parts[rank][step]
                assert target.tolist() == [index[i] for i in mine]
                assert torch.equal(x, whole[mine])
    assert all(len(part) == steps for parts in streams for part in parts)


def test_on_the_cpu_nothing_is_kept_and_batches_come_one_by_one():
    source = Source(numbered(10), CPU)
    assert source.resident is None
    batches = source.batches(recipe_from({**SMALL, "batch": 5, "augment": {"noise": 1.0}}), 0, 2)
    assert next(batches)[0].untyped_storage().nbytes() == 4 * 5 * 2 * 6 * 6


@settings(max_examples=20)
@given(many=st.integers(1, 30), steps=st.integers(1, 12), seed=st.integers(0, 2**31))
def test_samples_that_are_too_few_are_shown_again_and_equally_often(many, steps, seed):
    source = Source(numbered(many), CPU)
    recipe = recipe_from({**SMALL, "batch": 5, "augment": {}})
    seen = torch.cat([target for _, target in source.batches(recipe, seed, steps)])
    often = torch.bincount(seen, minlength=many)
    assert len(seen) == 5 * steps and often.max() - often.min() <= 1
    whole = seen[: many * (len(seen) // many)].reshape(-1, many)
    assert all(sorted(row) == list(range(many)) for row in whole.tolist())
