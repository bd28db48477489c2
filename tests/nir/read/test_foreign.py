"""Files of other frameworks: read and run, with the spikes of the framework itself or of the written equations."""

from __future__ import annotations

import contextlib
import io
import itertools
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
from snnhw.graph.ir import LI, LIF, MLF, Conv2d, Delay, Graph, Linear, Pool
from snnhw.graph.same import differences
from snnhw.nir.io import from_nir, read_nir, to_nir
from tests.nir.snntorch_runner import run_snntorch
from tests.nir.step_runner import run_steps

T = 12


def codes(graph: Graph) -> list[str]:
    return [f.code for f in graph.findings]


def full(shape: tuple[int, ...], value: float) -> np.ndarray:
    return np.full(shape, value, np.float32)


def lif(shape: tuple[int, ...], decay: float = 0.5, threshold: float = 1.0) -> nir.LIF:
    tau = 1e-4 / (1 - decay)
    return nir.LIF(full(shape, tau), full(shape, tau / 1e-4), full(shape, 0), full(shape, threshold), full(shape, 0))


def chain(*nodes: object, shape: tuple[int, ...] = (4,)) -> nir.NIRGraph:
    """input -> nodes -> output, types unchecked as some frameworks leave them."""
    named = {"input": nir.Input(np.array(shape)), **{f"n{i}": n for i, n in enumerate(nodes)}}
    named["output"] = nir.Output(np.array(shape))
    return nir.NIRGraph(named, list(itertools.pairwise(named)), type_check=False)


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
    graph = read_nir(tmp_path / "cuba.nir", dt=dt, timesteps=T)
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
    assert from_nir(graph, dt=5e-5).nodes["n0"].decay == 0.75
    assert "dt-assumed" in codes(from_nir(graph))
    assert "dt-assumed" not in codes(from_nir(graph, dt=1e-4))
    with pytest.raises(InputError, match=r"'n0' has a tau below the time step 0\.01"):
        from_nir(graph, dt=1e-2)
    with pytest.raises(InputError, match="time step"):
        from_nir(graph, dt=float("nan"))


def test_long_time_constants_are_pointed_out() -> None:
    node = nir.LIF(full((4,), 20.0), full((4,), 1), full((4,), 0), full((4,), 1))  # tau in milliseconds
    assert "time-constant-long" in codes(from_nir(chain(node)))
    assert from_nir(chain(node), dt=1.0).nodes["n0"].decay == pytest.approx(0.95)


def test_leak_gain_and_reset_are_those_of_the_equation() -> None:
    node = nir.LIF(full((4,), 2e-4), full((4,), 3), full((4,), 0.5), full((4,), 1), full((4,), -0.25))
    found = from_nir(chain(node)).nodes["n0"]
    assert isinstance(found, LIF)
    assert (found.decay, found.gain, found.leak, found.v_reset) == (0.5, 1.5, 0.25, -0.25)
    x = np.random.default_rng(0).random((T, 4))
    v, expected = np.zeros(4), []
    for step in x:
        v = v + 0.5 * ((0.5 - v) + 3 * step)
        expected.append(v > 1)
        v = np.where(v > 1, -0.25, v)
    assert np.array_equal(run_steps(from_nir(chain(node)), x)["n0"], expected)


def test_integrators_and_thresholds() -> None:
    x = np.random.default_rng(0).random((T, 4)) - 0.3
    graph = from_nir(chain(nir.I(full((4,), 1e4)), nir.Threshold(full((4,), 0.5)), nir.Scale(full((4,), 2))))
    sent = run_steps(graph, x)
    np.testing.assert_allclose(sent["n0"], np.cumsum(x, axis=0))
    assert np.array_equal(sent["n2"], 2.0 * (np.cumsum(x, axis=0) > 0.5))
    assert differences(from_nir(to_nir(graph)), graph) == ()
    literal, conventional = (from_nir(chain(nir.IF(full((4,), r), full((4,), 1)))) for r in (2e4, 1))
    assert (literal.nodes["n0"].decay, literal.nodes["n0"].gain) == (1, 2)
    assert conventional.nodes["n0"].gain == 1
    assert "gain-per-step" in codes(conventional)
    assert "gain-per-step" not in codes(literal)
    li = from_nir(chain(nir.LI(full((4,), 2e-4), full((4,), 2), full((4,), 0)))).nodes["n0"]
    assert isinstance(li, LI)
    assert (li.decay, li.gain) == (0.5, 1)


