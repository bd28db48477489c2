"""SpikingJelly (Fang et al., Science Advances 2023): neurons and layers, step by step or over all steps.

Charge:  IF h = v + x;  LIF h = v + (x - (v - v_r)) / tau, without `decay_input` h = v + x - (v - v_r) / tau, where v_r
is v_reset or 0.  Fire: s = h >= v_threshold.  Reset: v = v_reset where s; for v_reset None, v = h - v_threshold s.
ILIF (2.0): h = (1 - 1/tau) v + x; s = round(clip(h / v_threshold, 0, D)), half to even; v = h - v_threshold s.
The membrane starts at v_reset, so it is counted from there: a plain leaky neuron with the threshold v_threshold - v_r.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.firing import Reset, firing
from snnhw.graph.ilif import nearest
from snnhw.graph.ir import ILIF, LIF, Delay
from snnhw.graph.shapes import Shape
from snnhw.tracing.frameworks.adapter import Adapter, Framework, always
from snnhw.tracing.frameworks.cell import Cell, single
from snnhw.tracing.frameworks.probe import fires_at_threshold
from snnhw.tracing.frameworks.spikingjelly_containers import element_wise, linear, voting
from snnhw.tracing.streams import Axes


def _axes(module: Any) -> Axes:
    """Modules of before 0.0.0.0.14 have no mode: their classes say in their names that they take all steps."""
    return "time" if getattr(module, "step_mode", "s") == "m" else "step"


def _check(name: str, module: Any) -> None:
    if not getattr(module.surrogate_function, "spiking", True):
        raise InputError(f"{name!r} sends its surrogate's values and no spikes; set spiking=True.")
    if getattr(module, "_neuron_precision", None) is not None:
        raise InputError(f"{name!r} keeps its membrane in a precision of its own; leave that out.")


def _fires(name: str, module: Any, shape: Shape, decay: float, gain: float) -> Cell:
    _check(name, module)
    soft = module.v_reset is None
    theta = np.array(float(module.v_threshold) - (0.0 if soft else float(module.v_reset)))
    kind: Reset = "subtract" if soft else "hard"
    at = fires_at_threshold(name, module.surrogate_function, usual=True)
    fires = firing(name, kind, theta, np.zeros(()), decay, fires_at_threshold=at)
    return single(LIF(name=name, shape=shape, decay=decay, gain=gain, **fires))


def _if(name: str, module: Any, shape: Shape) -> Cell:
    return _fires(name, module, shape, 1.0, 1.0)


def _lif(name: str, module: Any, shape: Shape) -> Cell:
    rate = 1 / float(module.tau)
    return _fires(name, module, shape, 1 - rate, rate if module.decay_input else 1.0)


def _plif(name: str, module: Any, shape: Shape) -> Cell:
    """1 / tau = sigmoid(w), learnt (Fang et al., ICCV 2021)."""
    rate = 1 / (1 + math.exp(-float(module.w)))
    return _fires(name, module, shape, 1 - rate, rate if module.decay_input else 1.0)


def _ilif(name: str, module: Any, shape: Shape) -> Cell:
    """Integers 0..D (Luo et al., ECCV 2024)."""
    _check(name, module)
    most = getattr(module.surrogate_function, "max_spike_count", None)
    if not isinstance(most, int):
        raise InputError(
            f"{name!r} does not say its largest integer; use MultiLevelSpikeCount, as in SpikingJelly 2.0."
        )
    threshold = float(module.v_threshold)
    thresholds = nearest(most, threshold)
    return single(
        ILIF(name=name, shape=shape, thresholds=thresholds, decay=1 - 1 / float(module.tau), taken_off=threshold)
    )


def _delay(name: str, module: Any, shape: Shape) -> Cell:
    """What arrived so many steps before, 0 at first."""
    return single(Delay(name=name, shape=shape, steps=int(module.delay_steps)))


def _layer(kind: type[nn.Module]) -> Adapter:
    return Adapter(_axes, layer=kind)


NEURONS: Mapping[str, Adapter] = {
    "IFNode": Adapter(_axes, cell=_if),
    "LIFNode": Adapter(_axes, cell=_lif),
    "ParametricLIFNode": Adapter(_axes, cell=_plif),
    "MultiStepIFNode": Adapter(always("time"), cell=_if),
    "MultiStepLIFNode": Adapter(always("time"), cell=_lif),
    "MultiStepParametricLIFNode": Adapter(always("time"), cell=_plif),
    "ILIFNode": Adapter(_axes, cell=_ilif),
}
LAYERS: Mapping[str, Adapter] = {
    "Conv2d": _layer(nn.Conv2d),
    "Linear": _layer(nn.Linear),
    "BatchNorm1d": _layer(nn.BatchNorm1d),
    "BatchNorm2d": _layer(nn.BatchNorm2d),
    "AvgPool2d": _layer(nn.AvgPool2d),
    "MaxPool2d": _layer(nn.MaxPool2d),
    "AdaptiveAvgPool2d": _layer(nn.AdaptiveAvgPool2d),
    "Flatten": _layer(nn.Flatten),
    "Dropout": _layer(nn.Dropout),
    "Dropout2d": _layer(nn.Dropout2d),
    "Conv1d": _layer(nn.Conv1d),
    "ConvTranspose2d": _layer(nn.ConvTranspose2d),
    "Upsample": _layer(nn.Upsample),
    "GroupNorm": _layer(nn.GroupNorm),
    "AvgPool1d": _layer(nn.AvgPool1d),
    "MaxPool1d": _layer(nn.MaxPool1d),
    "AdaptiveAvgPool1d": _layer(nn.AdaptiveAvgPool1d),
    "ThresholdDependentBatchNorm1d": Adapter(always("time"), layer=nn.BatchNorm1d),
    "ThresholdDependentBatchNorm2d": Adapter(always("time"), layer=nn.BatchNorm2d),
    "VotingLayer": Adapter(_axes, chain=voting),
    "Delay": Adapter(_axes, cell=_delay),
}
OTHER_LAYERS = {  # with a state or statistics of their own -> what they are, and what to use instead
    "NeuNorm": "a normalisation by a running sum of the spikes of all channels, which no node does; use a BatchNorm2d",
    "SynapseFilter": "a leaky filter behind spikes, which no node does; leave it to the membranes behind it",
    "DropConnectLinear": "a matrix that drops weights at random, which no node does; use a Linear",
    **dict.fromkeys(
        [f"BatchNormThroughTime{n}d" for n in (1, 2, 3)],
        "a normalisation with statistics of its own for each time step, which no node does; use a BatchNorm2d",
    ),
    **dict.fromkeys(
        [f"TemporalEffectiveBatchNorm{n}d" for n in (1, 2, 3)],
        "a normalisation with a factor of its own for each time step, which no node does; use a BatchNorm2d",
    ),
}
CONTAINERS: Mapping[str, Adapter] = {
    "SeqToANNContainer": Adapter(always("time"), opened=True),
    "MultiStepContainer": Adapter(always("time"), opened=True),
    "StepModeContainer": Adapter(_axes, opened=True),
}
RECURRENT: Mapping[str, Adapter] = {
    "ElementWiseRecurrentContainer": Adapter(_axes, cell=element_wise({**NEURONS, **LAYERS})),
    "LinearRecurrentContainer": Adapter(_axes, cell=linear({**NEURONS, **LAYERS})),
}
SPIKINGJELLY = Framework(
    {**NEURONS, **LAYERS, **CONTAINERS, **RECURRENT},
    stateful=("MemoryModule", "MultiStepModule"),
    reset="reset",
    refused=OTHER_LAYERS,
)
