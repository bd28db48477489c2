"""snnTorch (Eshraghian et al., Proceedings of the IEEE 2023): neurons that are called once in every step.

Leaky:  u = clamp(beta) u + x - R theta;  s = u > theta, where R is the spike of the step before: the reset is late.
Synaptic: i = clamp(alpha) i + x, and i is the input of u.  Lapicque: beta = 1 - dt/(R C), x times dt/C.  RLeaky and
RSynaptic add V s, with s of the step before, to x.  The reset "zero" empties u before the decay in Leaky; elsewhere it
empties u after the input is added, and so loses that input, which no node of the graph does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.firing import Reset, firing
from snnhw.graph.ir import LI, LIF, Array, Conv2d, Linear, Node
from snnhw.graph.shapes import Shape
from snnhw.tracing.frameworks.adapter import Adapter, Framework, always
from snnhw.tracing.frameworks.cell import Cell, current_based, current_name, recurrent, single, weights_of
from snnhw.tracing.frameworks.parameters import fitted, parameter
from snnhw.tracing.frameworks.probe import fires_at_threshold
from snnhw.tracing.modules import TRACE, Built

MECHANISMS = {"_base_sub": "subtract", "_base_zero": "zero", "_base_int": "none"}  # by the function that steps a neuron


def _clamped(value: Any) -> Array:
    return np.clip(parameter(value), 0, 1)


def _leaky(name: str, module: Any, shape: Shape) -> Cell:
    return single(_neuron(name, module, shape, _clamped(module.beta), loses_input=False))


def _lapicque(name: str, module: Any, shape: Shape) -> Cell:
    step, resistance, capacity = (parameter(v) for v in (module.time_step, module.R, module.C))
    decay, gain = 1 - step / (resistance * capacity), step / capacity
    return single(_neuron(name, module, shape, decay, gain))


def _synaptic(name: str, module: Any, shape: Shape) -> Cell:
    neuron = _neuron(name, module, shape, _clamped(module.beta))
    alpha = fitted(name, "alpha", _clamped(module.alpha), shape)
    return current_based(LI(name=current_name(name), shape=shape, decay=alpha, current_of=name), neuron)


def _around(inner: Callable[[str, Any, Shape], Cell]) -> Callable[[str, Any, Shape], Cell]:
    """The same with recurrent weights."""

    def cell(name: str, module: Any, shape: Shape) -> Cell:
        alone = inner(name, module, shape)
        return recurrent(alone, weights_of(name, _weights(f"{name}_recurrent", module.recurrent, shape), alone.sender))

    return cell


def _weights(name: str, module: nn.Module, shape: Shape) -> Built:
    build = TRACE.get(type(module))
    return _one_to_one(name, parameter(module.V), shape) if build is None else build(name, module, shape)


def _one_to_one(name: str, weight: Array, shape: Shape) -> Node:
    """Each neuron to itself, V times: a diagonal matrix, of images a weight for each channel."""
    every = np.broadcast_to(np.asarray(fitted(name, "V", weight, shape)), shape)
    if len(shape) == 1:
        return Linear(name=name, shape=shape, weight=np.diag(every))
    of_channel = every.reshape(shape[0], -1)[:, :1]
    if np.any(every.reshape(shape[0], -1) != of_channel):
        raise InputError(f"V of {name!r} differs within a channel, which no convolution does; make it one per channel.")
    return Conv2d(name=name, shape=shape, weight=of_channel.reshape(-1, 1, 1, 1), groups=shape[0])


def _neuron(
    name: str, module: Any, shape: Shape, decay: Array, gain: Array | None = None, *, loses_input: bool = True
) -> LIF:
    """The spiking part; `loses_input`: its reset to zero takes the input of the step with it."""
    for wrong in ("inhibition", "state_quant"):
        if getattr(module, wrong):
            raise InputError(f"{name!r} uses {wrong}, for which a graph has no node; set it to False.")
    if np.any(parameter(module.graded_spikes_factor) != 1):
        raise InputError(f"{name!r} sends spikes times graded_spikes_factor; multiply the next weights by it instead.")
    kept = fitted(name, "beta", decay, shape)
    at = fires_at_threshold(name, getattr(module, "spike_grad", None), usual=False)
    theta, kind = _threshold(name, module, shape), _reset(name, module, loses_input)
    fires = firing(name, kind, theta, np.zeros(()), kept, fires_at_threshold=at)
    driven = 1.0 if gain is None else fitted(name, "time_step / C", gain, shape)
    return LIF(name=name, shape=shape, decay=kept, gain=driven, **fires)


def _threshold(name: str, module: Any, shape: Shape) -> Array:
    threshold = np.asarray(fitted(name, "threshold", parameter(module.threshold), shape))
    if np.any(threshold < 0):
        raise InputError(
            f"{name!r} has a threshold below 0, which its membrane is above before the first step, so that snnTorch "
            "resets it once; no node does that, train with thresholds from 0 on."
        )
    return threshold


def _reset(name: str, module: Any, loses_input: bool) -> Reset:
    mechanism, late = _mechanism(name, module), getattr(module, "reset_delay", True)
    if mechanism != module.reset_mechanism:
        raise InputError(
            f"{name!r} was made with reset_mechanism={mechanism!r} and says {module.reset_mechanism!r} now, which it "
            "follows in part; make it anew."
        )
    if mechanism == "none":
        return "none"
    if mechanism == "subtract":
        if not late:
            raise InputError(
                f"{name!r} takes its threshold off at once, and again in the next step where the membrane is still "
                "above it (reset_delay=False), which no node does; leave reset_delay=True."
            )
        return "subtract-late"
    if late and loses_input:
        raise InputError(
            f"{name!r} ({type(module).__name__}) loses the input of the step after a spike by reset_mechanism='zero', "
            "which no node does; use 'subtract', or a Leaky."
        )
    return "hard"


def _mechanism(name: str, module: Any) -> str:
    """How it resets, by the function that it steps with: the name that it stores may have been changed since."""
    function = getattr(module, "state_function", None)
    if function is None:
        raise InputError(f"{name!r} steps as before snnTorch 0.8, when resets were others; use 0.8 or newer.")
    return MECHANISMS.get(str(function.__name__), "unknown")


def _states(*names: str) -> Callable[[Any], tuple[str, ...]]:
    """What a call gives beside the spikes: nothing where the module keeps its states and is no output."""
    return lambda module: () if module.init_hidden and not module.output else names


def _adapter(cell: Callable[[str, Any, Shape], Cell], *states: str) -> Adapter:
    return Adapter(always("step"), cell=cell, states=_states(*states), membrane="mem")


SNNTORCH = Framework(
    {
        "Leaky": _adapter(_leaky, "mem"),
        "Lapicque": _adapter(_lapicque, "mem"),
        "Synaptic": _adapter(_synaptic, "syn", "mem"),
        "RLeaky": _adapter(_around(lambda n, m, s: single(_neuron(n, m, s, _clamped(m.beta)))), "mem"),
        "RSynaptic": _adapter(_around(_synaptic), "syn", "mem"),
    },
    stateful=("SpikingNeuron",),
    reset="reset_mem",
    refused={
        "LeakyParallel": "which cuts its membrane at 0 in every step, and no node does; use Leaky, and train with it",
    },
)
