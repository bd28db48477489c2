"""The trained torch module as a backend: its own forward, unfused and unfolded, observed by hooks.

Takes the network and the module path of every unit, gives the same `SpikeRecord` as the engines. Levels and membranes
are recomputed from what enters each neuron module; their sum must be what the module sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, LIF, MLF, Array
from snnhw.graph.shapes import Shape
from snnhw.nn.time import STATIC, time_first
from snnhw.nn.wrappers import eager, unwrapped
from snnhw.simulation.execution import current_device
from snnhw.simulation.frames import as_images
from snnhw.simulation.neurons import step_unit
from snnhw.simulation.record import SpikeRecord, unit_record


@torch.no_grad()
def simulate_module(
    network: nn.Module,
    units: Mapping[str, tuple[str, MLF | ILIF | LIF]],
    inputs: Array,
    *,
    membranes: bool = False,
    ends: Sequence[str] = (),
    sequence: Shape | None = None,
) -> SpikeRecord:
    """Run `network` in evaluation mode with rasters.

    Args:
        network: module of time-major layers; returned to its dtype and mode afterwards.
        units: unit name -> (path of the neuron module, the unit's node).
        inputs: [N, C, H, W] or [N, T, C, H, W], of vectors [N, n] or [N, T, n].
        membranes: keep the membranes before the reset.
        ends: names of the outputs, in the order in which the network returns them; one needs none.
        sequence: (C, 1, L) of a network that takes sequences (C, L).

    Raises:
        InputError: a module sends something else than the sum of its levels, cannot run in float64, or returns more or
            fewer outputs than are named.
    """
    arrived: dict[str, tuple[Tensor, Tensor]] = {}

    def observe(unit: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(module: nn.Module, args: tuple[Tensor, ...], sent: Tensor) -> None:
            arrived[unit] = (args[0].clone(), sent.clone())  # a forward may add to them in place afterwards

        return hook

    network = unwrapped(network)
    first, training = next(network.parameters()), network.training
    place, before = first.device, first.dtype
    hooks = [network.get_submodule(path).register_forward_hook(observe(u)) for u, (path, _) in units.items()]
    try:
        device = current_device()
        network.to(device, torch.float64).eval()
        x = torch.as_tensor(np.asarray(inputs if sequence is None else as_images(sequence, inputs))).to(
            device, torch.float64
        )
        steps = max(int(getattr(m, "timesteps", 1)) for m in network.modules())
        with eager(network):
            results = _sent(network, network(time_first(x) if sequence is None else _sequences(x, sequence)), ends)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{type(network).__name__} does not run in torch.float64 ({reason}); keep the dtype of the input in every "
            "layer."
        ) from error
    finally:
        for handle in hooks:
            handle.remove()
        network.to(place, before).train(training)
    rasters, potentials = {}, {}
    for unit, (current, sent) in arrived.items():
        rasters[unit], potentials[unit] = _levels(unit, units[unit][1], current, sent, steps)
    return SpikeRecord(
        len(inputs),
        steps,
        {unit: unit_record(raster) for unit, raster in rasters.items()},
        results[0],
        rasters,
        potentials if membranes else {},
        outputs=dict(zip(ends, results, strict=True)) if len(results) > 1 else {},
        stepped=x.dim() not in STATIC,
    )


def _sent(network: nn.Module, result: object, ends: Sequence[str]) -> list[Array]:
    """What the network returned, one array for each of its outputs."""
    several = (
        result.values() if isinstance(result, Mapping) else result if isinstance(result, tuple | list) else [result]
    )
    found = [tensor.cpu().numpy() for tensor in several if isinstance(tensor, Tensor)]
    if len(found) != max(1, len(ends)):
        raise InputError(
            f"{type(network).__name__} returns {len(found)} tensors and {len(ends)} outputs are named; name each."
        )
    return found


def _sequences(x: Tensor, shape: Shape) -> Tensor:
    """[B, C, L] or [T, B, C, L] of samples [B, C, 1, L] or [B, T, C, 1, L]."""
    rows = x.squeeze(-2)
    return rows if x.dim() == len(shape) + 1 else rows.transpose(0, 1)


def _levels(unit: str, node: MLF | ILIF | LIF, current: Tensor, sent: Tensor, steps: int) -> tuple[Array, Array]:
    """(raster uint8, membranes) [N, T, K, *shape] of one unit."""
    x = current.reshape(steps, -1, *node.shape)
    rows = [(torch.stack(s), torch.stack(u)) for s, u in step_unit((node,), x)]
    spikes = torch.stack([s for s, _ in rows])  # [T, K, N, *shape]
    if not torch.equal(spikes.sum(dim=1).to(sent.dtype), sent.reshape(x.shape)):
        raise InputError(
            f"Module of unit {unit!r} does not send the sum of its levels; check its thresholds and decay."
        )
    membranes = torch.stack([u for _, u in rows])
    return _samples_first(spikes.to(torch.uint8)), _samples_first(membranes)


def _samples_first(x: Tensor) -> Array:
    """[T, K, N, ...] -> [N, T, K, ...]."""
    moved: Array = x.permute(2, 0, 1, *range(3, x.dim())).contiguous().cpu().numpy()
    return moved
