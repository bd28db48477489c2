"""The batches of an epoch, on the device of training: the same samples and the same draws on a CPU and on a GPU.

On a GPU all samples lie there from the start where memory allows, and some hundred batches are augmented at once, so
that an epoch asks little of the host. On the CPU it is one batch after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from snnhw.data.samples import Samples
from snnhw.train.augment import apply, draw
from snnhw.train.batches import tensors
from snnhw.train.recipe import Recipe

AT_ONCE = 2**27  # bytes of images that are augmented together on a GPU
MOST_RESIDENT = 0.25  # share of the free memory of a GPU that the samples may take


@dataclass(frozen=True)
class Place:
    """This process among those that train: number `rank` of `processes`."""

    rank: int = 0
    processes: int = 1


class Source:
    """Samples of the training split as a network on `device` is given them.

    Args:
        data: the samples.
        device: where batches are wanted.
        resident: whether all samples are kept on the device; None: on a GPU, where they take a quarter of what is free.
        together: batches that are augmented at once; None: one on the CPU, 128 MB of images on a GPU.
    """

    def __init__(
        self, data: Samples, device: torch.device, resident: bool | None = None, together: int | None = None
    ) -> None:
        self.data, self.device, self._together = data, device, together
        size = 4 * data.values.size
        if resident is None:
            resident = device.type == "cuda" and size < MOST_RESIDENT * torch.cuda.mem_get_info(device)[0]
        self.resident = tuple(part.to(device) for part in tensors(data)) if resident else None

    def batches(self, recipe: Recipe, seed: int, steps: int, place: Place = Place()) -> Iterator[tuple[Tensor, Tensor]]:
        """This process's part of `steps` batches in the order of `seed`; what is drawn is drawn for the whole batch.

        Samples that are too few for so many batches are gone through again, each time in a new order.
        The part consists of equal parts of the pieces into which one process would cut the whole batch.
        """
        generator = torch.Generator().manual_seed(seed)
        whole = recipe.batch * place.processes
        order = in_some_order(len(self.data), steps * whole, generator)
        places = torch.arange(whole).view(recipe.accumulate, place.processes, recipe.batch // recipe.accumulate)
        mine = places[:, place.rank].flatten()
        shape = (whole, *self.data.values.shape[1:])
        together = self._together or self._fitting(recipe)
        for first in range(0, steps, together):
            index, draws = [], []
            for step in range(first, min(first + together, steps)):
                index.append(order[step * whole : (step + 1) * whole][mine])
                draws.append({name: rows[mine] for name, rows in draw(shape, recipe.augment, generator).items()})
            x, target = self.take(torch.cat(index))
            x = apply(x, recipe.augment, {name: torch.cat([batch[name] for batch in draws]) for name in draws[0]})
            parts = torch.split(x, recipe.batch), torch.split(target, recipe.batch)
            yield from zip(*parts, strict=True)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Values [B, ...] and targets [B] of the samples at `index`, on the device."""
        if self.resident is None:
            x, target = tensors(self.data, index.numpy())
            return x.to(self.device), target.to(self.device)
        values, targets = self.resident
        there = index.to(self.device)
        return values[there], targets[there]

    def _fitting(self, recipe: Recipe) -> int:
        if self.device.type != "cuda":
            return 1
        sample = 4 * (self.data.values[0].size if len(self.data) else 1)
        return max(1, AT_ONCE // (recipe.batch * sample))


def in_some_order(samples: int, wanted: int, generator: torch.Generator) -> Tensor:
    """At least `wanted` numbers of samples: all of them in an order that is drawn, then again, as often as it takes."""
    order = torch.randperm(samples, generator=generator)
    while len(order) < wanted:
        order = torch.cat([order, torch.randperm(samples, generator=generator)])
    return order
