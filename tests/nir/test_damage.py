"""Damaged, hostile and contradictory NIR files: one clear sentence each, bounded time and memory, never a traceback."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Conv2d, Graph, Input, Linear, Readout
from snnhw.nir import file as nir_file
from snnhw.nir import hdf5 as nir_hdf5
from snnhw.nir.io import from_nir, read_nir, to_nir, write_nir

ONE = np.ones(4, np.float32)


def net() -> Graph:
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(1, 3, 3)),
        Conv2d(name="conv", shape=(2, 3, 3), weight=rng.normal(size=(2, 1, 3, 3)), padding=(1, 1)),
        MLF(name="unit", shape=(2, 3, 3), thresholds=(0.6, 1.6), decay=0.25),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 18))),
        Readout(name="readout", shape=(3,)),
    ]
    return Graph.build(nodes, [("input", "conv"), ("conv", "unit"), ("unit", "fc"), ("fc", "readout")], 2)


def chain(**nodes: object) -> nir.NIRGraph:
    named = {"input": nir.Input(np.array([4])), **nodes, "output": nir.Output(np.array([4]))}
    return nir.NIRGraph(named, list(itertools.pairwise(named)), type_check=False)


def lif(**fields: object) -> nir.LIF:
    values = {"tau": ONE, "r": ONE, "v_leak": ONE * 0, "v_threshold": ONE} | fields
    return nir.LIF(**values)


def refused(path: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        read_nir(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert "Traceback" not in message
    return message


@pytest.mark.slow
def test_any_damage_gives_a_graph_or_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nir_file, "SECONDS", 5.0)
    good = write_nir(net(), tmp_path / "good.nir").read_bytes()
    structure = [i for i, byte in enumerate(good) if byte]
    chance = random.Random(0)
    refusals = 0
    for case in range(60):
        data = bytearray(good)
        if case % 3 == 0:
            data = data[: chance.randrange(len(data))]
        else:
            for _ in range(chance.randrange(1, 12)):
                data[chance.choice(structure)] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
        path = tmp_path / "bad.nir"
        path.write_bytes(bytes(data))
        try:
            assert read_nir(path).nodes
        except InputError as error:
            assert "\n" not in str(error)
            refusals += 1
    assert refusals > 20


def test_a_reader_that_does_not_end_or_breaks_down_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_nir(net(), tmp_path / "good.nir")
    script = tmp_path / "reader.py"
    monkeypatch.setattr(nir_file, "READER", script)
    monkeypatch.setattr(nir_file, "SECONDS", 0.5)
    script.write_text("while True: pass")
    assert "does not end" in refused(path)
    monkeypatch.setattr(nir_file, "SECONDS", 30)
    script.write_text("import os; os.abort()")
    assert "breaks down" in refused(path)


def test_no_file_a_folder_and_no_hdf5(tmp_path: Path) -> None:
    assert "no file" in refused(tmp_path / "none.nir")
    assert "folder" in refused(tmp_path)
    (tmp_path / "text.nir").write_text("hello")
    assert "not a readable NIR file" in refused(tmp_path / "text.nir")
    h5py.File(tmp_path / "empty.nir", "w").close()
    assert "holds no NIR graph" in refused(tmp_path / "empty.nir")


def test_declared_sizes_are_refused_before_allocation(tmp_path: Path) -> None:
    path = tmp_path / "huge.nir"
    nir.write(path, chain(lif=lif()))
    with h5py.File(path, "a") as file:
        group = file["node/nodes/lif"]
        del group["tau"]
        group.create_dataset("tau", shape=(10**9,), dtype="f4", chunks=(10**6,), compression="gzip", fillvalue=1)
    assert path.stat().st_size < 50_000
    assert "of shape [1000000000] is beyond the" in refused(path)


@pytest.mark.parametrize("place", ["edges", "metadata/snnhw"])
def test_long_text_in_every_place_of_a_small_file_is_refused_while_reading(tmp_path: Path, place: str) -> None:
    """50 KB that stand for 8 GB: the text is held once, as the value of what is not written."""
    path = tmp_path / "text.nir"
    nir.write(path, chain(lif=lif()))
    with h5py.File(path, "a") as file:
        if place == "edges":
            del file["node/edges"]
        text = h5py.string_dtype()
        file.create_dataset(f"node/{place}", (200_000, 2), text, chunks=(1000, 2), fillvalue="x" * 20_000)
    assert path.stat().st_size < 60_000
    assert "of shape [200000, 2] is beyond the" in refused(path)


def test_links_that_go_round_are_followed_a_bounded_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "round.nir"
    nir.write(path, chain(lif=lif()))
    with h5py.File(path, "a") as file:
        group = file.create_group("node/metadata/group")
        for _ in range(15):  # 12 ways to each next one
            below = group.create_group("way0")
            for way in range(1, 12):
                group[f"way{way}"] = below
            group = below
    with pytest.raises(nir_hdf5.RefusedError, match="more than 1000 groups and arrays"):
        monkeypatch.setattr(nir_hdf5, "MAX_MEMBERS", 1000)
        nir_hdf5.content(path, 2**30)


@pytest.mark.parametrize("kind", ["name", "type", "padding", "stride", "edge"])
def test_sentences_stay_short_whatever_the_file_holds(tmp_path: Path, kind: str) -> None:
    path, long = tmp_path / "long.nir", "x\n" * 1000
    graph = conv_in((2, 6, 6))
    graph.nodes["a"].input_shape = (6, 6)
    nir.write(path, graph)
    with h5py.File(path, "a") as file:
        if kind == "name":
            file.move("node/nodes/a", f"node/nodes/{long}")
        elif kind == "edge":
            edges = file["node/edges"]
            edges[0] = ["input", long]
        else:
            node = file["node/nodes/a"]
            del node[kind]
            node[kind] = np.full(10**5, 1.5) if kind == "stride" else long
    assert len(refused(path)) < 400 + len(str(path))


@pytest.mark.parametrize("dtype", [h5py.ref_dtype, h5py.vlen_dtype(np.float32)])
def test_what_is_neither_number_nor_text_is_refused(tmp_path: Path, dtype: np.dtype) -> None:
    path = tmp_path / "a.nir"
    nir.write(path, chain(lif=lif()))
    with h5py.File(path, "a") as file:
        del file["node/nodes/lif/tau"]
        file.create_dataset("node/nodes/lif/tau", (4,), dtype)
    assert "/node/nodes/lif/tau holds neither numbers nor text" in refused(path)


def test_huge_input_shapes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.nir"
    nir.write(
        path,
        nir.NIRGraph({"a": nir.Input(np.array([10**5, 10**5])), "b": nir.Output(ONE)}, [("a", "b")], type_check=False),
    )
    assert "reduce it" in refused(path)


@pytest.mark.parametrize("kind", ["external", "soft", "loop", "virtual", "raw"])
def test_links_and_storage_outside_the_file_are_not_followed(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "link.nir", tmp_path / "other.h5"
    nir.write(path, chain(lif=lif()))
    with h5py.File(other, "w") as file:
        file["secret"] = ONE
    with h5py.File(path, "a") as file:
        group = file["node/nodes/lif"]
        if kind == "loop":
            file["node/nodes/again"] = file["node"]
        else:
            del group["tau"]
        if kind == "external":
            group["tau"] = h5py.ExternalLink(str(other), "secret")
        elif kind == "soft":
            group["tau"] = h5py.SoftLink("/node/nodes/lif/r")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((4,), "f4")
            layout[:] = h5py.VirtualSource(str(other), "secret", (4,))
            group.create_virtual_dataset("tau", layout)
        elif kind == "raw":
            group.create_dataset("tau", (4,), "f4", external=[(str(other), 0, 16)])
    assert refused(path)


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ({"a": lif(tau=ONE * np.nan)}, "'a': field 'tau' holds NaN"),
        ({"a": lif(tau=ONE * 0)}, "'a' has a tau of 0 or less"),
        (
            {"a": lif(v_threshold=np.ones(5), tau=np.ones(5), r=np.ones(5), v_leak=np.ones(5))},
            r"of shape \[5\] but gets",
        ),
        ({"a": nir.Linear(np.ones((4, 3)))}, r"takes 3 values but gets \[4\]"),
        ({"a": nir.Linear(np.ones((4, 4, 4)))}, r"must be \[out, in\]"),
        ({"a": nir.Affine(np.ones((4, 4)), np.ones(3))}, r"bias of shape \[3\]; it must be \[4\]"),
        ({"a": nir.Linear(np.full((4, 4), np.inf))}, "holds NaN or infinity"),
        ({"a": nir.Conv2d(None, np.ones((1, 1, 3, 3)), 1, 0, 1, 1, np.ones(1))}, r"gets the shape \[4\]"),
        ({"a": nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))}, "needs .channels, height, width"),
        ({"a": nir.Delay(-ONE)}, "'a' is negative"),
        ({"a": nir.Scale(np.ones(3))}, r"has scale of shape \[3\]"),
        ({"a": nir.Threshold(np.array(["x"] * 4))}, "not numeric"),
        ({"a": nir.Flatten(np.array([4]), 7)}, "goes from 7"),
    ],
)
def test_contradictory_nodes(nodes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(chain(**nodes))


def conv_in(shape: tuple[int, ...], **changes: object) -> nir.NIRGraph:
    fields = {
        "weight": np.ones((2, 2, 3, 3)),
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "groups": 1,
        "bias": np.ones(2),
    }
    fields |= changes
    order = ("weight", "stride", "padding", "dilation", "groups", "bias")
    nodes = {"input": nir.Input(np.array(shape)), "a": nir.Conv2d(None, *(fields[k] for k in order))}
    nodes["output"] = nir.Output(np.array(shape))
    return nir.NIRGraph(nodes, [("input", "a"), ("a", "output")], type_check=False)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"padding": (1, 1, 2, 2)}, "padding is"),
        ({"stride": 0}, "stride is"),
        ({"stride": np.array([1.5, 1])}, "stride is"),
        ({"dilation": -1}, "dilation is"),
        ({"groups": 0}, "groups is"),
        ({"groups": 3}, "6 channels in 3 groups"),
        ({"weight": np.ones((2, 2, 9, 9))}, "kernel larger than"),
        ({"weight": np.ones((2, 0, 3, 3))}, "must be .out, in, height, width"),
        ({"padding": "valid", "weight": np.ones((2, 5, 3, 3))}, "takes 5 channels"),
        ({"bias": np.ones(7)}, "bias of shape"),
    ],
)
def test_contradictory_convolutions(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(conv_in((2, 6, 6), **changes))


def graph_of(edges: list[tuple[str, str]], **nodes: object) -> nir.NIRGraph:
    return nir.NIRGraph(nodes, edges, type_check=False)


PORTS = {"i": nir.Input(np.array([4])), "o": nir.Output(np.array([4]))}


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (graph_of([("i", "o"), ("i", "o")], **PORTS), "in the file twice"),
        (graph_of([("i", "x"), ("i", "o")], **PORTS), "unknown node 'x'"),
        (graph_of([("i", "o")], **PORTS, p=nir.Output(np.array([4]))), "2 Output nodes"),
        (graph_of([("i", "o")], **PORTS, p=nir.Input(np.array([4]))), "2 Input nodes"),
        (graph_of([("i", "o"), ("s", "s")], **PORTS, s=nir.Scale(ONE)), "Nothing leads from the input to 's'"),
        (
            graph_of([("i", "f"), ("f", "f"), ("f", "o")], **PORTS, f=nir.Flatten(np.array([4]), 0)),
            "no neuron and no weights",
        ),
        (graph_of([("i", "o")], i=nir.Input(np.array([0])), o=PORTS["o"]), "positive whole sizes"),
        (graph_of([("i", "o")], i=nir.Input(np.array([-4])), o=PORTS["o"]), "positive whole sizes"),
        (graph_of([("i", "o")], i=nir.Input(np.ones(1000)), o=PORTS["o"]), "has 1000 dimensions"),
        (
            graph_of([("i", "o"), ("o", "s"), ("s", "o")], **PORTS, s=nir.Scale(ONE)),
            "'o' -> 's' leads out of an Output",
        ),
        (
            graph_of([("i", "s"), ("s", "i"), ("s", "o")], **PORTS, s=nir.Scale(ONE)),
            "'s' -> 'i' leads .* into an Input",
        ),
        (graph_of([], s=nir.Scale(ONE), t=nir.Scale(ONE)), "no Input"),
        (
            graph_of(
                [("i", "a"), ("i", "b"), ("a", "o"), ("b", "o")],
                **PORTS,
                a=nir.Linear(np.ones((4, 4))),
                b=nir.Linear(np.ones((5, 4))),
            ),
            r"\[4\] and \[5\]",
        ),
    ],
)
def test_contradictory_edges(graph: nir.NIRGraph, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(graph)


def test_unknown_type_and_missing_field(tmp_path: Path) -> None:
    path = tmp_path / "a.nir"
    nir.write(path, chain(a=lif()))
    with h5py.File(path, "a") as file:
        del file["node/nodes/a/r"]
    assert "has no field 'r'" in refused(path)
    with h5py.File(path, "a") as file:
        del file["node/nodes/a/type"]
        file["node/nodes/a/type"] = "Izhikevich"
    assert "unknown NIR type 'Izhikevich'" in refused(path)


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(InputError, match="pass the whole graph"):
        from_nir(lif())  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_metadata_gives_a_graph(data: st.DataObject) -> None:
    written = to_nir(net())
    described = json.loads(written.metadata["snnhw"])
    place = described
    for _ in range(3):
        key = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
            place = place[key]
    place[key] = data.draw(JSON)
    written.metadata = {"snnhw": json.dumps(described)}
    try:
        assert from_nir(written).nodes
    except InputError as error:
        assert "\n" not in str(error)


KINDS = st.sampled_from(["scale", "linear", "lif", "flatten", "delay", "threshold"])


@settings(max_examples=150, deadline=None)
@given(kinds=st.lists(KINDS, min_size=1, max_size=5), data=st.data())
def test_any_wiring_gives_a_graph_or_a_sentence(kinds: list[str], data: st.DataObject) -> None:
    make = {
        "scale": lambda: nir.Scale(ONE),
        "linear": lambda: nir.Linear(np.eye(4)),
        "lif": lif,
        "flatten": lambda: nir.Flatten(np.array([4]), 0),
        "delay": lambda: nir.Delay(ONE * 1e-4),
        "threshold": lambda: nir.Threshold(ONE),
    }
    nodes = {f"{kind}/{i}" if i == 3 else f"{kind}{i}": make[kind]() for i, kind in enumerate(kinds)}
    names = [*nodes, "i", "o"]
    edges = data.draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=12))
    try:
        graph = from_nir(graph_of([("i", names[0]), *edges, (names[0], "o")], **PORTS, **nodes))
        graph.order(loops=True)
        for name in graph.nodes:
            graph.signal(name)
    except InputError as error:
        assert "\n" not in str(error)
