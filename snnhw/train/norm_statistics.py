"""The statistics of norms, taken anew after training on samples that nothing augments (`norm_batches`).

What a norm keeps while it is trained is a running average: of batches that were augmented, made with weights that were
still changing. Over the last batches the average can be far from what the final weights see, and the network loses
accuracy to nothing else. Taken anew over N batches with the final weights,

    mean = (1/N) sum_b mean_b,    variance = (1/N) sum_b variance_b * n / (n - 1)    of batches b of n values a channel

("precise" statistics of Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3). In each batch the norms
normalise by that batch, as in training. No weight changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from snnhw.data.samples import Samples
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.time import time_first
from snnhw.train.batches import tensors
from snnhw.train.evaluate import float32_is_float32
from snnhw.train.source import Place, in_some_order

if TYPE_CHECKING:
    from snnhw.train.recipe import Recipe

ALONE = Place()


def take_statistics(recipe: Recipe, network: nn.Module, data: Samples, place: Place = ALONE) -> None:
    """Replace mean and variance of all norms by those of the recipe's `norm_batches` batches of `data`.

    Args:
        recipe: says how many batches of how many samples, and the seed that draws them.
        network: with its final weights, on its device; its mode is put back.
        data: training samples, none of them drawn twice before all were.
        place: this process among those that do the same; each takes its part of a batch. A tdBN pools the parts, so
            that all get the same numbers; a BatchNorm2d of a ReLU twin sees its own part alone, as in training.
    """
    norms = [norm for norm in network.modules() if isinstance(norm, TDBatchNorm | _BatchNorm)]
    first = next(network.parameters())
    with _only(norms, network), torch.no_grad(), float32_is_float32():
        for number, x in enumerate(_batches(recipe, data, place)):
            for norm in norms:
                norm.momentum = 1.0 / (number + 1)  # a running average becomes the plain one
            network(time_first(x.to(first.device, first.dtype)))


def _batches(recipe: Recipe, data: Samples, place: Place) -> Iterator[Tensor]:
    """This process's part of each batch."""
    whole = min(recipe.batch * place.processes, len(data))
    generator = torch.Generator().manual_seed(recipe.seed)
    order = in_some_order(len(data), recipe.norm_batches * whole, generator)
    for number in range(recipe.norm_batches):
        mine = order[number * whole : (number + 1) * whole][place.rank :: place.processes]
        yield tensors(data, mine.numpy())[0]


@contextmanager
def _only(norms: list[TDBatchNorm | _BatchNorm], network: nn.Module) -> Iterator[None]:
    """Norms as in training, everything else as in evaluation; modes and momenta are put back."""
    was_training = [(module, module.training) for module in network.modules()]
    momenta = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.training = True
    try:
        yield
    finally:
        for module, training in was_training:
            module.training = training
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