def test_delay_is_part_of_the_function() -> None:
    graph = from_nir(chain(nir.Delay(full((4,), 3e-4)), nir.Scale(full((4,), 2))))
    x = np.random.default_rng(0).random((T, 4))
    np.testing.assert_allclose(run_steps(graph, x)["n1"][3:], 2 * x[:-3], rtol=1e-12)
    assert not run_steps(graph, x)["n1"][:3].any()
    assert "delay-rounded" in codes(from_nir(chain(nir.Delay(full((4,), 3.4e-4)))))
    assert from_nir(chain(nir.Delay(full((4,), 0)), nir.Scale(full((4,), 2)))).into("n1")[0].source == "input"
    assert differences(from_nir(to_nir(graph)), graph) == ()


@pytest.mark.parametrize("version", ["0.2", "1.0.4", "1.0.5"])
def test_old_files_do_not_say_how_they_reset(tmp_path: Path, version: str) -> None:
    path = tmp_path / "old.nir"
    nir.write(path, chain(lif((4,))))
    with h5py.File(path, "a") as file:
        del file["node/nodes/n0/v_reset"], file["version"]
        file["version"] = version
    assert read_nir(path).nodes["n0"].reset == "hard"
    assert "reset-undefined" in codes(read_nir(path))
    soft = read_nir(path, reset="subtract", timesteps=T)
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


def conv(weight: np.ndarray, **changes: object) -> nir.Conv2d:
    arguments = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": np.zeros(len(weight))} | changes
    return nir.Conv2d(None, weight, **arguments)


@pytest.mark.parametrize(
    ("weight", "changes", "shape"),
    [
        ((3, 2, 3, 5), {}, (3, 6, 4)),
        ((3, 2, 3, 5), {"padding": np.array([1, 2])}, (3, 8, 8)),
        ((4, 1, 3, 3), {"groups": 2}, (4, 6, 6)),
        ((3, 2, 3, 3), {"dilation": 2, "stride": 2}, (3, 2, 2)),
        ((3, 2, 3, 3), {"padding": "same"}, (3, 8, 8)),
        ((3, 2, 4, 2), {"padding": "same"}, (3, 8, 8)),
        ((3, 2, 3, 3), {"padding": "valid"}, (3, 6, 6)),
        ((3, 2, 3, 3), {"padding": "same", "stride": 2}, (3, 4, 4)),
    ],
)
def test_shapes_where_nir_infers_wrong_ones(
    weight: tuple[int, ...], changes: dict[str, object], shape: tuple[int, ...]
) -> None:
    w = np.random.default_rng(0).normal(size=weight)
    graph = from_nir(chain(conv(w, **changes), shape=(2, 8, 8)))
    node = graph.nodes["n0"]
    assert isinstance(node, Conv2d)
    assert node.shape == shape
    x = np.random.default_rng(1).normal(size=(1, 2, 8, 8))
    padding = changes.get("padding", 0)
    if not isinstance(padding, str) or changes.get("stride", 1) == 1:
        module = torch.nn.Conv2d(
            2,
            weight[0],
            weight[2:],
            changes.get("stride", 1),
            padding if isinstance(padding, str | int) else tuple(int(p) for p in padding),
            changes.get("dilation", 1),
            changes.get("groups", 1),
            bias=False,
        ).double()
        module.weight.data = torch.from_numpy(w)
        np.testing.assert_allclose(run_steps(graph, x)["n0"], module(torch.from_numpy(x)).detach().numpy(), atol=1e-12)
    else:
        assert "same-padding-with-stride" in codes(graph)


def test_conv1d_is_a_convolution_of_height_one() -> None:
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(3, 2, 3)), rng.normal(size=3)
    graph = from_nir(chain(nir.Conv1d(None, w, 2, 1, 1, 1, b), lif((3, 4)), shape=(2, 8)))
    assert graph.input.shape == (2, 1, 8)
    assert graph.nodes["n1"].shape == (3, 1, 4)
    x = rng.normal(size=(1, 2, 1, 8))
    expected = torch.nn.functional.conv1d(*(torch.from_numpy(a) for a in (x[:, :, 0], w, b)), stride=2, padding=1)
    np.testing.assert_allclose(run_steps(graph, x)["n0"][:, :, 0], expected.numpy(), atol=1e-12)
    assert "conv1d-as-conv2d" in codes(graph)


