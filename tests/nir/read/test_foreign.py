"""Files of other frameworks: read and run, with the spikes of the framework itself or of the written equations."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest
import snntorch
import snntorch.utils
import torch
from snntorch.export_nir import export_to_nir

from snnhw.errors import InputError
from snnhw.graph.ir import Delay
from snnhw.graph.same import differences
from snnhw.nir.io import from_nir, read_nir, to_nir
from snnhw.nir.reading import Reading
from tests.nir.read.foreign import T, chain, codes, full, lif
from tests.nir.snntorch_runner import run_snntorch
from tests.nir.step_runner import run_steps


def snntorch_spikes(network: torch.nn.Module, x: np.ndarray) -> dict[str, np.ndarray]:
    """Spikes of every neuron module over the steps of x [T, *shape]."""
    spikes: dict[str, list[np.ndarray]] = {}
    for name, module in network.named_modules():
        if isinstance(module, snntorch.Leaky | snntorch.RLeaky | snntorch.Synaptic | snntorch.RSynaptic):
            rows = spikes[name] = []

            def hook(m: object, a: object, out: object, rows: list[np.ndarray] = rows) -> None:
                rows.append((out[0] if isinstance(out, tuple) else out).detach().numpy()[0])

            module.register_forward_hook(hook)
    snntorch.utils.reset(network)
    with torch.no_grad():
        for step in x:
            network(torch.from_numpy(step)[None])
    return {name: np.array(rows) for name, rows in spikes.items()}


def quiet_export(network: torch.nn.Module, sample: torch.Tensor, path: Path) -> Path:
    with contextlib.redirect_stdout(io.StringIO()):
        nir.write(path, export_to_nir(network, sample, ignore_dims=[0]))
    return path


def test_snntorch_convolution_net(tmp_path: Path) -> None:
    torch.manual_seed(0)

    def leaky(*shape: int) -> snntorch.Leaky:
        arguments = {"init_hidden": True, "reset_mechanism": "zero", "reset_delay": False}
        return snntorch.Leaky(beta=torch.full(shape, 0.9), threshold=torch.full(shape, 0.6), **arguments)

    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), leaky(2, 4, 4), torch.nn.Flatten(), torch.nn.Linear(32, 5), leaky(5)
    )
    network[0].bias.data += 0.6
    network[3].bias.data += 0.3
    graph = read_nir(quiet_export(network, torch.rand(1, 1, 6, 6), tmp_path / "net.nir"))
    x = np.random.default_rng(0).random((T, 1, 6, 6)).astype(np.float32)
    ours, theirs = run_steps(graph, x), snntorch_spikes(network, x)
    assert 0.05 < theirs["1"].mean() < 0.95
    assert np.array_equal(ours["n1"], theirs["1"])
    assert np.array_equal(ours["n4"], theirs["4"])
    assert {"dt-assumed", "timesteps-assumed", "readout-assumed", "renamed"} <= set(codes(graph))


def test_snntorch_recurrent_net(tmp_path: Path) -> None:
    torch.manual_seed(1)
    layer = snntorch.RLeaky(
        beta=0.9, threshold=0.3, linear_features=5, init_hidden=True, reset_mechanism="zero", reset_delay=False
    )
    network = torch.nn.Sequential(torch.nn.Linear(6, 5), layer, torch.nn.Linear(5, 3))
    graph = read_nir(quiet_export(network, torch.rand(1, 6), tmp_path / "net.nir"))
    x = np.random.default_rng(0).random((T, 6)).astype(np.float32)
    theirs = snntorch_spikes(network, x)["1"]
    assert 0.05 < theirs.mean() < 0.95
    assert np.array_equal(run_steps(graph, x)["n1_lif"], theirs)
    assert "loop-delayed" in codes(graph)
    assert [n.steps for n in graph.of_type(Delay)] == [1]


def test_recurrent_cubalif_as_norse_and_rockpool_write_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    n, dt = 5, 1e-4
    alpha, beta, theta = 0.8, 0.9, 0.6
    weights = {k: (rng.normal(size=s) * 0.5).astype(np.float32) for k, s in {"w": (n, 6), "rec": (n, n)}.items()}
    tau_syn, tau_mem = dt / (1 - alpha), dt / (1 - beta)
    cuba = nir.CubaLIF(
        tau_syn=full((n,), tau_syn),
        tau_mem=full((n,), tau_mem),
        r=full((n,), tau_mem / dt),
        v_leak=full((n,), 0),
        v_threshold=full((n,), theta),
        w_in=full((n,), tau_syn / dt),
    )
    nodes = {
        "input": nir.Input(np.array([6])),
        "fc": nir.Linear(weights["w"]),
        "cuba": cuba,
        "rec": nir.Linear(weights["rec"]),
        "output": nir.Output(np.array([n])),
    }
    edges = [("input", "fc"), ("fc", "cuba"), ("cuba", "rec"), ("rec", "cuba"), ("cuba", "output")]
    nir.write(tmp_path / "cuba.nir", nir.NIRGraph(nodes, edges))
    graph = read_nir(tmp_path / "cuba.nir", Reading(dt=dt, timesteps=T))
    x = rng.random((T, 6)).astype(np.float32)
    # the equations of the NIR paper (Pedersen et al., 2024), by forward Euler, in loops
    current, v, spike = np.zeros(n), np.zeros(n), np.zeros(n)
    expected = []
    for step in x:
        current = alpha * current + weights["w"] @ step + weights["rec"] @ spike
        v = beta * v + current
        spike = (v > theta).astype(float)
        v[spike > 0] = 0
        expected.append(spike)
    assert 0.05 < np.mean(expected) < 0.95
    assert np.array_equal(run_steps(graph, x)["cuba"], expected)
    assert differences(from_nir(to_nir(graph)), graph) == ()


def test_cubalif_as_snntorch_imports_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    n, dt = 5, 1e-4
    tau = {"tau_syn": full((n,), dt / 0.5), "tau_mem": full((n,), dt / 0.25)}
    gain = {"r": full((n,), 4), "w_in": full((n,), 2)}
    cuba = nir.CubaLIF(**tau, **gain, v_leak=full((n,), 0), v_threshold=full((n,), 1))
    weight = rng.integers(-64, 64, (n, 6)).astype(np.float32) / 64
    nodes = {
        "input": nir.Input(np.array([6])),
        "fc": nir.Linear(weight),
        "cuba": cuba,
        "output": nir.Output(np.array([n])),
    }
    nir.write(tmp_path / "cuba.nir", nir.NIRGraph(nodes, [("input", "fc"), ("fc", "cuba"), ("cuba", "output")]))
    x = rng.integers(0, 2, 6).astype(np.float32)
    theirs, _ = run_snntorch(tmp_path / "cuba.nir", x[None], T)
    graph = read_nir(tmp_path / "cuba.nir")
    assert 0.05 < theirs["cuba"].mean() < 0.95
    assert np.array_equal(run_steps(graph, np.stack([x] * T))["cuba"], theirs["cuba"][0])


def test_time_step_changes_the_decay() -> None:
    graph = chain(lif((4,)))
    assert from_nir(graph).nodes["n0"].decay == 0.5
    assert from_nir(graph, Reading(dt=5e-5)).nodes["n0"].decay == 0.75
    assert "dt-assumed" in codes(from_nir(graph))
    assert "dt-assumed" not in codes(from_nir(graph, Reading(dt=1e-4)))
    with pytest.raises(InputError, match=r"'n0' has a tau below the time step 0\.01"):
        from_nir(graph, Reading(dt=1e-2))
    with pytest.raises(InputError, match="time step"):
        from_nir(graph, Reading(dt=float("nan")))


def test_long_time_constants_are_pointed_out() -> None:
    node = nir.LIF(full((4,), 20.0), full((4,), 1), full((4,), 0), full((4,), 1))  # tau in milliseconds
    assert "time-constant-long" in codes(from_nir(chain(node)))
    assert from_nir(chain(node), Reading(dt=1.0)).nodes["n0"].decay == pytest.approx(0.95)


@pytest.mark.parametrize("version", ["0.2", "1.0.4", "1.0.5"])
def test_old_files_do_not_say_how_they_reset(tmp_path: Path, version: str) -> None:
    path = tmp_path / "old.nir"
    nir.write(path, chain(lif((4,))))
    with h5py.File(path, "a") as file:
        del file["node/nodes/n0/v_reset"], file["version"]
        file["version"] = version
    assert read_nir(path).nodes["n0"].reset == "hard"
    assert "reset-undefined" in codes(read_nir(path))
    soft = read_nir(path, Reading(reset="subtract", timesteps=T))
    x = np.random.default_rng(0).random((T, 4))
    v, expected = np.zeros(4), []
    for step in x:
        v = 0.5 * v + step
        expected.append(v > 1)
        v = np.where(v > 1, v - 1, v)
    assert np.array_equal(run_steps(soft, x)["n0"], expected)


def test_new_files_without_a_reset_reset_to_zero(tmp_path: Path) -> None:
    path = tmp_path / "new.nir"
    nir.write(path, chain(lif((4,))))
    with h5py.File(path, "a") as file:
        del file["node/nodes/n0/v_reset"]
    graph = read_nir(path)
    assert graph.nodes["n0"].reset == "hard"
    assert "reset-undefined" not in codes(graph)
