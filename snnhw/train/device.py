"""Where a run trains: the processes, the memory layout of the network, and whether its steps become a CUDA graph."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.train.capture import Captured, Cuda, Eager, Steps
from snnhw.train.recipe import Recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SWITCH = "SNNHW_CUDA_GRAPH"  # 0 runs steps on a GPU one operator after the other


def fabric_of(recipe: Recipe) -> Fabric:
    """Fabric for the processes torchrun started, or for this one alone.

    Raises:
        InputError: lightning-fabric is not installed.
    """
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise InputError("Training needs lightning-fabric; pip install 'snnhw[train]'.") from error

    here, everywhere = (int(os.environ.get(name, "1")) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    fabric = Fabric(
        accelerator="cuda" if torch.cuda.is_available() else "cpu",
        devices=here,
        num_nodes=everywhere // here,
        strategy="ddp" if everywhere > 1 else "auto",
        precision=recipe.precision,
    )
    fabric.launch()
    return fabric


def placed(network: nn.Module, recipe: Recipe, device: torch.device) -> nn.Module:
    """The network on its device and, on a GPU whose recipe says so, with channels last in memory."""
    network = network.to(device)
    if recipe.channels_last and device.type == "cuda":
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def captures(recipe: Recipe, device: torch.device, processes: int) -> bool:
    """Whether the steps of the run are to become a CUDA graph."""
    return device.type == "cuda" and not _obstacle(recipe, processes)


def steps_of(recipe: Recipe, device: torch.device, processes: int, optimiser: torch.optim.Optimizer) -> Steps:
    """How the steps of the run are computed; on the CPU there is but one way."""
    if captures(recipe, device, processes):
        return Captured(Cuda(), optimiser.zero_grad)
    if device.type == "cuda":
        return Eager(f"steps ran one operator after the other, not as a CUDA graph ({_obstacle(recipe, processes)})")
    return Eager()


def _obstacle(recipe: Recipe, processes: int) -> str:
    """Why steps on a GPU cannot become a graph; "" where they can."""
    if os.environ.get(SWITCH) == "0":
        return f"{SWITCH} is 0"
    if processes > 1:
        return f"{processes} processes exchange gradients"
    if recipe.energy_weight:
        return "energy_weight listens to every unit"
    if recipe.any_timesteps:
        return "any_timesteps changes the steps from batch to batch"
    if recipe.packed_spikes:
        return "packed_spikes looks at values"
    return ""


@contextmanager
def fastest_convolutions() -> Iterator[None]:
    """cuDNN tries its algorithms on each new shape and takes the fastest; of no effect on the CPU."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
