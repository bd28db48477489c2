"""Cores and chips that a model takes, and which limit binds in each layer."""

from __future__ import annotations

from pathlib import Path

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import ChipMapping, map_network
from snnhw.passes import NO_MAX_POOLS, run_passes
from snnhw.passes.decompose_graded import check_sums
from snnhw.passes.fold_pool import fold_pool
from snnhw.workflows.load import LoadedModel


def map_to_chip(model: LoadedModel, chip: str | Path = "loihi1", deployment: str = "channels") -> ChipMapping:
    """The mapping of `model` on `chip`, a name or a TOML file; max pools of spikes take neurons there.

    Raises:
        InputError: the chip or the deployment is unknown, or the chip cannot hold the network.
    """
    graph = run_passes(model.graph, NO_MAX_POOLS)
    if deployment == "graded":
        check_sums(graph)
    return map_network(fold_pool(graph), load_chip(chip), deployment)
