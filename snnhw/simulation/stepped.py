"""A network of a framework's modules as a backend: called as its author calls it, its neurons observed by hooks.

Takes the network, how it is called and the path of every neuron module; gives the spikes that these modules sent. The
surrogates of some frameworks give float32 whatever comes in, so layers with weights cast what they take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.nn.time import STATIC, time_first
from snnhw.nn.wrappers import eager, unwrapped
from snnhw.simulation.record import SpikeRecord, levels_of, unit_record
from snnhw.tracing.calling import Calling, axes_of, start
from snnhw.tracing.streams import Axes

SQUEEZED = ("batch_size", "num_timesteps")  # of a module that takes rows apart, such as those of sinabs


@torch.no_grad()
def simulate_stepped(
    network: nn.Module,
    calling: Calling,
    units: Mapping[str, str],
    inputs: Array,
    *,
    levels: Mapping[str, int] | None = None,
    dtype: torch.dtype = torch.float64,
) -> SpikeRecord:
    """Run `network` in evaluation mode with rasters; it is started anew before and after.

    Args:
        network: of a framework's modules; returned to its dtype and mode afterwards.
        calling: how time and batch stand in what it takes and gives.
        units: unit name -> path of its neuron module.
        inputs: [N, *shape], or [N, T, *shape] where the network takes steps.
        levels: unit name -> the largest integer that it sends; 1 of those that are not there.
        dtype: arithmetic of the run.

    Raises:
        InputError: the samples have time and the network shows its input in every step itself, or it cannot run so.
    """
    network = unwrapped(network)
    x, steps = time_first(torch.as_tensor(np.asarray(inputs)).to(dtype)), calling.timesteps
    if x.dim() not in STATIC and calling.entering is None:
        raise InputError(f"{type(network).__name__} shows its input in every step; give samples without time.")
    before, training = next((p.dtype for p in network.parameters()), torch.float32), network.training
    sent: dict[str, list[Tensor]] = {unit: [] for unit in units}
    try:
        network.to(dtype).eval()
        with eager(network), _observed(network, units, sent, dtype), _taken_apart(network, len(inputs), steps):
            start(network)
            logits = _mean(_called(network, calling, x), calling, len(inputs))
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{type(network).__name__} does not run as it was traced ({reason}).") from error
    finally:
        start(network)
        network.to(before).train(training)
    rasters = {}
    for unit, values in sent.items():
        largest = (levels or {}).get(unit, 1)
        numbers = _samples_first(values, axes_of(network, units[unit]), len(inputs), steps)
        rasters[unit] = levels_of(_whole_numbers(numbers, largest), largest, steps)
    records = {unit: unit_record(raster) for unit, raster in rasters.items()}
    return SpikeRecord(len(inputs), steps, records, logits.numpy(), rasters, stepped=x.dim() not in STATIC)


def _called(network: nn.Module, calling: Calling, x: Tensor) -> Tensor:
    """What the network gives for x [B, ...] or [T, B, ...]."""
    if calling.entering is None:
        return _value(network(x))
    frames = x if x.dim() not in STATIC else x.expand(calling.timesteps, *x.shape)
    if calling.entering == "step":
        values, states = [], ()
        for frame in frames:
            given = network(frame, *states)
            values.append(_value(given))
            states = given[1:2] if calling.passes_state and isinstance(given, tuple) else ()
        return torch.stack(values)
    whole = frames if calling.entering == "time" else frames.transpose(0, 1)
    return _value(network(whole.flatten(0, 1) if calling.entering == "rows" else whole))


def _value(given: Any) -> Tensor:
    """What a module gives, without its states."""
    value: Tensor = given[0] if isinstance(given, tuple) else given
    return value


def _mean(given: Tensor, calling: Calling, samples: int) -> Tensor:
    """Logits [B, n] of what the network gives."""
    if calling.leaving is None:
        return given
    if calling.leaving == "rows":
        given = given.reshape(samples, calling.timesteps, *given.shape[1:])
    return given.mean(1 if calling.leaving in ("rows", "batch") else 0)


def _samples_first(values: list[Tensor], axes: Axes, samples: int, steps: int) -> Array:
    """What one module sent, in one call or in one for each step, as [N, T, *shape]."""
    if axes == "step":
        found = torch.stack(values, 1)
    else:
        (whole,) = values
        found = whole.reshape(samples, steps, *whole.shape[1:]) if axes == "rows" else whole
        found = found.transpose(0, 1) if axes == "time" else found
    sent: Array = found.contiguous().numpy()
    return sent


def _whole_numbers(sent: Array, largest: int) -> Array:
    """`sent` itself, whole numbers 0..largest."""
    if not ((sent == np.rint(sent)) & (sent >= 0) & (sent <= largest)).all():
        what = "single spikes" if largest == 1 else f"whole numbers 0..{largest}"
        raise InputError(f"A neuron module sends something else than {what}; trace the network again.")
    return sent


@contextmanager
def _observed(
    network: nn.Module, units: Mapping[str, str], sent: Mapping[str, list[Tensor]], dtype: torch.dtype
) -> Iterator[None]:
    """Within it, what the modules of `units` send is kept in `sent`, and layers with weights take `dtype`."""

    def cast(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(a.to(dtype) if isinstance(a, Tensor) and a.is_floating_point() else a for a in args)

    with ExitStack() as hooks:
        for unit, path in units.items():
            kept = sent[unit]
            handle = network.get_submodule(path).register_forward_hook(
                lambda module, args, given, kept=kept: kept.append(_value(given))
            )
            hooks.callback(handle.remove)
        for module in network.modules():
            if isinstance(getattr(module, "weight", None), Tensor):
                hooks.callback(module.register_forward_pre_hook(cast).remove)
        yield


@contextmanager
def _taken_apart(network: nn.Module, samples: int, steps: int) -> Iterator[None]:
    """Within it, modules that take rows apart do so for this many samples."""
    modules = [m for m in network.modules() if all(isinstance(getattr(m, key, None), int) for key in SQUEEZED)]
    before = [{key: getattr(module, key) for key in SQUEEZED} for module in modules]
    for module in modules:
        module.batch_size, module.num_timesteps = samples, steps  # type: ignore[assignment]
    try:
        yield
    finally:
        for module, values in zip(modules, before, strict=True):
            for key, value in values.items():
                setattr(module, key, value)