def test_flatten_that_counts_the_batch_is_a_full_one() -> None:
    flatten = nir.Flatten(np.array([2, 3, 3]))  # nir's default start_dim 1
    graph = from_nir(chain(flatten, nir.Linear(np.ones((4, 18))), shape=(2, 3, 3)))
    assert graph.nodes["n0"].shape == (18,)
    assert "flatten-counts-batch" in codes(graph)
    exact = from_nir(chain(nir.Flatten(np.array([2, 3, 3]), 0), nir.Linear(np.ones((4, 18))), shape=(2, 3, 3)))
    assert "flatten-counts-batch" not in codes(exact)


def test_pools_in_sum_and_average() -> None:
    x = np.random.default_rng(0).random((1, 2, 5, 5))
    for kind in (nir.AvgPool2d, nir.SumPool2d):
        graph = from_nir(chain(kind(np.array([2, 2]), np.array([2, 2]), np.array([1, 1])), shape=(2, 5, 5)))
        expected = torch.nn.functional.avg_pool2d(torch.from_numpy(x), 2, 2, 1).numpy()
        node = graph.nodes["n0"]
        assert isinstance(node, Pool)
        np.testing.assert_allclose(run_steps(graph, x)["n0"], expected * (1 if node.kind == "avg" else 4))


def test_nested_graphs_are_flattened_and_their_sums_kept(tmp_path: Path) -> None:
    inner = nir.NIRGraph(
        {
            "input": nir.Input(np.array([4])),
            "low": lif((4,), threshold=0.5),
            "high": lif((4,), threshold=1.0),
            "output": nir.Output(np.array([4])),
        },
        [("input", "low"), ("input", "high"), ("low", "output"), ("high", "output")],
    )
    outer = nir.NIRGraph(
        {
            "input": nir.Input(np.array([4])),
            "a": nir.Scale(full((4,), 1)),
            "b": nir.Scale(full((4,), 2)),
            "unit": inner,
            "c": nir.Linear(np.eye(4)),
            "output": nir.Output(np.array([4])),
        },
        [("input", "a"), ("input", "b"), ("a", "unit"), ("b", "unit"), ("unit", "c"), ("c", "output")],
    )
    nir.write(tmp_path / "nested.nir", outer)
    graph = read_nir(tmp_path / "nested.nir")
    unit = graph.of_type(MLF)[0]
    assert (unit.thresholds, unit.decay) == ((0.5, 1.0), 0.5)
    assert "unit-recognised" in codes(graph)
    x = np.random.default_rng(0).random((T, 4)) / 2
    v, expected = np.zeros((2, 4)), []
    for step in x:
        v = 0.5 * v + 3 * step
        spikes = v > np.array([[0.5], [1.0]])
        v[spikes] = 0
        expected.append(spikes.sum(axis=0))
    assert np.array_equal(run_steps(graph, x)["c"], expected)
    apart = read_nir(tmp_path / "nested.nir", recognise=False)
    assert [n.threshold for n in apart.of_type(LIF)] == [0.5, 1.0]
    assert np.array_equal(run_steps(apart, x)["c"], expected)


def test_missing_input_and_output_are_added_where_there_is_one_place() -> None:
    nodes = {"fc": nir.Linear(np.ones((3, 4), np.float32)), "lif": lif((3,))}
    graph = from_nir(nir.NIRGraph(nodes, [("fc", "lif")], type_check=False))
    assert graph.input.shape == (4,)
    assert graph.readout.shape == (3,)
    assert codes(graph).count("port-added") == 2


def test_parameters_of_one_element_count_for_all() -> None:
    assert from_nir(chain(nir.Linear(np.eye(4)), lif((1,)))).nodes["n1"].threshold == 1.0
    per_channel = from_nir(chain(lif((2, 1, 1)), shape=(2, 3, 3))).nodes["n0"]
    assert per_channel.shape == (2, 3, 3)


def test_linear_takes_an_unflattened_input() -> None:
    graph = from_nir(chain(nir.Linear(np.ones((3, 8), np.float32)), shape=(2, 2, 2)))
    assert isinstance(graph.nodes["n0"], Linear)
    assert "implicit-flatten" in codes(graph)
