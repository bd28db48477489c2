"""What a graph becomes before Lava sees it: depths, few Delay processes, weights in Lava's order, clear refusals."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.exporters.lava.lower import lower
from snnhw.graph.ir import MLF, Edge, LoihiLIF, Pool
from snnhw.passes.balance_delays import balance_delays
from tests.exporters.lava.nets import Net, residual, vgg

LAVA = Path(__file__).parents[3] / "exporters" / "lava"


def stage(blocks, levels=3):
    """A stem and `blocks` identity blocks."""
    net = Net(0, levels=levels, shape=(1, 4, 4))
    stream = net.neurons("stem", net.conv("stem_conv", ["input"], 2))
    for b in range(blocks):
        first = net.neurons(f"a{b}", net.conv(f"a{b}_conv", stream, 2))
        stream = stream + net.neurons(f"b{b}", net.conv(f"b{b}_conv", first, 2))
    return net.graph(stream)


def kinds(network, kind):
    return [p for p in network.processes if p.kind == kind]


@pytest.mark.parametrize("blocks", [1, 2, 5, 9])
def test_a_stage_costs_one_delay_per_block(blocks):
    network = lower(stage(blocks))
    assert [p.params["delay"] for p in kinds(network, "delay")] == [2] * blocks
    assert network.depth == 1 + 2 * blocks + 1  # stem, blocks, readout


def arrivals(network, name):
    """Every neuron or input that reaches a process, with the delay on its way, walked along the processes."""
    found = {}
    for source in next(p for p in network.processes if p.name == name).sources:
        process = next(p for p in network.processes if p.name == source)
        if process.kind == "delay":
            for origin, delay in arrivals(network, source).items():
                assert origin not in found
                found[origin] = delay + process.params["delay"]
        else:
            assert source not in found
            found[source] = 0
    return found


@pytest.mark.parametrize("graph", [stage(4), residual(0)[1]], ids=["stage", "residual"])
def test_the_chain_of_delays_is_the_delay_of_every_edge(graph):
    network = lower(graph)
    for node in graph.nodes:
        assert arrivals(network, node) == {e.source: e.delay for e in graph.into(node)}


def test_one_bit_messages_give_every_population_its_synapse():
    _, graph = residual(0)
    network = lower(graph, binary=True)
    # analogue stem; 1, 1, 2, 1, 2 units of 3 levels into the five other convolutions, 2 units into the readout
    assert len(kinds(network, "conv")) == 1 + 3 * (1 + 1 + 2 + 1 + 2)
    assert len(kinds(network, "dense")) == 3 * 2
    assert all(len(p.sources) == 1 for p in kinds(network, "conv"))
    assert {p.params["graded"] for p in kinds(network, "conv")} == {False, True}
    assert network.depth == lower(graph).depth


def test_a_delay_that_is_missing_is_refused():
    _, graph = residual(0)
    edges = [dataclasses.replace(e, delay=0) if e.delay else e for e in graph.edges]
    with pytest.raises(InputError, match=r"arrive \d steps early; run balance_delays"):
        lower(graph.replace(edges=tuple(edges)))


def test_neurons_behind_a_flatten_are_refused():
    net = Net(0, levels=1)
    x = net.neurons("u", net.conv("c", ["input"], 3))
    graph = net.graph(net.neurons("v", net.flatten("flat", x)))
    with pytest.raises(
        InputError, match=r"'flat' does not fit lava: what it flattens meets v_l1, .* lead to one linear"
    ):
        lower(graph)


def test_one_delay_that_is_missing_is_refused():
    _, graph = residual(0)
    for late in (e for e in graph.edges if e.delay):
        edges = tuple(dataclasses.replace(e, delay=e.delay - 1) if e is late else e for e in graph.edges)
        with pytest.raises(InputError, match="steps early; run balance_delays"):
            lower(graph.replace(edges=edges))


def test_other_nodes_are_refused():
    net = Net(0, integer=False)
    x = net.add(MLF(name="unit", shape=(3, 6, 6), thresholds=(0.5, 1.0), decay=0.5), net.conv("c", ["input"], 3))
    with pytest.raises(InputError, match="'unit' does not fit lava: a MLF has no counterpart"):
        lower(net.graph(x))
    net = Net(0)
    x = net.neurons("u", net.conv("c", ["input"], 3))
    x = net.add(Pool(name="pool", shape=(3, 3, 3), kind="avg", kernel=(2, 2), stride=(2, 2)), x)
    with pytest.raises(InputError, match="'pool' does not fit lava: it divides, which integers cannot"):
        lower(net.graph(x))


def test_a_gain_needs_graded_messages():
    _, graph = residual(0)
    edges = [Edge(e.source, e.target, gain=2) if e.target == "b1_conv" else e for e in graph.edges]
    graph = balance_delays(graph.replace(edges=tuple(edges)))
    gains = kinds(lower(graph), "gain")
    assert len(gains) == 6 and all(p.params == {"gain": 2} for p in gains)
    for other in (graph, vgg(0)[1]):
        with pytest.raises(InputError, match="pooled values or a population with a gain, which a one-bit"):
            lower(other, binary=True)


def test_the_folder_of_processes_holds_processes_only():
    files = sorted(p.name for p in (LAVA / "runtime" / "processes").iterdir() if p.name != "__pycache__")
    assert files == ["__init__.py", "im2col.py", "neurons.py", "soft_reset.py", "streams.py"]


def test_nothing_here_imports_torch():
    modules = [".".join(("snnhw", *p.relative_to(LAVA.parents[1]).with_suffix("").parts)) for p in LAVA.glob("*.py")]
    modules += [f"snnhw.exporters.lava.runtime.{p.stem}" for p in (LAVA / "runtime").glob("*.py")]
    code = "import importlib, sys\nfor m in sys.argv[1:]: importlib.import_module(m)\nprint('torch' in sys.modules)"
    command = [sys.executable, "-c", code, *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=LAVA.parents[1])
    assert done.stdout.strip() == "False"
    assert not any("import torch" in p.read_text() for p in LAVA.rglob("*.py"))


def renamed(graph, old, new):
    nodes = [dataclasses.replace(n, name=new) if n.name == old else n for n in graph.nodes.values()]
    names = {old: new}
    edges = [
        dataclasses.replace(e, source=names.get(e.source, e.source), target=names.get(e.target, e.target))
        for e in graph.edges
    ]
    return dataclasses.replace(graph, nodes={n.name: n for n in nodes}, edges=tuple(edges))


def wiring(network):
    """Every process by what it is and what its sources are, whatever their names."""
    kind = {p.name: (p.kind, p.shape, p.depth) for p in network.processes}
    return sorted((*kind[p.name], sorted(kind[s] for s in p.sources)) for p in network.processes)


@pytest.mark.parametrize("kind", ["conv", "delay"])
def test_nodes_named_like_a_process_of_ours_change_nothing(kind):
    _, graph = residual(0)
    plain = lower(graph, binary=True)
    ours = next(p.name for p in plain.processes if p.kind == kind and p.name not in graph.nodes)
    last = graph.of_type(LoihiLIF)[-1].name
    assert wiring(lower(renamed(graph, last, ours), binary=True)) == wiring(plain)
