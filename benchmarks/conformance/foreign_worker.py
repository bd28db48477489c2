"""Lets one framework export and run a small network, in that framework's environment: foreign_worker.py CASE OUT.npz.

Writes the NIR file as it is, the input [T, 6], the spikes [T, 5] of its neurons, and what the reader must be told. Each
network is a matrix 6 -> 5 and five neurons (with recurrent weights 5 -> 5 in the `_recurrent` cases). Needs no snnhw.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch

STEPS, INPUTS, Neuron = 40, 6, 5
RNG = np.random.default_rng(7)
INTO = torch.from_numpy(RNG.integers(-32, 96, (Neuron, INPUTS)).astype(np.float32) / 128)
AROUND = torch.from_numpy(RNG.integers(-64, 48, (Neuron, Neuron)).astype(np.float32) / 128)
X = torch.from_numpy((RNG.random((STEPS, INPUTS)) < 0.4).astype(np.float32))

Case = tuple[Any, torch.Tensor, dict[str, Any]]  # NIR graph, spikes [T, 5], options of the reader


def linear() -> torch.nn.Linear:
    """The matrix into the neurons."""
    layer = torch.nn.Linear(INPUTS, Neuron, bias=False)
    layer.weight.data = INTO.clone()
    return layer


def norse() -> Case:
    """`LIFCell`, written by norse."""
    import norse.torch as nt

    def full(value: float) -> torch.Tensor:
        return torch.full((Neuron,), value)

    cell = nt.LIFCell(
        nt.LIFParameters(tau_mem_inv=full(100.0), tau_syn_inv=full(200.0), v_th=full(0.5), v_leak=full(0.0))
    )
    network = nt.SequentialState(linear(), cell)
    rows, state = [], None
    for x in X:
        out, state = network(x[None], state)
        rows.append(out[0])
    return nt.to_nir(network, X[:1]), torch.stack(rows), {"written_by": "norse"}


def norse_recurrent() -> Case:
    """A recurrent CubaLIF that snnTorch wrote, loaded and run by norse, whose own exporter cannot write recurrence."""
    import norse.torch as nt
    import snntorch
    from snntorch.export_nir import export_to_nir

    layer = snntorch.RSynaptic(alpha=0.75, beta=0.875, threshold=3.0, linear_features=Neuron, init_hidden=True)
    layer.recurrent.weight.data = AROUND.clone()
    layer.recurrent.bias.data.zero_()  # the loader of norse leaves recurrence out of the first step, bias and all
    with contextlib.redirect_stdout(io.StringIO()):
        graph = export_to_nir(torch.nn.Sequential(linear(), layer), X[:1], ignore_dims=[0])
    network = nt.from_nir(graph, dt=1e-4)
    rows: list[torch.Tensor] = []
    network.get_submodule("1_lif").register_forward_hook(lambda module, args, out: rows.append(out[0][0]))
    state = None
    for x in X:
        _, state = network(x[None], state)
    return graph, torch.stack(rows), {"dt": 1e-4}


def rockpool() -> Case:
    """`LIFTorch`, written by rockpool."""
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules import LIFTorch, LinearTorch, to_nir

    into = LinearTorch((INPUTS, Neuron), weight=INTO.T.clone(), has_bias=False)
    network = Sequential(into, LIFTorch((Neuron,), tau_mem=0.01, tau_syn=0.005, threshold=12.0, dt=1e-3))
    spikes, _, _ = network(X[None])
    return to_nir(network), spikes[0], {"written_by": "rockpool", "dt": 1e-3}


def rockpool_recurrent() -> Case:
    """Recurrent weights in the nested form that rockpool reads (it writes none), loaded and run by rockpool."""
    from rockpool.nn.modules import LIFTorch, from_nir

    dt, tau = 1e-3, np.array([0.01] * Neuron, np.float32)
    shape = np.array([Neuron])
    neurons = nir.CubaLIF(
        tau_syn=tau / 2, tau_mem=tau, r=tau / np.float32(dt) - 1, v_leak=tau * 0, v_threshold=tau * 0 + 12
    )
    inner = nir.NIRGraph(
        {"input": nir.Input(shape), "lif": neurons, "w_rec": nir.Linear(AROUND.numpy()), "output": nir.Output(shape)},
        [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
    )
    nodes = {"input": nir.Input(np.array([INPUTS])), "into": nir.Linear(INTO.numpy()), "layer": inner}
    nodes["output"] = nir.Output(shape)
    graph = nir.NIRGraph(nodes, [("input", "into"), ("into", "layer"), ("layer", "output")])
    layer = from_nir(graph).get_submodule("layer")
    native = LIFTorch((Neuron,), tau_mem=0.01, tau_syn=0.005, threshold=12.0, has_rec=True, w_rec=AROUND.T, dt=dt)
    current = (X @ INTO.T)[None]
    spikes = layer(current)
    if not torch.equal(spikes, native(current)[0]):
        raise RuntimeError("the loaded layer and one made by hand differ")
    return graph, spikes[0], {"written_by": "rockpool", "dt": dt}


def sinabs() -> Case:
    """`LIF` without normalised input, one spike a step, written by sinabs."""
    import sinabs.activation as activation
    from sinabs.layers import LIF
    from sinabs.nir import to_nir

    neurons = LIF(tau_mem=torch.full((Neuron,), 8.0), norm_input=False, spike_threshold=torch.full((Neuron,), 2.0),
                  spike_fn=activation.SingleSpike)  # fmt: skip
    network = torch.nn.Sequential(linear(), neurons)
    spikes = network(X[None])[0]
    neurons.reset_states()
    return to_nir(network, X[None, :1]), spikes, {"written_by": "sinabs"}


CASES: dict[str, Callable[[], Case]] = {
    "norse": norse,
    "norse_recurrent": norse_recurrent,
    "rockpool": rockpool,
    "rockpool_recurrent": rockpool_recurrent,
    "sinabs": sinabs,
}


def main(case: str, out: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    graph, spikes, options = CASES[case]()
    path = Path(out).with_suffix(".nir")
    nir.write(path, graph)
    packages = {name: version(name) for name in (case.split("_")[0], "nir", "torch")}
    np.savez_compressed(
        out,
        nir=np.frombuffer(path.read_bytes(), np.uint8),
        input=X.numpy(),
        spikes=spikes.detach().numpy().astype(np.uint8),
        options=np.array(repr(options)),
        versions=np.array(repr(packages)),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
