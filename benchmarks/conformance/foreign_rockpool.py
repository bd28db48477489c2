"""rockpool writes and runs its neurons: cases of foreign_worker.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nir
import numpy as np
import torch
from foreign_data import AROUND, BIAS, HIDDEN, INTO, ONWARD, OUTPUTS, THETA, Ran, X
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules import ExpSynTorch, LIFNeuronTorch, LIFTorch, LinearTorch, from_nir, to_nir

TOLD = {"written_by": "rockpool"}
DT = 2e-3
LN2 = float(np.log(2))


def halving(*times: float, dt: float = DT) -> torch.Tensor:
    """Time constants by which a step leaves 2^-times: 1/2, 1/4, ... exactly in float32."""
    return torch.tensor([dt / (LN2 * t) for t in times])


TAUS = (1, 2, 1, 3, 1)


def linear(weight: Any, bias: Any = None) -> Any:
    """A matrix; rockpool has it transposed."""
    into = {} if bias is None else {"bias": torch.from_numpy(bias.copy())}
    shape = (weight.shape[1], weight.shape[0])
    return LinearTorch(shape, weight=torch.from_numpy(weight.T.copy()), has_bias=bias is not None, **into)


def run(*layers: Any, spiking: tuple[int, ...] = (1,), lost: str = "", **told: Any) -> Ran:
    """Matrices and neurons in turn; `spiking`: places of the neurons."""
    network = Sequential(*layers)
    frames = torch.from_numpy(X[None])
    with torch.no_grad():
        outputs, _, _ = network(frames)
        network = network.reset_state()
        ran, signal = {}, frames
        for place, layer in enumerate(network):
            signal = layer(signal)[0]
            if place in spiking:
                ran[f"{place}_{type(layer).__name__}"] = signal[0].numpy()
        for parameter in torch.nn.Module.parameters(network):
            parameter.requires_grad_(False)  # ExpSynTorch is written with a tensor that nir.write refuses otherwise
        graph = to_nir(network.reset_state())
    if not torch.equal(signal, outputs):
        raise RuntimeError("layer by layer the network gives other values")
    return Ran(graph, ran, TOLD | told, outputs[0].numpy(), X, lost, versions=("rockpool",))


def neurons(kind: Any = LIFTorch, **arguments: Any) -> Any:
    """Neurons that differ among each other, at most one spike a step."""
    usual: dict[str, Any] = {"tau_mem": halving(*TAUS), "threshold": torch.from_numpy(THETA / 4), "dt": DT}
    if kind is LIFTorch:
        usual["tau_syn"] = halving(1)[0]
    return kind((HIDDEN,), **(usual | {"max_spikes_per_dt": torch.tensor(1.0)} | arguments))


def read_out() -> Ran:
    last = ExpSynTorch((OUTPUTS,), tau=halving(2, 1, 1, 2), dt=DT)
    return run(linear(INTO, BIAS), neurons(), linear(ONWARD), last)


def two_layers() -> Ran:
    return run(linear(INTO, BIAS), neurons(), linear(AROUND), neurons(LIFNeuronTorch, threshold=0.25), spiking=(1, 3))


def loaded() -> Ran:
    """Recurrent weights in the nested form that rockpool reads (it writes none), loaded and run by rockpool."""
    tau, shape = halving(*TAUS).numpy(), np.array([HIDDEN])
    lif = nir.CubaLIF(
        tau_syn=halving(1).numpy().repeat(HIDDEN), tau_mem=tau, r=tau / np.float32(DT) - 1, v_leak=tau * 0,
        v_threshold=THETA / 2,
    )  # fmt: skip
    inner = nir.NIRGraph(
        {"input": nir.Input(shape), "lif": lif, "w_rec": nir.Linear(AROUND), "output": nir.Output(shape)},
        [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
    )
    nodes = {"input": nir.Input(np.array([X.shape[1]])), "into": nir.Linear(INTO), "layer": inner}
    nodes["output"] = nir.Output(shape)
    graph = nir.NIRGraph(nodes, [("input", "into"), ("into", "layer"), ("layer", "output")])
    layer = from_nir(graph).get_submodule("layer")
    layer.max_spikes_per_dt = torch.tensor(1.0)
    with torch.no_grad():
        spikes = layer(torch.from_numpy((X @ INTO.T)[None]))[0].numpy()
    return Ran(graph, {"layer.lif": spikes}, TOLD | {"dt": DT}, spikes, X, versions=("rockpool",))


CASES: dict[str, Callable[[], Ran]] = {
    "lif": lambda: run(linear(INTO, BIAS), neurons()),
    "lif_dt": lambda: run(linear(INTO, BIAS), neurons(tau_mem=0.05, tau_syn=0.02, threshold=6.0, dt=5e-3)),
    "lif_neuron": lambda: run(linear(INTO, BIAS), neurons(LIFNeuronTorch)),
    "exp_syn": read_out,
    "two_layers": two_layers,
    "lif_several": lambda: run(
        linear(INTO, BIAS), neurons(max_spikes_per_dt=torch.tensor(2.0**16), threshold=0.5), lost="max_spikes_per_dt"
    ),
    "lif_bias": lambda: run(linear(INTO, BIAS), neurons(bias=torch.full((HIDDEN,), 0.25)), lost="bias of neurons"),
    "lif_recurrent": lambda: run(
        linear(INTO, BIAS), neurons(has_rec=True, w_rec=torch.from_numpy(AROUND.T.copy())), lost="recurrent weights"
    ),
    "recurrent_loaded": loaded,
}

REFUSED: dict[str, Callable[[], Ran]] = {
    "LIFTorch with two synapses": lambda: run(
        linear(np.concatenate([INTO, INTO])),
        LIFTorch((2 * HIDDEN, HIDDEN), tau_mem=0.01, tau_syn=0.01, dt=DT),
    ),
}
