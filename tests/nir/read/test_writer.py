"""Who wrote a file: recognised where the exporter left a trace, otherwise the readings that differ are named."""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np
import pytest
import snntorch
import torch

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.nir.frameworks import CONVENTIONS
from snnhw.nir.io import from_nir, read_nir, to_nir
from snnhw.nir.reading import Reading
from tests.nir.read.foreign import chain, codes, full, lif
from tests.nir.read.test_foreign import quiet_export

GOLDEN = Path(__file__).parents[2] / "golden"


def writer_finding(graph: Graph) -> Finding:
    (found,) = (f for f in graph.findings if f.code.startswith("writer-"))
    return found


def golden(name: str, folder: Path) -> Path:
    """The file that a framework wrote (benchmarks/conformance/foreign.py)."""
    with np.load(GOLDEN / f"foreign_{name}.npz") as case:
        path = folder / "net.nir"
        path.write_bytes(case["nir"].tobytes())
    return path


@pytest.mark.parametrize("name", ["rockpool", "sinabs"])
def test_files_that_frameworks_wrote_are_recognised(name: str, tmp_path: Path) -> None:
    found = writer_finding(read_nir(golden(name, tmp_path)))
    assert found.code == "writer-recognised" and f"as in files of {name}" in found.message
    assert found.remedy.startswith(f"give --written-by {name}")
    assert "fires at v >= v_threshold; it resets by 'subtract'; it decays by exp(-dt/tau)" in found.message
    told = read_nir(golden(name, tmp_path), Reading(written_by=name))
    assert not {"writer-recognised", "writer-unknown"} & set(codes(told))


def test_where_the_usual_step_is_too_long_for_the_file_its_writer_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"give the right step with --dt, or --written-by norse, which seems to have"):
        read_nir(golden("norse", tmp_path))


@pytest.mark.parametrize("kind", ["Leaky", "Synaptic"])
def test_files_of_snntorch_are_recognised(kind: str, tmp_path: Path) -> None:
    decays = {"beta": torch.full((5,), 0.875)} | ({"alpha": torch.full((5,), 0.5)} if kind == "Synaptic" else {})
    neuron = getattr(snntorch, kind)(**decays, threshold=torch.full((5,), 1.0), init_hidden=True)
    network = torch.nn.Sequential(torch.nn.Linear(6, 5), neuron)
    graph = read_nir(quiet_export(network, torch.rand(1, 6), tmp_path / "net.nir"))
    found = writer_finding(graph)
    assert found.remedy.startswith("give --written-by snntorch") and "resets by 'subtract-late'" in found.message


@pytest.mark.parametrize("dt", [1e-3, 1e-4])
@pytest.mark.parametrize("leaky", [False, True])
def test_resistances_in_float64_that_hold_the_step_are_those_of_spikingjelly(leaky: bool, dt: float) -> None:
    level = {"v_threshold": np.ones(4), "v_reset": np.zeros(4)}
    node = nir.IF(r=np.full(4, 1 / dt), **level)
    if leaky:
        node = nir.LIF(tau=np.full(4, 4 * dt), r=np.full(4, 4.0), v_leak=np.zeros(4), **level)
    found = writer_finding(from_nir(chain(node), Reading(dt=dt)))
    assert f"with dt = {dt:g}, as in files of spikingjelly" in found.message
    assert found.remedy.startswith("give --written-by spikingjelly") and "v >= v_threshold" in found.message


def test_where_nothing_tells_the_readings_that_differ_are_named_until_one_is_chosen() -> None:
    node = nir.LIF(full((4,), 3e-4), full((4,), 1.7), full((4,), 0), full((4,), 1), full((4,), 0))
    found = writer_finding(from_nir(chain(node)))
    assert found.code == "writer-unknown"
    assert all(text in found.message for text in ("at the threshold too", "subtract it", "exp(-dt/tau)"))
    assert all(name in found.remedy for name in CONVENTIONS)
    assert "writer-unknown" not in codes(from_nir(chain(node), Reading(written_by="nir")))


def test_files_without_neurons_and_files_of_ours_are_not_asked_for_their_writer() -> None:
    for graph in (from_nir(chain(nir.Scale(full((4,), 2)))), from_nir(to_nir(from_nir(chain(lif((4,))))))):
        assert not [code for code in codes(graph) if code.startswith("writer-")]


def test_one_r_that_says_another_step_leaves_the_writer_unknown() -> None:
    r = np.array([1000.0, 1000, 1000, 500])
    node = nir.IF(r, np.ones(4), np.zeros(4))
    assert writer_finding(from_nir(chain(node))).code == "writer-unknown"
