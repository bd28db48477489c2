"""Levels that may die while a recipe trains: gates in its first epochs, then a decision, then an ordinary network.

What is decided travels with the state of the run, so that a resumed run goes on with the same units, and stands in the
arguments of its card, so that the network is built with them wherever it is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from snnhw.nn.level_gates import Thresholds, close_gates, gates_of, lost_levels, put_gates, without_gates
from snnhw.nn.neurons import MLF, shortest
from snnhw.nn.units import set_thresholds
from snnhw.train.average import Average
from snnhw.train.checkpoint import State
from snnhw.train.recipe import Recipe
from snnhw.train.schedule import make_optimiser

DECIDED = "thresholds_of"  # in a state and among the arguments of a card


def begin(recipe: Recipe, network: nn.Module, state: State | None) -> Thresholds | None:
    """Give `network` the gates or the units that it has where the run begins or goes on.

    Returns:
        The thresholds of the units that have lost levels; None where that is not decided yet, or never will be.

    Raises:
        InputError: no unit has a level that could go.
    """
    if not recipe.gated_epochs:
        return None
    decided: Thresholds | None = None if state is None else state.about.get(DECIDED)
    if decided is None:
        put_gates(network)
    else:
        set_thresholds(network, decided)
    return decided


def decide(network: nn.Module, average: Average | None) -> Thresholds:
    """Close the gates of `network` for good, as their average says where there is one.

    Returns:
        The thresholds of the units that have lost levels.
    """
    with average.in_place() if average is not None else nullcontext():
        decided = lost_levels(network)
    close_gates(network, decided)
    return decided


def as_decided_now(network: nn.Module) -> nn.Module:
    """The network that would be left if the gates were closed now; `network` itself where it has none."""
    return without_gates(network, lost_levels(network)) if gates_of(network) else network


def going_on(recipe: Recipe, network: nn.Module, before: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """An optimiser of a network that has lost its gates, with all that the one before knew of the other parameters."""
    after = make_optimiser(recipe, network)
    kept = range(sum(len(group["params"]) for group in after.param_groups))
    known = before.state_dict()["state"]
    state = {index: known[index] for index in kept if index in known}
    after.load_state_dict({"state": state, "param_groups": after.state_dict()["param_groups"]})
    return after


def average_without_gates(average: Average, network: nn.Module) -> Average:
    """The average of the weights, for a network that has lost its gates."""
    names = network.state_dict()
    kept: dict[str, Tensor] = {name: value for name, value in average.values.items() if name in names}
    return Average(network, average.decay, kept)


def level_count(network: nn.Module) -> int:
    """Levels of all MLF units together."""
    return sum(unit.levels for unit in network.modules() if isinstance(unit, MLF))


def card_arguments(arguments: Mapping[str, object], decided: Thresholds | None) -> dict[str, object]:
    """Arguments of the model that is left: `arguments`, with the thresholds of the units that have lost levels."""
    if not decided:
        return dict(arguments)
    own = arguments.get(DECIDED)
    before: Mapping[str, Sequence[float]] = own if isinstance(own, Mapping) else {}
    return {
        **arguments,
        DECIDED: {**before, **{path: [shortest(theta) for theta in thetas] for path, thetas in decided.items()}},
    }
