"""The end of a run: which epoch's weights it keeps, the statistics of their norms, and the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from torch import nn

from snnhw.train.card import Card
from snnhw.train.checkpoint import copied
from snnhw.train.epoch import EpochSize, validate
from snnhw.train.norm_statistics import take_statistics
from snnhw.train.recipe import Recipe
from snnhw.train.run import software_versions
from snnhw.train.source import Place
from snnhw.train.splits import Splits, model_arguments

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def best_epoch(rows: list[Mapping[str, float]], sizes: list[EpochSize]) -> int:
    """Index of the best row, the later of equals, among the epochs of full size; -1 if there is none yet."""
    full = [epoch for epoch in range(len(rows)) if sizes[epoch] == sizes[-1]]
    return max(full, key=lambda epoch: (_score(rows[epoch]), epoch), default=-1)


def _score(row: Mapping[str, float]) -> tuple[float, float]:
    """Better rows score higher: accuracy, then loss, on the held-out share if there is one."""
    kind = "validation" if "validation_accuracy" in row else "train"
    return row[f"{kind}_accuracy"], -row[f"{kind}_loss"]


def with_new_statistics(fabric: Fabric, recipe: Recipe, network: nn.Module, splits: Splits) -> dict[str, float]:
    """Take the statistics of all norms anew, all processes together, with the weights of the first.

    Returns:
        loss and accuracy of the held-out samples after it; nothing without any.
    """
    network.load_state_dict(fabric.broadcast(copied(network)))
    take_statistics(recipe, network, splits.train, Place(fabric.global_rank, fabric.world_size))
    return {} if splits.validation is None else validate(fabric, network, splits.validation)


def card_of(
    recipe: Recipe,
    network: nn.Module,
    splits: Splits,
    rows: list[Mapping[str, float]],
    kept: Mapping[str, float],
    accuracy: float,
) -> Card:
    """The card of a run without its note; `kept` is the row of the epoch whose weights it keeps."""
    return Card(
        model=recipe.model,
        arguments=model_arguments(recipe, splits.train),
        relu=recipe.relu,
        parameters=sum(p.numel() for p in network.parameters()),
        input_shape=tuple(splits.train.values.shape[-3:]),
        timesteps=int(network.get_submodule("readout").timesteps),  # type: ignore[arg-type]
        classes=splits.train.class_count(),
        data=recipe.data,
        data_checksum=splits.checksum,
        test_checksum=splits.test.checksum,
        accuracy=accuracy,
        validation_accuracy=kept.get("validation_accuracy"),
        seed=recipe.seed,
        seconds=round(sum(row["seconds"] for row in rows), 1),
        command=f"snnhw train {recipe.name}",
        recipe=asdict(recipe),
        versions=software_versions(),
    )
