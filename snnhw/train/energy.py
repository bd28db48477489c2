"""The energy of a batch as a term of the loss: spikes times what each costs, differentiable through the surrogate.

    E = constant + sum over units, positions and steps of (price * o + graded price * min(o, 1)),  o = 0..K,  pJ

The prices are those of `SpikePrices`, so E is what the counters count and the profile prices, of the spikes that this
batch really sent; dE/do is the price, and the rest of the gradient is that of the unit. A graded spike costs the same
whatever its value, so that one level fewer of several saves nothing there. The loss grows by w * E / E_full, E_full
being the energy of a sample in which every level fires at every position in every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.time import time_first
from snnhw.nn.wrappers import unwrapped
from snnhw.simulation.spike_prices import SourcePrices, SpikePrices
from snnhw.train.batches import tensors
from snnhw.train.recipe import Recipe
from snnhw.train.resize import resized

PROBED = 32  # samples of an epoch's exact count


@dataclass(frozen=True, eq=False)
class Priced:
    """A network as it stands: the prices of its spikes in pJ, and the module path of every unit."""

    prices: SpikePrices
    modules: Mapping[str, str]
    input: str = ""  # name of the input in the prices


class Pricing(Protocol):
    """What knows profiles and counters, which training does not."""

    def priced(self, network: nn.Module, data: Samples) -> Priced:
        """The prices of `network`, with the fan-out of its weights of now, for samples such as `data`."""

    def counted_pj(self, network: nn.Module, data: Samples) -> float:
        """pJ per inference, by the engine and the counters."""


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
        self._units = {
            inner.get_submodule(path): self._tensors(prices)
            for path, prices in zip(paths, by_value.values(), strict=True)
        }
        self._levels = 0 if entering is None else len(priced.prices.sources[priced.input].levels)
        self._input = None if entering is None else self._tensors(entering)
        self._sum: Tensor | None = None
        self._rows = 0
        self.seen = torch.zeros((), dtype=torch.float64, device=self._device)  # pJ of all samples so far
        self.samples = 0

    def _tensors(self, prices: SourcePrices) -> tuple[Tensor, Tensor | None]:
        levels, graded = (torch.from_numpy(part).double().to(self._device) for part in (prices.levels, prices.graded))
        return levels, graded if bool(graded.any()) else None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hooks on every unit; units with hooks run apart from the norms before them, with the same spikes."""
        hooks = [unit.register_forward_hook(self._hook(*prices)) for unit, prices in self._units.items()]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _hook(self, price: Tensor, graded: Tensor | None) -> Callable[[nn.Module, object, Tensor], None]:
        def add(module: nn.Module, given: object, sent: Tensor) -> None:
            self._rows = len(sent)
            part = _spent(sent, price, graded)
            self._sum = part if self._sum is None else self._sum + part

        return add

    def taken(self, x: Tensor) -> Tensor:
        """pJ per sample, a mean, of the forward of samples x [B, ...] that has just run; float64, with its gradient."""
        assert self._sum is not None
        spent, samples = self._sum, len(x)
        steps = self._rows // samples
        if self._input is not None:
            events = x.detach().round().clamp(0, self._levels)
            repeated = steps if x.dim() == self._input[0].dim() + 1 else 1  # a static sample comes at every step
            spent = spent + repeated * _spent(events.flatten(0, x.dim() - self._input[0].dim() - 1), *self._input)
        energy = spent / samples + self.prices.constant * (steps / self.prices.timesteps)
        self._sum = None
        self.seen += energy.detach() * samples
        self.samples += samples
        return energy


def _spent(sent: Tensor, price: Tensor, graded: Tensor | None) -> Tensor:
    """Sum of prices over spikes [rows, *shape]; they are whole numbers, whose sum over rows is exact."""
    spent = (sent.sum(0, dtype=torch.float64) * price).sum()
    if graded is not None:
        spent = spent + (sent.clamp(max=1).sum(0, dtype=torch.float64) * graded).sum()
    return spent


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


def priced_at(pricing: Pricing, network: nn.Module, data: Samples, pixels: int) -> Priced:
    """Prices of `network` for samples that are resized to `pixels`."""
    if data.values.shape[-1] == pixels:
        return pricing.priced(network, data)
    few = data.first(PROBED)
    return pricing.priced(network, replace(few, values=resized(tensors(few)[0], pixels).numpy()))


def probe(pricing: Pricing, network: nn.Module, data: Samples) -> dict[str, float]:
    """pJ per inference of the first samples of `data` in evaluation mode: by the term, and by engine and counters.

    Both are the same number, unless a membrane lies so near to its threshold that the order of a sum in the engine
    decides differently.
    """
    few = data.first(PROBED)
    term = EnergyTerm(network, pricing.priced(network, few))
    training, first = network.training, next(network.parameters())
    network.eval()
    x = tensors(few)[0].to(first.device, first.dtype)
    with torch.no_grad(), term.listening():
        network(time_first(x))
        by_term = float(term.taken(x))
    counted = pricing.counted_pj(network, few)
    network.train(training)
    return {"probe_energy_pj": by_term, "probe_counted_pj": counted}
