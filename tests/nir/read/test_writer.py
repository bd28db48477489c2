"""Who wrote a file: recognised where the exporter left a trace, otherwise the readings that differ are named."""

from __future__ import annotations

import io
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest
import snntorch
import torch

from benchmarks.conformance.foreign_compare import Golden
from benchmarks.conformance.foreign_rows import FRAMEWORKS
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.nir.conventions import CONVENTIONS
from snnhw.nir.file import RawNode
from snnhw.nir.io import from_nir, read_nir, to_nir
from snnhw.nir.read.flatten import FlatGraph
from snnhw.nir.read.writer import recognised
from snnhw.nir.reading import Reading
from tests.nir.read.foreign import chain, codes, full, lif
from tests.nir.read.test_foreign import quiet_export


def writer_finding(graph: Graph) -> Finding:
    (found,) = (f for f in graph.findings if f.code.startswith("writer-"))
    return found


def golden(framework: str, name: str) -> Golden:
    """The file that a framework wrote (benchmarks/conformance/foreign.py)."""
    return Golden.load(Path(__file__).parents[2] / "golden" / f"foreign_{framework.replace('-', '_')}_{name}.npz")


CASES = [(f.name, name) for f in FRAMEWORKS for name in f.cases]
UNTOLD = {("norse", "iaf"), ("norse", "lif_box_seconds"), ("rockpool", "recurrent_loaded")}  # and many of sinabs
FOREIGN = {("norse", "recurrent_loaded"): "snntorch"}  # norse runs what snnTorch wrote


def test_no_file_is_taken_for_one_of_another_framework_and_most_are_recognised() -> None:
    found = {}
    for framework, name in CASES:
        with h5py.File(io.BytesIO(golden(framework, name).nir)) as file:
            nodes = node_types(file["node"])
        found[framework, name] = recognised(FlatGraph(nodes, ()))[0]
    wrong = {case: said for case, said in found.items() if said not in ("", FOREIGN.get(case, case[0]))}
    assert not wrong
    unknown = {case for case, said in found.items() if not said}
    assert {case for case in unknown if case[0] != "sinabs"} == UNTOLD
    assert found["sinabs", "lif_usual_tau"] == "sinabs"


def node_types(group: h5py.Group, prefix: str = "") -> dict[str, RawNode]:
    """Nodes by path, read without the reader under test."""
    nodes: dict[str, RawNode] = {}
    for name, node in group["nodes"].items():
        kind = node["type"][()].decode()
        if "nodes" in node:
            inner = node_types(node, f"{prefix}{name}.")
            nodes |= {path: raw for path, raw in inner.items() if raw.type not in ("Input", "Output")}
        else:
            fields = {key: value[()] for key, value in node.items() if isinstance(value, h5py.Dataset)}
            nodes[prefix + name] = RawNode(kind, fields)
    return nodes


@pytest.mark.parametrize(("framework", "name"), [("rockpool", "lif"), ("sinabs", "lif_usual_tau")])
def test_files_that_frameworks_wrote_are_recognised(framework: str, name: str) -> None:
    case = golden(framework, name)
    found = writer_finding(case.graph())
    assert found.code == "writer-recognised" and f"as in files of {framework}" in found.message
    assert found.remedy.startswith(f"give --written-by {framework}")
    assert "fires at v >= v_threshold; it resets by 'subtract'; it decays by exp(-dt/tau)" in found.message
    told = case.graph(**case.told["options"])
    assert not {"writer-recognised", "writer-unknown"} & set(codes(told))


def test_where_the_usual_step_is_too_long_for_the_file_its_writer_is_named() -> None:
    with pytest.raises(InputError, match=r"give the right step with --dt, or --written-by norse, which seems to have"):
        golden("norse", "lif").graph()


def test_where_membranes_start_is_assumed_with_a_finding_until_a_framework_is_named() -> None:
    case = golden("spikingjelly", "if_reset")
    assert "start-assumed" in codes(case.graph()) and "start-assumed" not in codes(case.graph(**case.told["options"]))
    assert "start-assumed" not in codes(golden("spikingjelly", "if").graph())


def test_recurrent_layers_of_snntorch_in_float64_are_not_those_of_spikingjelly() -> None:
    """snnTorch writes them in float64 with r = tau/dt, and names them after the attribute that holds them."""
    wide = {key: np.full(4, value) for key, value in (("tau", 2e-4), ("r", 2.0), ("v_leak", 0), ("v_threshold", 1))}
    for name, expected in (("cells.lif", "snntorch"), ("cells", "spikingjelly")):
        flat = FlatGraph({name: RawNode("LIF", wide)}, ())
        assert recognised(flat)[0] == expected


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


def test_an_r_of_0_is_read_without_a_warning_of_numpy(recwarn: pytest.WarningsRecorder) -> None:
    shape = (3,)
    neuron = nir.LIF(np.full(shape, 2e-4), np.zeros(shape), np.zeros(shape), np.ones(shape), np.zeros(shape))
    graph = from_nir(nir.NIRGraph.from_list(nir.Linear(np.ones((3, 2))), neuron), Reading(dt=1e-4, timesteps=2))
    assert writer_finding(graph).code == "writer-unknown"
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
