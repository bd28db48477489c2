"""The energy of a batch as a term of the loss: spikes times what each costs, differentiable through the surrogate.

    E = constant + sum over units, positions and steps of (price * o + graded price * min(o, 1)),  o = 0..K,  pJ

The prices are those of `SpikePrices`, so E is what the counters count and the profile prices, of the spikes that this
batch really sent; dE/do is the price, and the rest of the gradient is that of the unit. A graded spike costs the same
whatever its value, so that one level fewer of several saves nothing there. The loss grows by w * E / E_full, E_full
being the energy of a sample in which every level fires at every position in every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.level_gates import GatedMLF
from snnhw.nn.neurons import shortest
from snnhw.nn.wrappers import unwrapped
from snnhw.simulation.record import SpikeRecord
from snnhw.simulation.spike_prices import SourcePrices, SpikePrices
from snnhw.train.energy_gates import expected_closed, expected_spent
from snnhw.train.energy_table import CONSTANT, INPUT, Part
from snnhw.train.recipe import Recipe

MOST_ROWS = 2**24  # whose sum of zeros and ones float32 holds exactly


@dataclass(frozen=True, eq=False)
class Priced:
    """A network as it stands: the prices of its spikes in pJ, and the module path of every unit."""

    prices: SpikePrices
    modules: Mapping[str, str]
    input: str = ""  # name of the input in the prices
    of_a_level: Mapping[str, float] = field(default_factory=dict)  # pJ of having one, by unit with gates


@dataclass(frozen=True, eq=False)
class Counted:
    """Samples that the engine ran: pJ per inference by the counters, and the spikes."""

    energy_pj: float
    record: SpikeRecord


class Pricing(Protocol):
    """What knows profiles and counters, which training does not."""

    def priced(self, network: nn.Module, data: Samples) -> Priced:
        """The prices of `network`, with the fan-out of its weights of now, for samples such as `data`."""

    def counted(self, network: nn.Module, data: Samples) -> Counted:
        """What the engine and the counters say of `data`."""

    def of_a_level(self, network: nn.Module, data: Samples) -> Mapping[str, float]:
        """pJ per inference that a level of each unit costs whatever it sends, by the name of the unit."""


class Levelled(Protocol):
    """A unit whose levels can be told apart."""

    @property
    def thresholds(self) -> Sequence[float]:
        """Of its levels 1..K."""

    def by_level(self, x: Tensor, sent: Tensor) -> Iterator[Tensor]:
        """Whether each level fired, see `MLF.by_level`."""


class EnergyTerm:
    """Sums the prices of the spikes that the units of a network send while it is listened to.

    Args:
        network: on its device.
        priced: of this network.

    Raises:
        InputError: the network has no spikes, or a unit whose module is not known or runs twice.
    """

    def __init__(self, network: nn.Module, priced: Priced) -> None:
        self.prices = priced.prices
        self._device = next(network.parameters()).device
        by_value = dict(priced.prices.by_value)
        entering = by_value.pop(priced.input, None)
        if not by_value:
            raise InputError("Nothing in this network spikes, so its spikes have no price; leave energy_weight out.")
        paths = [priced.modules.get(name, "") for name in by_value]
        if "" in paths or len(set(paths)) < len(paths):
            raise InputError("A unit is no module of its own, so its spikes cannot be priced; leave energy_weight out.")
        inner = unwrapped(network)
        self.parts: list[Part] = [CONSTANT]
        self._levels = 0 if entering is None else len(priced.prices.sources[priced.input].levels)
        self._sources: dict[str, _Source] = {}
        self._input = None if entering is None else self._source(priced.input, INPUT, entering, [None] * self._levels)
        self._units: dict[nn.Module, _Source] = {}
        self._gated: list[tuple[GatedMLF, float]] = []  # and pJ of having a level
        for path, (name, prices) in zip(paths, by_value.items(), strict=True):
            unit = inner.get_submodule(path)
            if isinstance(unit, GatedMLF):
                self._gated.append((unit, priced.of_a_level.get(name, 0.0)))
            self._units[unit] = self._source(name, path, prices, cast("Levelled", unit).thresholds)
        self._sum: Tensor | None = None
        self._rows = 0
        self.seen = torch.zeros((), dtype=torch.float64, device=self._device)  # pJ of all samples so far
        self.seen_parts = torch.zeros(len(self.parts), dtype=torch.float64, device=self._device)  # of which
        self.samples = 0

    def _source(self, name: str, path: str, prices: SourcePrices, thresholds: Sequence[float | None]) -> _Source:
        """The prices of a unit or input as tensors; its parts are added to those of the term."""
        levels, graded = (torch.from_numpy(part).double().to(self._device) for part in (prices.levels, prices.graded))
        is_graded = bool(graded.any())
        if is_graded:
            self.parts.append(Part(path, 0))
        source = _Source(
            levels, graded if is_graded else None, slice(len(self.parts), len(self.parts) + len(thresholds))
        )
        self.parts.extend(
            Part(path, level, None if theta is None else shortest(theta))
            for level, theta in enumerate(thresholds, start=1)
        )
        self._sources[name] = source
        return source

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hooks on every unit; units with hooks run apart from the norms before them, with the same spikes."""
        hooks = [unit.register_forward_hook(self._hook(unit, source)) for unit, source in self._units.items()]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _hook(self, unit: nn.Module, source: _Source) -> Callable[[nn.Module, tuple[Tensor], Tensor], None]:
        levelled = cast("Levelled", unit)

        def add(unit: nn.Module, given: tuple[Tensor], sent: Tensor) -> None:
            self._rows = len(sent)
            if isinstance(unit, GatedMLF):
                self._add_expected(source, unit, given[0])
                return
            total = sent.sum(0, dtype=torch.float64)  # whole numbers, whose sum over rows is exact
            graded, spent = source.graded_spent(sent), (total * source.levels).sum()
            part = spent if graded is None else spent + graded
            self._sum = part if self._sum is None else self._sum + part
            with torch.no_grad():
                fired = levelled.by_level(given[0], sent)
                self._note(source, graded, _by_level(fired, len(levelled.thresholds), total))

        return add

    def _add_expected(self, source: _Source, unit: GatedMLF, x: Tensor) -> None:
        """Add what the levels of a unit with gates are expected to cost."""
        graded, levels = expected_spent(unit, x, source.levels, source.graded)
        spent = torch.stack(levels)
        self._sum = spent.sum() + (0.0 if self._sum is None else self._sum) + (0.0 if graded is None else graded)
        self.seen_parts[source.parts] += spent.detach()
        if graded is not None:
            self.seen_parts[source.parts.start - 1] += graded.detach()

    def _note(self, source: _Source, graded: Tensor | None, spikes: Iterable[Tensor], repeated: int = 1) -> None:
        """Add pJ to the parts of `source`; spikes [*shape] of each of its levels."""
        self.seen_parts[source.parts] += repeated * torch.stack([(level * source.levels).sum() for level in spikes])
        if graded is not None:
            self.seen_parts[source.parts.start - 1] += graded.detach()

    def taken(self, x: Tensor) -> Tensor:
        """pJ per sample, a mean, of the forward of samples x [B, ...] that has just run; float64, with its gradient."""
        assert self._sum is not None
        spent, samples = self._sum, len(x)
        steps = self._rows // samples
        if self._input is not None:
            events = x.detach().round().clamp(0, self._levels)
            repeated = steps if x.dim() == self._input.levels.dim() + 1 else 1  # a static sample comes at every step
            events = events.flatten(0, x.dim() - self._input.levels.dim() - 1)
            total = events.sum(0, dtype=torch.float64)
            graded, of_levels = self._input.graded_spent(events), repeated * (total * self._input.levels).sum()
            graded = None if graded is None else repeated * graded
            spent = spent + (of_levels if graded is None else of_levels + graded)
            values = ((events >= value).to(x.dtype) for value in range(1, self._levels + 1))
            self._note(self._input, graded, _by_level(values, self._levels, total), repeated)
        constant: float | Tensor = self.prices.constant * (steps / self.prices.timesteps)
        for unit, of_a_level in self._gated:
            constant = constant - expected_closed(unit) * (of_a_level * steps / self.prices.timesteps)
        energy = spent / samples + constant
        self._sum = None
        self.seen += energy.detach() * samples
        self.seen_parts[0] += (constant.detach() if isinstance(constant, Tensor) else constant) * samples
        self.samples += samples
        return energy

    def by_part(self) -> dict[Part, float]:
        """pJ per sample of all samples so far, a mean; the sum is `seen` / `samples`."""
        return dict(zip(self.parts, (self.seen_parts / self.samples).tolist(), strict=True))

    def counted_by_part(self, record: SpikeRecord) -> dict[Part, float]:
        """The same of the spikes of the engine."""
        spent = np.zeros(len(self.parts))
        spent[0] = self.prices.constant * record.samples
        for name, (graded, *levels) in self.prices.by_level(record).items():
            source = self._sources[name]
            spent[source.parts] = levels
            if source.graded is not None:
                spent[source.parts.start - 1] = graded
        return dict(zip(self.parts, (spent / record.samples).tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class _Source:
    """Prices of a unit or of an input."""

    levels: Tensor  # of each spike, [*shape]
    graded: Tensor | None  # of a step in which some level fires, [*shape]; None where that costs nothing
    parts: slice  # places of its levels among the parts; that of graded spikes is the one before

    def graded_spent(self, sent: Tensor) -> Tensor | None:
        """Price of the graded spikes in `sent` [rows, *shape]."""
        return None if self.graded is None else (sent.clamp(max=1).sum(0, dtype=torch.float64) * self.graded).sum()


def _by_level(fired: Iterator[Tensor], levels: int, total: Tensor) -> Iterator[Tensor]:
    """Spikes of levels 1..K, float64 [*shape], of whether each fired [rows, *shape]; those of all levels are `total`.

    The last level is not asked for: it has what is left.
    """
    rest = total
    for level in islice(fired, levels - 1):
        exact = level.dtype in (torch.float32, torch.float64) and len(level) <= MOST_ROWS
        spikes = level.sum(0).double() if exact else level.sum(0, dtype=torch.float64)
        rest = rest - spikes
        yield spikes
    yield rest


def multiplier(recipe: Recipe, rows: Sequence[Mapping[str, float]]) -> float:
    """The weight w of the term in the epoch after `rows`.

    Without a target it is energy_weight. With one it is a Lagrange multiplier, which rises while the energy lies above
    the target and falls to 0 below it: w <- max(0, w + energy_weight * (E / target - 1)), E being the mean of an epoch.
    It follows from the rows alone, so that a resumed run goes on as one that was not stopped.
    """
    if not rows or not recipe.energy_target_nj:
        return recipe.energy_weight
    last = rows[-1]
    excess = last["train_energy_pj"] / (1e3 * recipe.energy_target_nj) - 1.0
    return max(0.0, last["energy_weight"] + recipe.energy_weight * excess)
