"""Small networks of other people, read from files, with the spikes that their own framework fires."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

import nir
import numpy as np
import pytest
import snntorch
import torch

from snnhw.graph.ir import Graph
from snnhw.nir.io import Reading, read_nir
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.nir.read.test_foreign import codes, quiet_export, snntorch_spikes

INTEGRATORS = Path(__file__).parents[1] / "golden" / "spikingjelly_integrators.npz"  # of SpikingJelly 2.0
# The LIF of the NIR paper (Pedersen et al. 2024) as norse writes it: steps of 0.1 ms in which a spike arrives.
ARRIVALS = [
    60, 220, 270, 310, 320, 350, 370, 400, 410, 430, 440, 450, 460, 470, 480, 490, 500, 510, 520, 530, 670, 680, 690,
    700, 710, 720, 730, 740, 750, 760, 770, 780, 840, 850,
]  # fmt: skip
LIF_FIELDS = {"tau": 0.0025, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.1, "v_reset": 0.0}


def written(path: Path, *nodes: nir.NIRNode) -> Path:
    names = ["input", *(f"_{i}" for i in range(len(nodes) - 2)), "output"]
    nir.write(path, nir.NIRGraph(dict(zip(names, nodes, strict=True)), list(itertools.pairwise(names))))
    return path


def fired(graph: Graph, x: np.ndarray) -> list[np.ndarray]:
    """Spikes [T, ...] of every population on one sample [T, ...]."""
    inputs = x.reshape(1, len(x), *graph.input.shape).astype(float)
    return [raster[0, :, 0] for raster in simulate(graph, inputs, execution=DOUBLE, raster=True).raster.values()]


def integrator(shape: tuple[int, ...], dt: float) -> nir.IF:
    """As SpikingJelly writes its IFNode: r = 1/dt in float64."""
    return nir.IF(r=np.full(shape, 1 / dt), v_threshold=np.ones(shape), v_reset=np.zeros(shape))


@pytest.fixture(params=["fc", "conv"])
def spikingjelly(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, np.ndarray, list[np.ndarray], float]:
    """(file, input, SpikingJelly's own spikes of both layers, dt); weights in quarters meet thresholds exactly."""
    with np.load(INTEGRATORS) as case:
        kept = {key: case[f"{request.param}_{key}"] for key in ("quarters0", "quarters1", "input", "l1", "out")}
    first, second = (kept[f"quarters{i}"].astype(np.float32) / 4 for i in range(2))
    if request.param == "fc":
        dt, shape = 1e-4, (12,)
        layers = [nir.Linear(first), integrator((10,), dt)]
    else:
        dt, shape = 1e-3, (2, 8, 8)
        pairs = {name: np.array([n, n]) for name, n in (("kernel_size", 2), ("stride", 2), ("padding", 0))}
        flat = nir.Flatten({"input": np.array([4, 4, 4])}, start_dim=0, end_dim=-1)
        conv = nir.Conv2d((8, 8), first, 1, 1, 1, 1, np.zeros(4, np.float32))
        layers = [conv, integrator((4, 8, 8), dt), nir.AvgPool2d(**pairs), flat]
    ends = nir.Linear(second), integrator((4,), dt), nir.Output(np.array([4]))
    path = written(tmp_path / "net.nir", nir.Input(np.array(shape)), *layers, *ends)
    return path, kept["input"][0], [kept["l1"], kept["out"]], dt


def differing(graph: Graph, x: np.ndarray, theirs: list[np.ndarray]) -> int:
    ours = fired(graph, x)
    return sum(int((a != b).sum()) for a, b in zip(ours, theirs, strict=True))


def test_integrators_of_spikingjelly_fire_its_spikes(spikingjelly: tuple[Path, np.ndarray, list, float]) -> None:
    path, x, theirs, dt = spikingjelly
    assert all(0 < spikes.sum() < spikes.size for spikes in theirs)
    for given in ({}, {"dt": dt}):  # r = 1/dt says the step
        graph = read_nir(path, Reading(written_by="spikingjelly", timesteps=len(x), **given))
        assert differing(graph, x, theirs) == 0
        assert ("dt-from-r" in codes(graph)) == (not given)


def test_read_by_the_equations_they_fire_others_and_that_is_said(
    spikingjelly: tuple[Path, np.ndarray, list, float],
) -> None:
    path, x, theirs, dt = spikingjelly
    graph = read_nir(path, Reading(timesteps=len(x)))
    assert differing(graph, x, theirs) > 0
    said = {finding.code: f"{finding.message}; {finding.remedy}" for finding in graph.findings}
    assert "spikingjelly" in said["writer-recognised"] and f"{dt:g}" in said["dt-assumed"]
    at_their_step = read_nir(path, Reading(timesteps=len(x), dt=dt))
    assert differing(at_their_step, x, theirs) > 0  # it fires at the threshold, the equations above it


@pytest.mark.parametrize("reading", [{}, {"dt": 1e-4}, {"dt": 1e-4, "written_by": "norse"}, {"written_by": "norse"}])
def test_the_lif_of_the_nir_paper_fires_four_times(reading: dict[str, object], tmp_path: Path) -> None:
    """As the traces show that norse, snnTorch, Nengo and SpiNNaker2 published; the loop is the equation of NIR."""
    fields = {name: np.full(1, value, np.float32) for name, value in LIF_FIELDS.items()}
    affine = nir.Affine(np.ones((1, 1), np.float32), np.zeros(1, np.float32))
    path = written(tmp_path / "lif.nir", nir.Input(np.array([1])), affine, nir.LIF(**fields), nir.Output(np.array([1])))
    x = np.zeros((1000, 1))
    x[ARRIVALS] = 1
    v, expected = 0.0, []
    for step in x[:, 0]:
        v += 1e-4 / LIF_FIELDS["tau"] * (LIF_FIELDS["r"] * step - v)
        expected.append(v > LIF_FIELDS["v_threshold"])
        v = 0.0 if expected[-1] else v
    (spikes,) = fired(graph := read_nir(path, Reading(timesteps=len(x), **reading)), x)
    assert spikes[:, 0].tolist() == expected and spikes.sum() == 4
    assert ("dt-assumed" in codes(graph)) == ("dt" not in reading)


def test_a_leaky_of_snntorch_that_does_not_leak_is_an_integrator(tmp_path: Path) -> None:
    """`Leaky(beta=1)`, which snnTorch exports with infinite tau and r, against snnTorch's own run."""
    torch.manual_seed(2)

    def leaky(n: int) -> snntorch.Leaky:
        return snntorch.Leaky(beta=torch.ones(n), threshold=torch.ones(n), init_hidden=True)

    network = torch.nn.Sequential(torch.nn.Linear(20, 8), leaky(8), torch.nn.Linear(8, 4), leaky(4))
    for layer in (network[0], network[2]):
        layer.weight.data = torch.round(16 * layer.weight.data) / 4
        layer.bias.data.zero_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # snnTorch divides by 1 - beta
        path = quiet_export(network, torch.rand(1, 20), tmp_path / "net.nir")
    assert np.isinf(nir.read(path).nodes["1"].tau).all()
    x = np.random.default_rng(0).integers(0, 2, (30, 20)).astype(np.float32)
    theirs = list(snntorch_spikes(network, x).values())
    assert all(0 < spikes.sum() < spikes.size for spikes in theirs)
    graph = read_nir(path, Reading(timesteps=len(x), written_by="snntorch"))
    assert all(np.array_equal(a, b) for a, b in zip(fired(graph, x), theirs, strict=True))
    assert "never-leaks" not in codes(graph)  # of snnTorch it is known
    assert "never-leaks" in codes(read_nir(path, Reading(timesteps=len(x))))
