"""sinabs (SynSense): neurons over all steps, batch first, [B, T, ...]; the Squeeze forms take [B*T, ...].

i = a_syn (i + x), or x;  v = a v + i, or with `norm_input` a v + (1 - a) i;  a = exp(-1/tau), 1 of IAF.  A single spike
is sent at v >= theta, and theta or `subtract_value` is taken off at once, or v becomes 0.  MaxSpike(n) sends a burst of
clip(floor(v / theta), 0, n), and each of its spikes takes off as much.  ExpLeak sends v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.firing import Reset, firing
from snnhw.graph.ilif import rounded_down
from snnhw.graph.ir import ILIF, LI, LIF, Array
from snnhw.graph.shapes import Shape
from snnhw.tracing.frameworks.adapter import Adapter, Framework, always
from snnhw.tracing.frameworks.cell import Cell, current_based, current_name, recurrent, single, weights_of
from snnhw.tracing.frameworks.parameters import fitted, parameter
from snnhw.tracing.modules import TRACE
from snnhw.tracing.streams import Axes


def _lif(name: str, module: Any, shape: Shape) -> Cell:
    alpha, burst = _alpha(module, "mem"), getattr(module.spike_fn, "max_num_spikes_per_bin", None)
    if isinstance(burst, int) and burst > 1:
        return _behind_current(name, module, shape, _burst(name, module, shape, burst))
    fires = firing(name, *_reset(name, module, shape), alpha, fires_at_threshold=True)
    return _behind_current(name, module, shape, LIF(name=name, shape=shape, **_membrane(name, module, shape), **fires))


def _burst(name: str, module: Any, shape: Shape, most: int) -> ILIF:
    """Up to `most` spikes in a step from one membrane."""
    membrane, (kind, theta, v_reset) = _membrane(name, module, shape), _reset(name, module, shape, several=True)
    if kind != "subtract":
        raise InputError(f"{name!r} empties its membrane after a burst, which no node does; use MembraneSubtract.")
    each = {"tau_mem": membrane["decay"], "a gain": membrane["gain"], "spike_threshold": theta, "subtract": v_reset}
    different = next((what for what, value in each.items() if np.ndim(value)), None)
    if different or membrane["gain"] != 1:
        raise InputError(
            f"{name!r} sends bursts and has {different or 'a gain'} of its own for its neurons (tau_mem, norm_input, "
            "spike_threshold), which no node does; give all the same, and norm_input=False."
        )
    thresholds = rounded_down(most, float(theta))
    off = float(theta) - float(v_reset)
    return ILIF(name=name, shape=shape, thresholds=thresholds, decay=float(membrane["decay"]), taken_off=off)


def _exp_leak(name: str, module: Any, shape: Shape) -> Cell:
    return _behind_current(name, module, shape, LI(name=name, shape=shape, **_membrane(name, module, shape)))


def _recurrent(name: str, module: Any, shape: Shape) -> Cell:
    """What the weights give arrives one step later, so that their bias is not there in the first step."""
    cell = _lif(name, module, shape)
    parts = list(module.rec_connect) if isinstance(module.rec_connect, nn.Sequential) else [module.rec_connect]
    weights = [part for part in parts if not isinstance(part, nn.Flatten | nn.Unflatten | nn.Identity)]
    build = TRACE.get(type(weights[0])) if len(weights) == 1 else None
    if build is None:
        raise InputError(f"{name!r} has a rec_connect that is no single convolution or matrix; use one.")
    node = build(f"{name}_recurrent", weights[0], shape)
    biased = getattr(node, "bias", None) is not None
    return recurrent(cell, weights_of(name, node, cell.sender), from_the_start=not biased)


def _alpha(module: Any, state: str) -> Array:
    """The share of a state that stays."""
    if getattr(module, "train_alphas", False):
        return parameter(getattr(module, f"alpha_{state}"))
    tau = getattr(module, f"tau_{state}")
    return np.ones(()) if tau is None else np.exp(-1 / parameter(tau))


def _membrane(name: str, module: Any, shape: Shape) -> dict[str, Any]:
    if module.min_v_mem is not None:
        raise InputError(f"{name!r} keeps its membrane above min_v_mem, which no node does; set it to None.")
    alpha = _alpha(module, "mem")
    gain = 1 - alpha if module.norm_input else np.ones(())
    return {"decay": fitted(name, "tau_mem", alpha, shape), "gain": fitted(name, "tau_mem", gain, shape)}


def _behind_current(name: str, module: Any, shape: Shape, neuron: LIF | LI | ILIF) -> Cell:
    has_current = module.alpha_syn if getattr(module, "train_alphas", False) else module.tau_syn
    if has_current is None:
        return single(neuron)
    alpha = fitted(name, "tau_syn", _alpha(module, "syn"), shape)
    current = LI(name=current_name(name), shape=shape, decay=alpha, gain=alpha, current_of=name)
    return current_based(current, neuron)


def _reset(name: str, module: Any, shape: Shape, *, several: bool = False) -> tuple[Reset, Array, Array]:
    """(how it resets, threshold, v_reset); `several`: of a neuron that sends bursts."""
    sends = getattr(module.spike_fn, "__name__", type(module.spike_fn).__name__)
    if not several and sends != "SingleSpike" and getattr(module.spike_fn, "max_num_spikes_per_bin", None) != 1:
        raise InputError(
            f"{name!r} may send any number of spikes in one step ({sends}), which no node does; give it a most, "
            "spike_fn=MaxSpike(n), or SingleSpike, train on with it, and trace that."
        )
    theta = np.asarray(fitted(name, "spike_threshold", parameter(module.spike_threshold), shape))
    kind = type(module.reset_fn).__name__
    if kind == "MembraneReset" and module.reset_fn.reset_value == 0:
        return "hard", theta, np.zeros(())
    if kind == "MembraneSubtract":
        off = module.reset_fn.subtract_value
        return "subtract", theta, np.zeros(()) if off is None else theta - parameter(off)
    raise InputError(f"{name!r} resets by {kind}; use MembraneSubtract, or MembraneReset to 0.")


def _neuron(axes: Axes, cell: Callable[[str, Any, Shape], Cell]) -> Adapter:
    return Adapter(always(axes), cell=cell, timesteps=_timesteps)


def _timesteps(module: Any) -> int | None:
    steps = getattr(module, "num_timesteps", None)
    return steps if isinstance(steps, int) and steps > 0 else None


SINABS = Framework(
    {
        "IAF": _neuron("batch", _lif),
        "LIF": _neuron("batch", _lif),
        "IAFRecurrent": _neuron("batch", _recurrent),
        "LIFRecurrent": _neuron("batch", _recurrent),
        "ExpLeak": _neuron("batch", _exp_leak),
        "IAFSqueeze": _neuron("rows", _lif),
        "LIFSqueeze": _neuron("rows", _lif),
        "ExpLeakSqueeze": _neuron("rows", _exp_leak),
        "Repeat": Adapter(always("batch"), opened=True),
        "FlattenTime": Adapter(always("batch"), opened=True),
        "Merge": Adapter(always("rows"), opened=True, runs=lambda module, first, second: first + second),
    },
    stateful=("StatefulLayer",),
    reset="reset_states",
)
