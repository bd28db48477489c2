"""Which channels are taken: by energy over loss, never the last of a unit, and as few as reach the goal."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.analysis.energy.channel_choice import Channel, Choice, chosen, joined, ranked
from snnhw.analysis.energy.channel_energy import channel_energies, energy_without
from tests.analysis.energy.test_channel_energy import MODEL, PRICED, RECORD

ENERGIES = {"a": np.array([6.0, 6.0, 1.0]), "b": np.array([2.0, 0.0])}
LOSSES = {"a": np.array([2.0, 1.0, 0.0]), "b": np.array([1.0, 0.0])}
ALL = {"a": [0, 1, 2], "b": [0, 1]}


def test_the_order_is_energy_over_loss_and_what_saves_nothing_stays():
    order = ranked(ALL, ENERGIES, LOSSES, {"a": 9, "b": 9})
    assert [(c.unit, c.number) for c in order] == [("a", 2), ("a", 1), ("a", 0), ("b", 0)]
    assert order[1] == Channel("a", 1, 6.0, 1.0)
    assert order[0].to_dict() == {"unit": "a", "number": 2, "energy_pj": 1.0, "loss": 0.0}


def test_losses_are_of_all_channels_of_a_unit_and_energies_of_the_candidates():
    order = ranked({"a": [2, 1]}, {"a": np.array([1.0, 6.0])}, LOSSES, {"a": 9})
    assert [(c.number, c.energy_pj, c.loss) for c in order] == [(2, 1.0, 0.0), (1, 6.0, 1.0)]


def test_a_unit_keeps_its_last_channel():
    order = ranked(ALL, ENERGIES, LOSSES, {"a": 3, "b": 1})
    assert [(c.unit, c.number) for c in order] == [("a", 2), ("a", 1)]


@pytest.mark.parametrize("share", [0.95, 0.8, 0.6])
def test_the_fewest_channels_that_reach_the_goal_are_taken(share):
    units = {unit: range(node.shape[0]) for unit, (node, *_) in MODEL.graph.units().items()}
    gone, priced_by = {"stem_mlf": [0]}, PRICED[0]
    left = {unit: [c for c in numbers if c not in gone.get(unit, ())] for unit, numbers in units.items()}
    energies = channel_energies(MODEL.graph, RECORD, left, gone, priced_by)
    rng = np.random.default_rng(1)
    losses = {unit: rng.random(len(numbers)) for unit, numbers in units.items()}
    order = ranked(left, energies, losses, {unit: len(numbers) for unit, numbers in left.items()})
    goal = share * energy_without(MODEL.graph, RECORD, gone, priced_by)
    found = chosen(MODEL.graph, RECORD, order, goal, gone, priced_by)
    assert found.channels == order[: len(found.channels)] and found.energy_pj <= goal
    fewer = Choice(order[: len(found.channels) - 1], 0.0).numbers
    assert energy_without(MODEL.graph, RECORD, joined(gone, fewer), priced_by) > goal
    assert found.energy_pj == energy_without(MODEL.graph, RECORD, joined(gone, found.numbers), priced_by)


def test_a_goal_out_of_reach_takes_all_and_one_that_is_reached_takes_one():
    order = (Channel("stem_mlf", 0, 1.0, 1.0), Channel("stem_mlf", 1, 1.0, 1.0))
    assert chosen(MODEL.graph, RECORD, order, 0.0, {}, PRICED[0]).channels == order
    assert chosen(MODEL.graph, RECORD, order, np.inf, {}, PRICED[0]).channels == order[:1]


def test_channels_of_two_rounds_are_joined():
    assert joined({"a": [3, 1]}, {"a": [2, 3], "b": (0,)}) == {"a": [1, 2, 3], "b": [0]}
