"""The program in C sends the spikes of the engine, in every population and every step, and notices wrong ones."""

from __future__ import annotations

import os
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.exporters.c import Options, export
from snnhw.graph.ir import Conv2d, Delay, Edge, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import INTEGERS, refusals
from snnhw.simulation.engine import simulate
from tests.exporters.c.built import COMPILERS, make, spikes_in_c, tamed, without_sizes  # noqa: F401 - a fixture
from tests.exporters.lava.nets import chains, residual
from tests.exporters.lava.test_recurrent import network
from tests.nets import residual_net
from tests.quantisation.test_resets_and_decays import own_net
from tests.rules.graphs import random_graph
from tests.rules.test_ways import samples

OFTEN = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A small network with branches, exported with sizes."""
    net, graph = residual(1)
    path = tmp_path_factory.mktemp("c") / "net"
    artifact = export(tamed(graph), path, Options(inputs=net.inputs(2)))
    assert artifact.path == path and artifact.size_bytes > 10_000
    (size,) = (f for f in artifact.findings if "by cc -Os" in f.message or "without the code" in f.message)
    assert size.code == "size" and "of RAM" in size.message
    return path


@OFTEN
@given(chains(integer=True), st.booleans(), st.booleans())
@pytest.mark.slow
@pytest.mark.usefixtures("without_sizes")
def test_any_chain_in_integers(tmp_path_factory, chain, events, frames):
    net, graph = chain
    spikes_in_c(tamed(graph), net.inputs(2, frames), tmp_path_factory.mktemp("chain") / "net", events=events)


@pytest.mark.slow
@pytest.mark.usefixtures("without_sizes")
def test_random_graphs_of_the_rule_book(tmp_path):
    """Every graph that has integers has a program."""
    done = fired = 0
    for seed in range(0, 300, 7):
        graph, x = random_graph(seed), None
        if refusals(graph, INTEGERS):
            continue
        x = samples(graph, seed)
        fired += spikes_in_c(compile_loihi(graph, x).graph, x, tmp_path / str(seed), events=bool(seed % 2))
        done += 1
    assert done > 8 and fired > 100


def counted(levels: int = 3) -> tuple[Graph, np.ndarray]:
    """Events 0..levels, a sum pool that pads, gains, channels that are taken alone, odd weights, counts as output."""
    rng = np.random.default_rng(4)
    shape = (4, 4, 4)
    common = {"du": 4095, "dv": 1000, "bias_mant": rng.integers(-20, 20, (4, 1, 1)), "bias_exp": 1, "shape": shape}
    nodes = [
        Input(name="input", shape=(2, 7, 7), levels=levels, bits=3),
        Pool(name="pool", shape=(2, 4, 4), kind="sum", kernel=(3, 3), stride=(2, 2), padding=(1, 1)),
        Conv2d(name="conv", shape=shape, weight=rng.integers(-60, 150, (4, 2, 3, 3)), padding=(1, 1)),
        *(LoihiLIF(name=f"u_l{k}", unit="u", level=k, threshold=900 * k, **common) for k in (1, 2)),
        Conv2d(name="second", shape=shape, weight=rng.integers(-9, 120, (4, 2, 3, 3)), padding=(1, 1), groups=2),
        LoihiLIF(name="end", threshold=300, **common),
        Readout(name="readout", shape=shape, reduction="max"),
    ]
    edges = [
        *(Edge(a, b) for a, b in (("input", "pool"), ("pool", "conv"), ("conv", "u_l1"), ("conv", "u_l2"))),
        *(Edge("u_l1", "second", 2), Edge("u_l2", "second", -1), Edge("second", "end"), Edge("end", "readout", 3)),
        Edge("u_l2", "readout"),
    ]
    return Graph.build(nodes, edges, 4), rng.integers(0, levels + 1, (2, 4, 2, 7, 7))


def late(steps: np.ndarray | int, back: int) -> tuple[Graph, np.ndarray]:
    """A loop with a delay of its own length, and a delay that differs between neurons, beyond the sample too."""
    rng = np.random.default_rng(5)
    unit = {"du": 4095, "dv": 2000, "bias_mant": np.zeros(6, int), "bias_exp": 0, "shape": (6,), "threshold": 60}
    nodes = [
        Input(name="input", shape=(5,), levels=1),
        Linear(name="enter", shape=(6,), weight=2 * rng.integers(-30, 60, (6, 5))),
        LoihiLIF(name="first", **unit),
        Delay(name="back", shape=(6,), steps=back),
        Linear(name="loop", shape=(6,), weight=2 * rng.integers(-60, 30, (6, 6))),
        Delay(name="late", shape=(6,), steps=steps),
        Linear(name="on", shape=(6,), weight=2 * rng.integers(-30, 60, (6, 6))),
        LoihiLIF(name="last", **unit),
        Readout(name="readout", shape=(6,), reduction="last"),
    ]
    edges = [("input", "enter"), ("enter", "first"), ("first", "back"), ("back", "loop"), ("loop", "first")]
    edges += [("first", "late"), ("late", "on"), ("on", "last"), ("last", "readout")]
    return Graph.build(nodes, edges, 6), rng.integers(0, 2, (2, 6, 5))


def quantised(made: tuple[Graph, np.ndarray]) -> tuple[Graph, np.ndarray]:
    return compile_loihi(*made).graph, made[1]


SPECIAL = {
    "events, pools, gains and counts": lambda: counted(),
    "delays of each neuron": lambda: late(np.array([0, 1, 2, 3, 5, 90]), 2),
    "a delay of the whole population": lambda: late(2, 1),
    "decays and currents of each neuron": lambda: quantised(own_net(9, decays="neuron", currents="neuron")),
    "currents of each channel": lambda: quantised(own_net(3, decays="channel", currents="channel", biased=True)),
    "a hard reset": lambda: quantised(own_net(2, reset="hard", biased=True)),
    "recurrent": lambda: quantised(network("MLF", "both")[:2]),
}


@pytest.mark.slow
@pytest.mark.usefixtures("without_sizes")
@pytest.mark.parametrize("name", SPECIAL)
def test_what_few_networks_have_under_the_sanitizers(name, tmp_path):
    graph, x = SPECIAL[name]()
    for events in (False, True):
        assert spikes_in_c(graph, x[:2], tmp_path / str(events), events=events, goal="sanitize") > 10


@pytest.mark.slow
@pytest.mark.usefixtures("without_sizes")
def test_a_graph_in_floats_is_quantised_on_the_way(tmp_path):
    sample = residual_net()
    options = Options(inputs=sample.inputs, calibration=sample.inputs)
    export(sample.graph, tmp_path / "net", options)
    assert make(tmp_path / "net").returncode == 0
    integers = compile_loihi(sample.graph, sample.inputs).graph
    expected = ", ".join(map(str, simulate(integers, sample.inputs[:2]).logits.ravel()))
    assert expected in (tmp_path / "net" / "example.h").read_text()


@pytest.mark.parametrize("compiler", COMPILERS)
def test_without_warnings_by_every_compiler_at_hand(folder, compiler):
    done = make(folder, "clean", compiler=compiler)
    done = make(folder, compiler=compiler)
    assert (done.returncode, done.stderr) == (0, "")


def test_neither_heap_nor_floating_point(folder):
    """The object of the network calls nothing but what copies and clears memory, and its text has no such type."""
    subprocess.run(["cc", "-std=c99", "-O1", "-c", "network.c", "-o", "n.o"], cwd=folder, check=True)
    undefined = subprocess.run(["nm", "-u", "n.o"], cwd=folder, check=True, capture_output=True, text=True).stdout
    os.remove(folder / "n.o")
    names = {line.split()[-1] for line in undefined.splitlines()}
    assert names <= {"memcpy", "memset", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
    for file in ("network.c", "network.h", "layers.h", "synapses.h", "weights.h"):
        text = (folder / file).read_text()
        assert not any(word in text.split() for word in ("float", "double", "malloc", "free"))


@pytest.mark.parametrize(
    ("file", "array", "told"),
    [
        ("example.h", "expected_spikes", "first difference: sample 0, step 0, stem level 1, neuron"),
        ("example.h", "expected_output", " 0 differ; 1 outputs differ"),
        ("weights.h", "threshold_stem_l1", "first difference: sample 0"),
    ],
)
def test_a_wrong_number_is_noticed(folder, tmp_path, file, array, told):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
    before, after = (copy / file).read_text().split(f" {array}[", 1)
    first = after.split("{\n", 1)[1].split(",")[0].split("\n")[0]
    wrong = str(int(first) ^ 1 if array == "expected_spikes" else int(first) - 40_000 if "thr" in array else 1)
    (copy / file).write_text(f"{before} {array}[{after.replace('{' + chr(10) + first, '{' + chr(10) + wrong, 1)}")
    done = make(copy)
    assert done.returncode != 0 and told in done.stdout


def test_floats_without_calibration_are_refused(tmp_path):
    sample = residual_net()
    with pytest.raises(InputError, match=r"does not fit C: it is in floats, .* give --calibrate, or run snnhw quant"):
        export(sample.graph, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_sizes")
def test_only_an_earlier_export_is_replaced(tmp_path):
    graph, x = late(1, 1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "Makefile").write_text("of another program")
    with pytest.raises(InputError, match=r"mine holds Makefile and no snnhw-files\.json of an earlier export"):
        export(graph, tmp_path / "mine", Options(inputs=x))
    export(graph, tmp_path / "mine", Options(inputs=x, force=True))
    export(graph, tmp_path / "mine", Options(inputs=x, events=True))
    assert "matrix_events_int8_t" in (tmp_path / "mine" / "network.c").read_text()


@pytest.mark.usefixtures("without_sizes")
def test_a_name_that_is_no_comment_stays_in_it(tmp_path):
    graph, x = late(1, 1)
    export(graph.replace(name="*/ int x; /*\nå"), tmp_path / "net", Options(inputs=x))
    assert "*/ int x" not in (tmp_path / "net" / "network.h").read_text()
    assert make(tmp_path / "net").returncode == 0


def test_edges_that_hardware_delays_change_nothing_in_aligned_time(folder):
    """The reference is the engine, which sees no `Edge.delay`."""
    _, graph = residual(1)
    assert any(edge.delay for edge in graph.edges) and list(pairwise("ab"))
    assert (folder / "README.md").read_text().startswith("# network in C")
