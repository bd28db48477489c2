"""norse writes and runs its cells: cases of foreign_worker.py."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import norse.torch as nt
import numpy as np
import snntorch
import torch
from foreign_data import (
    AROUND,
    BIAS,
    CHANNELS,
    HEAD,
    HIDDEN,
    IMAGE,
    IMAGES,
    INTO,
    KERNEL,
    ONWARD,
    OUTPUTS,
    SECOND,
    THETA,
    Ran,
    X,
)  # fmt: skip
from foreign_torch import Ears, conv, first, linear
from norse.torch.functional.reset import reset_subtract
from snntorch.export_nir import export_to_nir

TOLD = {"written_by": "norse"}
TIES = np.array([0.5, 0.25, 0.25, 0.125, 0.5], np.float32)
RATES = np.array([500.0, 250.0, 500.0, 500.0, 1000.0], np.float32)  # 1/tau, a share of 1/2, 1/4, ... in 1 ms


def full(value: float, *shape: int) -> torch.Tensor:
    return torch.full(shape or (HIDDEN,), value)


def run(
    network: Any, neurons: dict[str, str], options: dict[str, Any], x: Any = X, lost: str = "", **arguments: Any
) -> Ran:
    """`neurons`: submodule -> node of the file."""
    graph = nt.to_nir(network, torch.from_numpy(x[:1]), **arguments)
    ears, outputs, state = Ears(network, neurons), [], None
    with torch.no_grad():
        for frame in torch.from_numpy(x):
            out, state = network(frame[None], state)
            outputs.append(first(out)[0].numpy())
    return Ran(graph, ears.steps(), options, np.stack(outputs), x, lost, versions=("norse",))


def box(theta: Any = None, rates: Any = None, leak: float = 0.0, dt: float = 1e-3, **arguments: Any) -> Any:
    """Leaky neurons that differ among each other."""
    theta = torch.from_numpy(TIES.copy()) if theta is None else theta
    rates = torch.from_numpy(RATES.copy()) if rates is None else rates
    leaks = torch.full(theta.shape, leak)
    return nt.LIFBoxCell(nt.LIFBoxParameters(tau_mem_inv=rates, v_th=theta, v_leak=leaks, **arguments), dt=dt)


def single(cell: Any, options: dict[str, Any], **more: Any) -> Ran:
    """A matrix with a bias in front of `cell`."""
    return run(nt.SequentialState(linear(INTO, BIAS), cell), {"1": "1"}, options, **more)


def current_based(**arguments: Any) -> Any:
    parameters = nt.LIFParameters(
        tau_mem_inv=torch.from_numpy(RATES.copy()), tau_syn_inv=full(500.0), v_th=torch.from_numpy(TIES.copy()),
        v_leak=full(0.0), **arguments,
    )  # fmt: skip
    return nt.LIFCell(parameters)


def integrate_and_fire(theta: Any = THETA) -> Any:
    return nt.IAFCell(nt.IAFParameters(v_th=torch.from_numpy(theta.copy())))


def read_out() -> Ran:
    """Two layers of neurons and leaky integrators that are read."""
    last = nt.LIBoxCell(nt.LIBoxParameters(tau_mem_inv=full(250.0, OUTPUTS), v_leak=full(0.0, OUTPUTS)))
    network = nt.SequentialState(linear(INTO, BIAS), box(), linear(AROUND), integrate_and_fire(), linear(ONWARD), last)
    return run(network, {"1": "1", "3": "3"}, TOLD)


def convolutional() -> Ran:
    shapes = [(CHANNELS, *IMAGE[1:]), (CHANNELS, *IMAGE[1:])]
    one, two = (box(full(0.5, *s), full(500.0, *s)) for s in shapes)
    network = nt.SequentialState(conv(KERNEL, True, padding=1), one, conv(SECOND, True, padding=1), two)
    ran = run(network, {"1": "1", "3": "3"}, TOLD, IMAGES)
    ran.graph.infer_types()
    return ran


def loaded() -> Ran:
    """A recurrent CubaLIF that snnTorch wrote, loaded and run by norse, whose own exporter cannot write recurrence."""
    layer = snntorch.RSynaptic(alpha=0.5, beta=0.5, threshold=1.0, linear_features=HIDDEN, init_hidden=True)
    layer.recurrent.weight.data = torch.from_numpy(AROUND.copy())
    layer.recurrent.bias.data.zero_()  # the loader of norse leaves recurrence out of the first step, bias and all
    x = torch.from_numpy(X)
    with contextlib.redirect_stdout(io.StringIO()):
        graph = export_to_nir(torch.nn.Sequential(linear(INTO), layer), x[:1], ignore_dims=[0])
    network = nt.from_nir(graph, dt=1e-4)
    ears, state = Ears(network, {"1_lif": "1.lif"}), None
    with torch.no_grad():
        for frame in x:
            _, state = network(frame[None], state)
    spikes = ears.steps()
    return Ran(graph, spikes, {"dt": 1e-4}, spikes["1.lif"], X, versions=("norse", "snntorch"))


CASES: dict[str, Callable[[], Ran]] = {
    "lif": lambda: single(current_based(), TOLD),
    "lif_box": lambda: single(box(), TOLD),
    "lif_box_dt": lambda: single(box(dt=5e-4), TOLD | {"dt": 5e-7}),
    "lif_box_seconds": lambda: single(box(), TOLD | {"dt": 1e-3}, **{"dt": 1.0}),
    "lif_box_leak": lambda: single(box(full(0.5), leak=0.25), TOLD),
    "lif_box_reset": lambda: single(box(v_reset=full(-0.25)), TOLD, lost="v_reset"),
    "lif_box_subtract": lambda: single(box(reset_method=reset_subtract), TOLD | {"reset": "subtract"}),
    "iaf": lambda: single(integrate_and_fire(), TOLD),
    "li_box": read_out,
    "recurrent_loaded": loaded,
}


def recurrent() -> Ran:
    return run(nt.SequentialState(nt.LIFRecurrentCell(6, HIDDEN)), {}, TOLD)


REFUSED: dict[str, Callable[[], Ran]] = {
    "Conv2d": convolutional,
    "LIFRecurrentCell": recurrent,
    "LICell": lambda: single(nt.LICell(), TOLD),
    "AvgPool2d": lambda: run(
        nt.SequentialState(conv(KERNEL, True), box(full(0.5, 3, 4, 4), full(500.0, 3, 4, 4)), torch.nn.AvgPool2d(2)),
        {}, TOLD, IMAGES,
    ),
    "Flatten": lambda: run(nt.SequentialState(torch.nn.Flatten(), linear(HEAD)), {}, TOLD, IMAGES[:, :1, :, :3]),
}  # fmt: skip
