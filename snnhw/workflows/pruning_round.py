"""One round of channel pruning: judge and price every channel, silence those that cost most for what they give, count.

The channels of a unit are silenced in the module; `remove_dead` then proves that they never fire and cuts them, so what
is counted is what `snnhw export --prune-dead` writes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import nn

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.channel_choice import Channel, chosen, joined, ranked
from snnhw.analysis.energy.channel_energy import PricedBy, channel_energies, energy_without
from snnhw.analysis.energy.spike_energy import energy_pj
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.passes.cut_channels import Channels
from snnhw.passes.remove_dead import remove_dead
from snnhw.progress import Progress
from snnhw.proofs.membrane_bound import bounds
from snnhw.simulation.engine import simulate
from snnhw.train.channel_loss import channel_losses
from snnhw.train.silence import silence, silenceable
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import model_of


@dataclass(frozen=True, eq=False)
class Bench:
    """What every round of a pruning uses."""

    calibration: Samples  # labelled; they judge and price the channels
    priced_by: PricedBy
    units: Mapping[str, str]  # units whose channels may go -> path of the module
    sizes: Mapping[str, int]  # their channels
    parameters: Mapping[str, tuple[str, ...]]  # what feeds them, see `silenceable`
    progress: Progress | None = None

    def graph(self, network: nn.Module, data: Samples | None = None) -> Graph:
        """The folded graph of `network`, declared for the calibration or for `data`."""
        data = data or self.calibration
        return for_data(model_of(network, tuple(data.values.shape[-3:])), data).graph

    def energy_pj(self, network: nn.Module, data: Samples | None = None) -> float:
        """pJ per inference, at the high end, of what `export --prune-dead` leaves of `network`."""
        data = data or self.calibration
        graph = remove_dead(self.graph(network, data)).graph
        counts = count(graph, simulate(graph, data.values))
        return energy_pj(counts, self.priced_by.profile, self.priced_by.deployment) / len(data)


@dataclass(frozen=True, eq=False)
class Removal:
    """A network without more channels."""

    network: nn.Module
    gone: Channels  # all channels that are silent by now
    channels: tuple[Channel, ...]  # those of this round, in the order in which they were taken
    predicted_pj: float  # per inference, if all others fired as they did
    counted_pj: float  # per inference, as they do


def bench_for(network: nn.Module, calibration: Samples, priced_by: PricedBy, progress: Progress | None) -> Bench:
    """What is needed to prune `network`.

    Raises:
        InputError: no unit has channels that can be silenced one by one.
    """
    model = model_of(network, tuple(calibration.values.shape[-3:]))
    assert model.traced is not None
    modules = model.traced.modules
    parameters = silenceable(model.traced, modules, network)
    if not parameters:
        raise InputError(
            f"No unit of {model.name} is fed by convolutions or matrices of its own with gains that can be 0, so no "
            "channel can go alone; choose another network."
        )
    members = model.graph.units()
    sizes = {unit: members[unit][0].shape[0] for unit in parameters}
    return Bench(calibration, priced_by, {unit: modules[unit] for unit in parameters}, sizes, parameters, progress)


def removed(bench: Bench, network: nn.Module, gone: Channels, goal_pj: float) -> Removal | None:
    """`network` with channels silenced until its energy is predicted to be `goal_pj`; None where none can go.

    Raises:
        InputError: a channel cannot be proven to be silent.
    """
    graph = bench.graph(network)
    record = simulate(graph, bench.calibration.values)
    left = {unit: np.setdiff1d(np.arange(size), gone.get(unit, ())).tolist() for unit, size in bench.sizes.items()}
    left = {unit: numbers for unit, numbers in left.items() if len(numbers) > 1}  # a unit keeps one
    losses = channel_losses(network, bench.units, bench.calibration, bench.progress)
    energies = channel_energies(graph, record, left, gone, bench.priced_by, bench.progress)
    order = ranked(left, energies, losses, {unit: len(numbers) for unit, numbers in left.items()})
    if not order:
        return None
    choice = chosen(graph, record, order, goal_pj, gone, bench.priced_by)
    silent = copy.deepcopy(network)
    silence(silent, bench.parameters, choice.numbers)
    now = joined(gone, choice.numbers)
    _check_silent(bench.graph(silent), now)
    return Removal(silent, now, choice.channels, choice.energy_pj, bench.energy_pj(silent))


def least_energy_pj(bench: Bench, network: nn.Module) -> float:
    """pJ per inference with one channel in every unit that can lose some, the others firing as they do."""
    graph = bench.graph(network)
    record = simulate(graph, bench.calibration.values)
    return energy_without(graph, record, {unit: range(1, size) for unit, size in bench.sizes.items()}, bench.priced_by)


def _check_silent(graph: Graph, channels: Channels) -> None:
    proof = bounds(graph)
    for unit, numbers in channels.items():
        for node in graph.units()[unit]:
            if not proof.dead(node.name)[..., list(numbers)].all():
                raise InputError(
                    f"That silenced channels of unit {unit!r} never fire cannot be proven, so they could not be "
                    "removed; choose another network."
                )
