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
from snnhw.tracing.calling import Calling, Result, axes_of, start
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
            logits = _logits(network, calling, x, len(inputs))
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
    several = logits if len(logits) > 1 else {}
    first = logits[calling.results[0].readout]
    return SpikeRecord(len(inputs), steps, records, first, rasters, outputs=several, stepped=x.dim() not in STATIC)


def _logits(network: nn.Module, calling: Calling, x: Tensor, samples: int) -> dict[str, Array]:
    """Logits [B, n] of every read-out, for x [B, ...] or [T, B, ...]."""
    if calling.entering == "step":
        calls = _step_by_step(network, calling, _frames(calling, x))
        given = {r.readout: torch.stack([_value(call, r) for call in calls]) for r in calling.results}
    else:
        called = network(x if calling.entering is None else _entering(calling, _frames(calling, x)))
        given = {r.readout: _value(called, r) for r in calling.results}
    return {r.readout: _mean(given[r.readout], r, samples, calling.timesteps).numpy() for r in calling.results}


def _frames(calling: Calling, x: Tensor) -> Tensor:
    """x [T, B, ...]."""
    return x if x.dim() not in STATIC else x.expand(calling.timesteps, *x.shape)


def _entering(calling: Calling, frames: Tensor) -> Tensor:
    """Frames [T, B, ...] as the network takes them."""
    whole = frames if calling.entering == "time" else frames.transpose(0, 1)
    return whole.flatten(0, 1) if calling.entering == "rows" else whole


def _step_by_step(network: nn.Module, calling: Calling, frames: Tensor) -> list[Any]:
    """What the network gives in each call."""
    calls: list[Any] = []
    states: tuple[Any, ...] = ()
    for frame in frames:
        calls.append(network(frame, *states))
        states = calls[-1][1:2] if calling.passes_state and isinstance(calls[-1], tuple) else ()
    return calls


def _value(given: Any, result: Result | None = None) -> Tensor:
    """One value of what a module gives, without `result` the one before its states."""
    if result is None:
        value: Tensor = given[0] if isinstance(given, tuple) else given
        return value
    part = given if result.at is None else given[result.at]
    return torch.stack(list(part)) if result.listed else part


def _mean(given: Tensor, result: Result, samples: int, timesteps: int) -> Tensor:
    """Logits [B, n] of what the network gives."""
    if result.leaving is None:
        return given
    if result.leaving == "rows":
        given = given.reshape(samples, timesteps, *given.shape[1:])
    return given.mean(1 if result.leaving in ("rows", "batch") else 0)


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
