"""Known traps of NIR 1.0.8, nirtorch 2.6 and the importers: what we write does not spring them."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, Node, Norm, Pool, Readout
from snnhw.graph.same import differences, same_graph
from snnhw.nir.frameworks import DIALECTS
from snnhw.nir.io import Reading, from_nir, read_nir, to_nir, write_nir
from snnhw.passes.decompose import decompose
from snnhw.simulation.engine import simulate
from tests.nir.snntorch_runner import run_snntorch

RNG = np.random.default_rng(0)


def net(*, names: tuple[str, str] = ("conv", "unit"), dtype: type = np.float32, **unit: object) -> Graph:
    """input 2x4x4 -> conv -> unit -> pool -> flatten -> fc -> readout."""
    conv, neuron = names
    parameters = {"thresholds": (0.6, 1.6), "decay": 0.25} | unit
    nodes: list[Node] = [
        Input(name="input", shape=(2, 4, 4)),
        Conv2d(name=conv, shape=(4, 4, 4), weight=RNG.normal(size=(4, 2, 3, 3)).astype(dtype), padding=(1, 1)),
        MLF(name=neuron, shape=(4, 4, 4), **parameters),
        Pool(name="pool", shape=(4, 2, 2), kind="sum", kernel=(2, 2), stride=(2, 2)),
        Flatten(name="flat", shape=(16,)),
        Linear(name="fc", shape=(3,), weight=RNG.normal(size=(3, 16)).astype(dtype)),
        Readout(name="readout", shape=(3,)),
    ]
    chain = [n.name for n in nodes]
    return Graph.build(nodes, list(itertools.pairwise(chain)), 3)


def edited(graph: Graph, name: str, **changes: object) -> Graph:
    return graph.replace(nodes={**graph.nodes, name: dataclasses.replace(graph.nodes[name], **changes)})


def test_lif_parameters_are_full_arrays_because_nir_does_not_broadcast() -> None:
    for node in to_nir(net()).nodes.values():
        if isinstance(node, nir.LIF):
            fields = (node.tau, node.r, node.v_leak, node.v_threshold, node.v_reset)
            assert {f.shape for f in fields} == {(4, 4, 4)}
            assert {f.dtype for f in fields} == {np.dtype(np.float32)}


def test_file_passes_the_type_check_of_nir(tmp_path: Path) -> None:
    graph = net()
    path = write_nir(
        edited(graph, "conv", weight=RNG.normal(size=(4, 1, 3, 5)), groups=2, padding=(1, 2)), tmp_path / "a.nir"
    )
    nir.read(path, type_check=True)


def test_grouped_and_oblong_convolutions_keep_their_function_and_come_back() -> None:
    graph = edited(net(), "conv", weight=RNG.normal(size=(4, 1, 3, 5)), groups=2, padding=(1, 2))
    written = to_nir(graph).nodes["conv"]
    assert (written.weight.shape, written.groups, tuple(written.padding)) == ((4, 2, 5, 5), 1, (2, 2))
    assert differences(from_nir(to_nir(graph)), graph) == ()


def test_even_kernel_that_cannot_be_made_square_is_kept() -> None:
    graph = edited(net(), "conv", weight=RNG.normal(size=(4, 2, 3, 2)), padding=(1, 1), shape=(4, 4, 5))
    graph = edited(edited(graph, "unit", shape=(4, 4, 5)), "pool", shape=(4, 2, 2))
    assert to_nir(graph).nodes["conv"].weight.shape == (4, 2, 3, 2)
    assert differences(from_nir(to_nir(graph)), graph) == ()


def test_bias_is_zero_instead_of_none_because_nir_cannot_write_none() -> None:
    written = to_nir(net())
    assert not written.nodes["conv"].bias.any()
    assert written.nodes["fc"].bias.shape == (3,)
    assert from_nir(written).nodes["conv"].bias is None


def test_flatten_counts_from_the_end() -> None:
    assert to_nir(net()).nodes["flat"].start_dim == -3


def test_a_loose_end_is_refused_because_it_would_become_a_second_output() -> None:
    graph = net()
    dangling = LIF(name="loose", shape=(4, 4, 4), decay=0.5, threshold=1.0)
    with pytest.raises(InputError, match="from 'loose' to the read-out"):
        to_nir(graph.replace(nodes=[*graph.nodes.values(), dangling], edges=[*graph.edges, Edge("conv", "loose")]))
    with pytest.raises(InputError, match="to 'loose'"):
        to_nir(graph.replace(nodes=[*graph.nodes.values(), dangling], edges=[*graph.edges, Edge("loose", "pool")]))


def test_one_output_and_no_nesting() -> None:
    kinds = [type(n) for n in to_nir(net()).nodes.values()]
    assert kinds.count(nir.Output) == kinds.count(nir.Input) == 1
    assert nir.NIRGraph not in kinds


@pytest.mark.parametrize("name", ["forward", "training", "if", "keys", "update", "type", "eval"])
def test_names_that_collide_with_module_attributes_are_changed_in_the_file(name: str, tmp_path: Path) -> None:
    graph = net(names=(name, "unit"))
    assert name not in to_nir(graph).nodes
    assert differences(from_nir(to_nir(graph)), graph) == ()
    spikes, _ = run_snntorch(write_nir(graph, tmp_path / "a.nir"), np.ones((1, 2, 4, 4)), 2)
    assert set(spikes) == {"unit_l1", "unit_l2"}


def test_names_in_foreign_files_become_distinct_identifiers(tmp_path: Path) -> None:
    scale = nir.Scale(np.ones(4, np.float32))
    names = ["a.b", "a_b", "a b", "0", "if", "münze", "input_"]
    nodes = {"in": nir.Input(np.array([4])), **dict.fromkeys(names, scale), "out": nir.Output(np.array([4]))}
    nir.write(tmp_path / "a.nir", nir.NIRGraph(nodes, list(itertools.pairwise(nodes))))
    graph = read_nir(tmp_path / "a.nir")
    assert len(graph.nodes) == 9
    assert "a_b" in graph.nodes
    assert len(graph.order()) == 9


def test_slash_in_a_name_breaks_nir_and_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    nodes = {"in": nir.Input(np.array([4])), "a/b": nir.Scale(np.ones(4)), "out": nir.Output(np.array([4]))}
    nir.write(tmp_path / "a.nir", nir.NIRGraph(nodes, [("in", "a/b"), ("a/b", "out")]))
    with pytest.raises(InputError, match="cannot contain '/'"):
        read_nir(tmp_path / "a.nir")


def test_order_of_nodes_survives_although_hdf5_sorts_them(tmp_path: Path) -> None:
    graph = net(names=("z_first", "a_second"))
    assert list(read_nir(write_nir(graph, tmp_path / "a.nir")).nodes) == list(graph.nodes)


def test_thresholds_are_float32_values_whatever_the_precision() -> None:
    for dtype in (np.float32, np.float64):
        written = to_nir(net(dtype=dtype)).nodes["unit_l1"].v_threshold
        assert written.dtype == dtype
        assert (written == np.float32(0.6)).all()
        assert from_nir(to_nir(net(dtype=dtype))).nodes["unit"].thresholds == (0.6, 1.6)


def test_dialect_is_exact_for_the_decay_of_the_paper() -> None:
    node = to_nir(net()).nodes["unit_l1"]
    assert (1 - 1e-4 / node.tau == 0.25).all()
    assert np.allclose(node.r * 1e-4 / node.tau, 1.0, rtol=1e-6)


@pytest.mark.parametrize("dialect", ["spikingjelly", "sinabs"])
def test_importers_that_fire_at_the_threshold_get_the_next_float(dialect: str) -> None:
    written = to_nir(net(), dialect=dialect)
    assert (written.nodes["unit_l1"].v_threshold == np.nextafter(np.float32(0.6), np.float32(1))).all()
    assert from_nir(written).nodes["unit"].thresholds == (0.6, 1.6)


@pytest.mark.parametrize("dialect", list(DIALECTS))
@pytest.mark.parametrize("decay", [0.25, 0.3, 0.9])
def test_every_dialect_comes_back(dialect: str, decay: float) -> None:
    graph = net(decay=decay)
    assert differences(from_nir(to_nir(graph, dialect=dialect)), graph) == ()


def test_norse_form_scales_the_threshold_with_the_membrane() -> None:
    node = to_nir(net(), dialect="norse").nodes["unit_l1"]
    assert (node.r == 1).all()
    assert np.allclose(node.v_threshold, 0.75 * 0.6)
    with pytest.raises(InputError, match="does not leak"):
        to_nir(net(decay=1.0), dialect="norse")


def test_sinabs_form_decays_exponentially() -> None:
    node = to_nir(net(), dialect="sinabs").nodes["unit_l1"]
    assert (np.exp(-1 / node.tau) == np.float32(0.25)).all()


def test_unknown_dialect_names_those_that_exist() -> None:
    with pytest.raises(InputError, match="give one of snntorch, spikingjelly"):
        to_nir(net(), dialect="brian")


def test_what_nir_cannot_say_is_refused() -> None:
    graph = net()
    soft = LIF(name="unit", shape=(4, 4, 4), decay=0.5, threshold=1.0, reset="subtract")
    with pytest.raises(InputError, match="'unit' resets by subtraction"):
        to_nir(graph.replace(nodes={**graph.nodes, "unit": soft}))
    ones = np.ones(4, np.float32)
    norm = Norm(name="unit", shape=(4, 4, 4), gamma=ones, beta=ones, mean=ones, var=ones, eps=1e-5)
    with pytest.raises(InputError, match=r"'unit' is a Norm.*the graph of model_of"):
        to_nir(graph.replace(nodes={**graph.nodes, "unit": norm}))
    with pytest.raises(InputError, match="outside"):
        to_nir(net(decay=1.5))


def test_an_array_that_another_tool_changed_wins_over_metadata(tmp_path: Path) -> None:
    path = write_nir(net(), tmp_path / "a.nir")
    with h5py.File(path, "a") as file:
        file["node/nodes/unit_l2/v_threshold"][...] = 2.5
        file["node/nodes/conv/bias"][...] = 1.0
    graph = read_nir(path, recognise=False)
    assert [n.threshold for n in graph.of_type(LIF)] == [0.6, 2.5]
    assert (graph.nodes["conv"].bias == 1).all()
    assert [(f.code, f.node) for f in graph.findings] == [("metadata-contradicted", "unit_l2")]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": "snnhw-nir", "version": 99}', "null"])
def test_unreadable_metadata_makes_a_file_foreign(tmp_path: Path, text: str) -> None:
    graph = net()
    path = write_nir(graph, tmp_path / "a.nir")
    with h5py.File(path, "a") as file:
        del file["node/metadata/snnhw"]
        file["node/metadata/snnhw"] = text
    again = read_nir(path)
    found = again.findings
    assert {"metadata-unreadable", "unit-recognised", "dt-assumed"} <= {f.code for f in found}
    assert again.units().keys() == {"unit"}
    assert np.allclose(again.of_type(MLF)[0].thresholds, (0.6, 1.6))


def test_metadata_is_one_json_string() -> None:
    metadata = to_nir(net()).metadata
    assert list(metadata) == ["snnhw"]
    described = json.loads(metadata["snnhw"])
    assert (described["timesteps"], described["dt"]) == (3, 1e-4)
    assert described["neurons"]["unit_l2"]["level"] == 2


def test_equality_is_structural_where_that_of_nir_is_identity() -> None:
    graph = net()
    assert to_nir(graph) != to_nir(graph)
    assert same_graph(from_nir(to_nir(graph)), from_nir(to_nir(graph)))
    other = edited(graph, "fc", weight=graph.nodes["fc"].weight + np.float32(1e-6))
    assert differences(graph, other) == ("Node fc: weight differs.",)
    assert "Time steps: 3 and 4." in differences(graph, graph.replace(timesteps=4))
    assert not same_graph(graph, decompose(graph))


def test_channels_without_metadata_are_recognised_and_only_those() -> None:
    nodes = dict(decompose(net()).nodes)
    graph = decompose(net())
    bare = {n: dataclasses.replace(v, unit="", level=1) if isinstance(v, LIF) else v for n, v in nodes.items()}
    written = to_nir(graph.replace(nodes=bare))
    written.metadata = {}
    assert from_nir(written).of_type(MLF)[0].name == "unit"
    unequal = {**bare, "unit_l2": dataclasses.replace(bare["unit_l2"], decay=0.5)}
    written = to_nir(graph.replace(nodes=unequal))
    written.metadata = {}
    assert not from_nir(written).of_type(MLF)


def in_file(
    nodes: dict[str, object], path: Path, *, edges: list[tuple[str, str]] | None = None, **fields: object
) -> Path:
    """A chain of foreign nodes, or other edges between them, as nir writes it."""
    chain = list(itertools.pairwise(nodes)) if edges is None else edges
    nir.write(path, nir.NIRGraph(nodes, chain, type_check=False, **fields))
    return path


PORTS = {"input": nir.Input(np.array([4])), "output": nir.Output(np.array([4]))}


def between(**nodes: object) -> dict[str, object]:
    return {"input": PORTS["input"], **nodes, "output": PORTS["output"]}


def test_duplicate_edges_survive_in_files_and_are_refused(tmp_path: Path) -> None:
    edges = [("input", "s"), ("input", "s"), ("s", "output")]
    path = in_file(between(s=nir.Scale(np.ones(4))), tmp_path / "a.nir", edges=edges)
    assert nir.read(path, type_check=False).edges.count(("input", "s")) == 2
    with pytest.raises(InputError, match="in the file twice"):
        read_nir(path)


def test_edges_that_meet_are_summed(tmp_path: Path) -> None:
    nodes = between(a=nir.Scale(np.full(4, 2.0)), b=nir.Scale(np.full(4, 3.0)))
    edges = [("input", "a"), ("input", "b"), ("a", "output"), ("b", "output")]
    graph = read_nir(in_file(nodes, tmp_path / "a.nir", edges=edges), Reading(timesteps=1))
    assert (simulate(graph, np.ones((1, 4))).logits == 5).all()


def test_reading_leaves_the_graph_in_memory_as_it_is() -> None:
    nodes = {"a": nir.Conv2d(None, np.ones((2, 1, 3, 3)), 1, 0, 1, 1, np.zeros(2))}
    graph = nir.NIRGraph({"input": nir.Input(np.array([1, 5, 5])), **nodes}, [("input", "a")], type_check=False)
    from_nir(graph)
    assert list(graph.nodes) == ["input", "a"]
    assert graph.nodes["a"].input_shape is None


def test_whole_numbers_survive_although_importers_get_floats(tmp_path: Path) -> None:
    small, large = np.array([[-128, 127, 3, 0]] * 3, np.int8), np.array([[2**24 + 1, -(2**30) - 1, 1, 0]] * 3, np.int32)
    for weight, held in ((small, np.float32), (large, np.float64)):
        nodes: list[Node] = [Input(name="input", shape=(4,)), Linear(name="fc", shape=(3,), weight=weight)]
        nodes.append(Readout(name="readout", shape=(3,)))
        graph = Graph.build(nodes, [("input", "fc"), ("fc", "readout")], 1)
        path = write_nir(graph, tmp_path / "a.nir")
        assert nir.read(path).nodes["fc"].weight.dtype == held
        assert differences(read_nir(path), graph) == ()


def test_whole_numbers_of_foreign_files_are_weights(tmp_path: Path) -> None:
    weight = np.array([[1, -2, 3, 127]] * 4, np.int8)
    path = in_file(between(fc=nir.Linear(weight), s=nir.Scale(np.full(4, 0.5))), tmp_path / "a.nir")
    assert nir.read(path).nodes["fc"].weight.dtype == np.int8
    assert (simulate(read_nir(path, Reading(timesteps=1)), np.ones((1, 4))).logits == 64.5).all()


@pytest.mark.parametrize("dtype", ["e", ">f4", ">f8", "g", ">i2", "u2", "u8", "?"])
def test_any_number_type_of_a_file_is_run(tmp_path: Path, dtype: str) -> None:
    weight = np.array([[1, 0, 1, 1]] * 4, dtype)
    scales = np.full(4, 2, dtype)  # True is 1
    path = in_file(between(fc=nir.Linear(weight), s=nir.Scale(scales), t=nir.Threshold(scales)), tmp_path / "a.nir")
    graph = read_nir(path, Reading(timesteps=1))
    assert (simulate(graph, np.ones((1, 4))).logits == 1).all()
    assert graph.nodes["s"].scale == float(scales[0])


def test_parameters_without_dimensions_count_for_all_neurons() -> None:
    values = {"tau": 2e-4, "r": 2.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    node = nir.LIF(**{key: np.float32(value) for key, value in values.items()})
    found = from_nir(nir.NIRGraph(between(n=node), list(itertools.pairwise(between(n=node))), type_check=False))
    assert (found.nodes["n"].shape, found.nodes["n"].decay) == ((4,), 0.5)


def test_one_parameter_per_neuron_among_plain_ones_is_no_level_of_a_unit(tmp_path: Path) -> None:
    """Two neurons with one input that differ in a gain per neuron only: read as they are, not as levels."""
    ones = np.ones(4, np.float32)

    def neuron(threshold: float) -> nir.LIF:
        gains = np.array([2, 2, 3, 2], np.float32)
        return nir.LIF(ones * 2e-4, gains, ones * 0, ones * threshold, ones * 0)

    edges = [("input", "a"), ("input", "b"), ("a", "output"), ("b", "output")]
    graph = read_nir(in_file(between(a=neuron(1), b=neuron(2)), tmp_path / "a.nir", edges=edges))
    assert {n.name for n in graph.of_type(LIF)} == {"a", "b"}
    labelled = {
        n.name: dataclasses.replace(n, unit="u", level=k) for k, n in enumerate(graph.of_type(LIF), start=1)
    }  # as metadata may say
    assert not from_nir(to_nir(graph.replace(nodes={**graph.nodes, **labelled}))).of_type(MLF)


def test_no_bias_in_memory_is_none() -> None:
    node = nir.Conv2d(None, np.ones((2, 1, 3, 3)), 1, 0, 1, 1, None)
    nodes = {"input": nir.Input(np.array([1, 5, 5])), "a": node, "output": nir.Output(np.array([2, 3, 3]))}
    graph = nir.NIRGraph(nodes, list(itertools.pairwise(nodes)), type_check=False)
    with pytest.raises(TypeError):
        nir.write(io.BytesIO(), graph)
    assert from_nir(graph).nodes["a"].bias is None


def test_a_loose_end_of_a_foreign_file_gets_no_output_of_its_own(tmp_path: Path) -> None:
    nodes = between(a=nir.Scale(np.ones(4)), loose=nir.Scale(np.ones(4)))
    path = in_file(nodes, tmp_path / "a.nir", edges=[("input", "a"), ("input", "loose"), ("a", "output")])
    graph = read_nir(path)
    assert graph.readout.name == "output"
    assert ("loose-end", "loose") in {(f.code, f.node) for f in check(graph, "nir")}


def test_chains_that_nir_names_are_read(tmp_path: Path) -> None:
    nir.write(tmp_path / "a.nir", nir.NIRGraph.from_list(nir.Linear(np.eye(4)), nir.Threshold(np.ones(4))))
    assert list(read_nir(tmp_path / "a.nir").nodes) == ["input", "linear", "threshold", "output"]


CONV = (np.ones((4, 1, 3, 3), np.float32), 2, 1, 1, 2, np.zeros(4, np.float32))


@pytest.mark.parametrize("padding", [1, (1, 0), np.array([0, 1]), "same", "valid"])
@pytest.mark.parametrize("stride", [1, (1, 1), np.array([2, 1])])
def test_fields_come_back_from_hdf5_as_arrays(tmp_path: Path, padding: object, stride: object) -> None:
    weight, _, _, dilation, groups, bias = CONV
    nodes = {
        "input": nir.Input(np.array([2, 6, 6])),
        "a": nir.Conv2d((6, 6), weight, stride, padding, dilation, groups, bias),
        "p": nir.SumPool2d(np.array([2, 2]), np.array([1, 1]), np.array([0, 0])),
        "output": nir.Output(np.array([4])),
    }
    path = in_file(nodes, tmp_path / "a.nir")
    assert not isinstance(nir.read(path, type_check=False).nodes["a"].groups, int)
    in_memory = from_nir(nir.NIRGraph(nodes, list(itertools.pairwise(nodes)), type_check=False))
    assert differences(read_nir(path), in_memory) == ()


def test_metadata_of_others_is_left_alone(tmp_path: Path) -> None:
    metadata = {"list": ["a", "b"], "nested": {"x": 1.5, "deep": {"y": "z"}}, "array": np.arange(3), "flag": True}
    path = in_file(between(s=nir.Scale(np.ones(4))), tmp_path / "a.nir", metadata=metadata)
    assert list(read_nir(path).nodes) == ["input", "s", "output"]
    with pytest.raises(TypeError):
        in_file(between(), tmp_path / "b.nir", metadata={"none": None})


def test_a_neuron_that_never_leaks_is_no_nir_if_because_snntorch_imports_that_wrongly() -> None:
    written = to_nir(net(decay=1.0))
    assert not any(isinstance(node, nir.IF) for node in written.nodes.values())
    assert (1 - 1e-4 / written.nodes["unit_l1"].tau == 1).all()


def test_files_for_sinabs_open_in_the_nir_that_comes_with_it(tmp_path: Path) -> None:
    """pip takes nir 1.0.4 beside sinabs, which breaks on the field v_reset; newer ones do not need it."""
    graph = net()
    path = write_nir(graph, tmp_path / "a.nir", dialect="sinabs")
    with h5py.File(path) as file:
        assert not any("v_reset" in node for node in file["node/nodes"].values())
    assert (nir.read(path, type_check=False).nodes["unit_l1"].v_reset == 0).all()
    again = read_nir(path)
    assert differences(again, graph) == () and again.findings == ()


@pytest.mark.parametrize(("version", "found"), [("1.9.0", False), ("2.0", True), ("", False)])
def test_a_later_major_version_is_pointed_out(tmp_path: Path, version: str, found: bool) -> None:
    path = in_file(between(s=nir.Scale(np.ones(4))), tmp_path / "a.nir")
    with h5py.File(path, "a") as file:
        del file["version"]
        file["version"] = version
    assert ("version-newer" in {f.code for f in read_nir(path).findings}) == found


def test_result_in_snntorch_does_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    path = write_nir(net(), tmp_path / "a.nir")
    code = (
        "import sys, numpy as np\nfrom pathlib import Path\nfrom tests.nir.snntorch_runner import run_snntorch\n"
        "spikes, _ = run_snntorch(Path(sys.argv[1]), np.linspace(-1, 1, 32).reshape(1, 2, 4, 4), 3)\n"
        "print(sorted((n, int(s.sum())) for n, s in spikes.items()))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
