"""Cores and chips that a model takes, and which limit binds in each layer."""

from __future__ import annotations

from pathlib import Path

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import ChipMapping, map_network
from snnhw.passes.fold_pool import fold_pool
from snnhw.workflows.load import LoadedModel


def map_to_chip(model: LoadedModel, chip: str | Path = "loihi1", deployment: str = "channels") -> ChipMapping:
    """The mapping of `model` on `chip`, a name or a TOML file.

    Raises:
        InputError: the chip or the deployment is unknown, or the chip cannot hold the network.
    """
    return map_network(fold_pool(model.graph), load_chip(chip), deployment)
