"""Norse (Pehle and Pedersen, 2021): cells for one step, and the same neurons over all steps, time first.

LIF:  j = i + x;  v += dt/tau_mem (v_leak - v + j);  z = v > v_th;  v = v_reset where z;  i = j - dt/tau_syn j.  LIFBox
has no current, IAF no leak, LI no spikes.  The membrane starts at v_leak (IAF: at v_reset) and is counted from there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from snnhw.errors import InputError
from snnhw.graph.firing import Reset, firing
from snnhw.graph.ir import LI, LIF, Array, Edge, Linear
from snnhw.graph.shapes import Shape
from snnhw.tracing.frameworks.adapter import Adapter, Framework, always
from snnhw.tracing.frameworks.cell import Cell, current_based, current_name, recurrent, single
from snnhw.tracing.frameworks.parameters import fitted, parameter
from snnhw.tracing.streams import Axes

STOCHASTIC = ("logistic", "circ_dist")
RESETS: dict[str, Reset] = {"reset_value": "hard", "reset_subtract": "subtract"}


def _rate(module: Any, inverse: Any) -> Array:
    """dt / tau in the precision in which norse multiplies them."""
    return parameter(module.dt * torch.as_tensor(inverse))


def _current(name: str, module: Any, shape: Shape) -> LI:
    decay = fitted(name, "tau_syn_inv", 1 - _rate(module, module.p.tau_syn_inv), shape)
    return LI(name=current_name(name), shape=shape, decay=decay, current_of=name)


def _lif(name: str, module: Any, shape: Shape) -> Cell:
    return current_based(_current(name, module, shape), _membrane(name, module, shape))


def _box(name: str, module: Any, shape: Shape) -> Cell:
    kind = RESETS.get(getattr(module.p.reset_method, "__name__", ""))
    if kind is None:
        raise InputError(f"{name!r} resets by a function of its own; use reset_value or reset_subtract of norse.")
    return single(_membrane(name, module, shape, kind))


def _iaf(name: str, module: Any, shape: Shape) -> Cell:
    _check_method(name, module)
    theta = np.asarray(fitted(name, "v_th", parameter(module.p.v_th) - parameter(module.p.v_reset), shape))
    return single(LIF(name=name, shape=shape, decay=1.0, **firing(name, "hard", theta, np.zeros(()), 1.0)))


def _li(name: str, module: Any, shape: Shape) -> Cell:
    if parameter(module.p.v_leak).any():
        raise InputError(f"{name!r} integrates toward v_leak, and a graph toward 0; set v_leak to 0.")
    rate = _rate(module, module.p.tau_mem_inv)
    decay, gain = (fitted(name, "tau_mem_inv", value, shape) for value in (1 - rate, rate))
    return current_based(_current(name, module, shape), LI(name=name, shape=shape, decay=decay, gain=gain))


def _recurrent(name: str, module: Any, shape: Shape) -> Cell:
    """Input weights, a current-based neuron, and recurrent weights."""
    size = (int(module.hidden_size),)
    entry = Linear(name=f"{name}_input", shape=size, weight=parameter(module.input_weights))
    if entry.sent_shape(shape) is None:
        raise InputError(f"{name!r} takes {int(module.input_size)} values and gets {shape}; fix the shapes.")
    around = Linear(name=f"{name}_recurrent", shape=size, weight=parameter(module.recurrent_weights))
    cell = recurrent(_lif(name, module, size), around)
    return Cell((entry, *cell.nodes), (Edge(entry.name, cell.entry), *cell.edges), entry.name, cell.sent)


def _membrane(name: str, module: Any, shape: Shape, kind: Reset = "hard") -> LIF:
    _check_method(name, module)
    rate, rest = _rate(module, module.p.tau_mem_inv), parameter(module.p.v_leak)
    decay, gain = (fitted(name, "tau_mem_inv", value, shape) for value in (1 - rate, rate))
    theta = np.asarray(fitted(name, "v_th", parameter(module.p.v_th) - rest, shape))
    lowest = parameter(module.p.v_reset) if kind == "hard" else np.zeros(())
    return LIF(name=name, shape=shape, decay=decay, gain=gain, **firing(name, kind, theta, lowest - rest, decay))


def _check_method(name: str, module: Any) -> None:
    if module.p.method in STOCHASTIC:
        raise InputError(f"{name!r} fires by chance (method={module.p.method!r}); use another method.")


def _state(module: Any) -> tuple[str, ...]:
    return ("state",)


def _neuron(axes: Axes, cell: Callable[[str, Any, Shape], Cell]) -> Adapter:
    return Adapter(always(axes), cell=cell, states=_state, keeps_state=False)


NORSE = Framework(
    {
        "LIFCell": _neuron("step", _lif),
        "LIFBoxCell": _neuron("step", _box),
        "IAFCell": _neuron("step", _iaf),
        "LICell": _neuron("step", _li),
        "LIFRecurrentCell": _neuron("step", _recurrent),
        "LIF": _neuron("time", _lif),
        "IAF": _neuron("time", _iaf),
        "LI": _neuron("time", _li),
        "LIFRecurrent": _neuron("time", _recurrent),
        "Lift": Adapter(always("time"), opened=True),
    },
    stateful=("SNNCell", "SNN", "SNNRecurrentCell", "SNNRecurrent"),
)
