"""One rule book: an error of `check` is what the verb raises, word for word, and without one the verb does its work.

Over random graphs, sound and broken; Lava's part is the lowering, which needs no Lava.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from snnhw.checks.check import check
from snnhw.checks.hardware import CHIPS
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.exporters import c, exporter, options_of
from snnhw.exporters.lava import run as lava
from snnhw.exporters.lava.lower import lower
from snnhw.exporters.nengo_loihi import lower as blocks
from snnhw.exporters.nengo_loihi import run as nengo_loihi
from snnhw.graph.finding import Finding
from snnhw.graph.ir import LI, LIF, Array, Edge, Graph, Input, Linear, MaxPool, Readout
from snnhw.nir.frameworks import DIALECTS
from snnhw.passes import FLOAT, deploy, run_passes
from snnhw.quantisation import scale_search
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.refuse import sentence
from snnhw.rules.ways import INTEGERS, LAVA, SANAFE, C, check_compiled, compiled, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.backends import simulate_on
from snnhw.workflows.crossbar import crossbar_of, on_crossbars
from snnhw.workflows.evaluate import evaluate
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.map import bound_on_chip
from snnhw.workflows.report import build_report
from snnhw.workflows.verify import LavaShare, verify
from tests.nets import residual_net
from tests.rules.broken import broken
from tests.rules.graphs import random_graph

GRAPHS = 300
CHIPS_ALONE = {
    "loihi1": {"mixed-threshold", "soft-reset", "graded-spikes", "negative-exponent"},
    "loihi2": {"negative-exponent"},
}


@dataclass(frozen=True)
class Verb:
    """A verb as `check` sees it."""

    targets: tuple[str, ...]
    title: str  # in its sentences
    run: Callable[[Graph, Array, Path], object]
    dialect: str | None = None


def _quantise(graph: Graph, x: Array, path: Path) -> object:
    return compile_loihi(graph, x)


def _backend(name: str) -> Callable[[Graph, Array, Path], object]:
    return lambda graph, x, path: simulate_on(name, graph, x)


def _export(target: str, **options: object) -> Callable[[Graph, Array, Path], object]:
    def run(graph: Graph, x: Array, path: Path) -> object:
        given = {**options, **({"inputs": x} if target != "nir" else {})}
        return exporter(target).export(deploy(graph, "channels"), path / target, options_of(target, given))

    return run


def _map_on_crossbars(graph: Graph, x: Array, path: Path) -> object:
    return on_crossbars(LoadedModel("m", graph), crossbar_of("rram64", "channels"))


LOIHI, ALL = ("loihi1", "loihi2"), ("loihi1", "loihi2", "lava")
NIR = tuple(Verb(("nir",), d, _export("nir", dialect=d), d) for d in DIALECTS)
OF_FLOATS = (
    Verb((*LOIHI, "c", "bundle", "rram"), "Loihi", _quantise),
    Verb(("rram",), "Loihi", _map_on_crossbars),
    Verb(("lava",), "lava", _backend("lava-float")),
    Verb(("sanafe",), "sanafe", _export("sanafe")),
    Verb(("nir",), "NIR", _export("nir")),
)
ON_THE_WAY = (Verb(LOIHI, "Loihi", _backend("torch-int")), Verb(LOIHI, "Loihi", _backend("lava-fixed")))
OF_INTEGERS = (
    Verb(ALL, "lava", _backend("lava-fixed")),
    Verb(("c",), "C", _export("c")),
    Verb(("nengo-loihi",), "nengo-loihi", _backend("nengo-loihi")),
    Verb(("bundle",), "a bundle", _export("bundle")),
    Verb(("rram",), "rram", _backend("rram")),
    Verb(("rram",), "rram", _map_on_crossbars),
    *OF_FLOATS[3:],
)


def verbs_of(graph: Graph, seed: int) -> tuple[Verb, ...]:
    """Every verb for each graph; of the ways to integers and of the importers, one after the other."""
    by_turns = (NIR[seed % len(NIR)],)
    on_the_way = (ON_THE_WAY[seed % 2],) if seed % 3 == 0 else ()
    return (*OF_INTEGERS, *by_turns) if graph.is_integer else (*OF_FLOATS, *on_the_way, *by_turns)


@pytest.fixture(autouse=True)
def lowered_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lava's backends end where Lava would begin, and nengo-loihi's where that would."""

    def stop(graph: Graph, inputs: Array, *_: object) -> SpikeRecord:
        lower(graph)
        return SpikeRecord(len(inputs), graph.timesteps, {}, np.zeros((len(inputs), 1)))

    def stop_before_nengo(graph: Graph, inputs: Array, **_: object) -> SpikeRecord:
        blocks.lower(graph)
        return SpikeRecord(len(inputs), graph.timesteps, {}, np.zeros((len(inputs), 1)))

    monkeypatch.setattr(lava, "run_lava", stop)
    monkeypatch.setattr(nengo_loihi, "run_nengo_loihi", stop_before_nengo)
    monkeypatch.setattr(c, "sizes", lambda folder: iter(()))  # nothing is compiled
    monkeypatch.setattr(scale_search, "CANDIDATES", np.array([0.7, 1.0]))  # which scales are best is not asked here


def errors(graph: Graph, target: str, dialect: str | None = None) -> list[Finding]:
    """Errors of `check` that are the verb's too."""
    found = check(graph, target, dialect=dialect)
    return [f for f in found if f.severity == "error" and f.code not in CHIPS_ALONE.get(target, set())]


def samples(graph: Graph, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    shape = graph.input.shape if graph.of_type(type(graph.input)) else (1,)
    if graph.input.levels is None:
        return rng.normal(size=(3, *shape))
    return rng.integers(0, graph.input.levels + 1, (3, graph.timesteps, *shape))


def agree(graph: Graph, verb: Verb, x: Array, path: Path, seen: Counter[tuple[str, str]]) -> None:
    """Either `check` has no error for any of the verb's targets and the verb runs, or it says the first of them."""
    try:
        with np.errstate(all="ignore"):
            verb.run(graph, x, path)
        said = None
    except InputError as error:
        said = str(error)
    for target in verb.targets:
        found = errors(graph, target, verb.dialect)
        assert said == (sentence(found[0], graph, verb.title) if found else None), target
        seen[target, found[0].code if found else "runs"] += 1


@pytest.mark.slow
def test_check_and_the_verbs_agree_both_ways_on_random_graphs(tmp_path: Path) -> None:
    """Graphs in floats, and the integers of those that have some, as they are and with something wrong."""
    pooled = 0
    floats: Counter[tuple[str, str]] = Counter()
    integers: Counter[tuple[str, str]] = Counter()
    for seed in range(GRAPHS):
        graph = random_graph(seed)
        x = samples(graph, seed)
        for verb in verbs_of(graph, seed):
            agree(graph, verb, x, tmp_path, floats)
        if seed % 2 or refusals(graph, INTEGERS):
            continue
        pooled += bool(graph.of_type(MaxPool))
        graph = compile_loihi(graph, x).graph
        for tampered in (graph, broken(graph, np.random.default_rng(seed))):
            for verb in verbs_of(tampered, seed):
                agree(tampered, verb, x, tmp_path, integers)
    assert integers["nengo-loihi", "runs"] > 30 and integers["nengo-loihi", "soft-reset"] > 3
    for target in ("loihi1", "loihi2", "lava", "sanafe", "c", "nir", "rram"):
        assert floats[target, "runs"] > 60 and integers[target, "runs"] > 30, "graphs that are all refused prove little"
    assert len({code for _, code in floats}) > 20 and pooled >= 5
    assert {"integer-range", "weight-range", "synapse-bias"} <= {code for _, code in integers}


@pytest.mark.slow
def test_what_quantises_runs_everywhere_and_verifies(tmp_path: Path) -> None:
    """`verify` goes on to Lava and NIR, which take all that has integers: no second list is needed."""
    verified = 0
    for seed in range(GRAPHS):
        graph = random_graph(seed)
        found, x = refusals(graph, INTEGERS), samples(graph, seed)
        model = LoadedModel("m", graph)
        if not found:
            assert not refusals(graph, LAVA)
            assert not refusals(compile_loihi(graph, x).graph, C)
        if seed % 6:
            continue
        given = Samples("own", x, None, None, "")
        try:
            certificate = verify(model, given, x, tmp_path, LavaShare(samples=0)).certificate
        except InputError as error:
            runs = found[0].code != "levels-differ"  # which no engine steps, so verify ends before it asks for integers
            assert not runs or sentence(found[0], graph, "Loihi") in str(error)
        else:
            refused = [stage.reason for stage in certificate.missing if stage.stage == "torch integers"]
            assert certificate.agrees and refused == [sentence(error, graph, "Loihi") for error in found[:1]]
            verified += not found
    assert verified > 10


def test_integers_on_more_steps_than_they_were_quantised_for_are_refused_where_their_current_would_wrap(
    tmp_path: Path,
) -> None:
    """A current of 200 steps adds up; `check` and every verb that runs integers say so, and fewer steps run."""
    x = np.ones((2, 6))
    nodes = [
        Input(name="input", shape=(6,)),
        Linear(name="fc", shape=(8,), weight=np.random.default_rng(0).uniform(0.2, 1, (8, 6))),
        LI(name="current", shape=(8,), decay=0.995, current_of="cuba"),
        LIF(name="cuba", shape=(8,), decay=0.75, threshold=20.0),
        Linear(name="head", shape=(3,), weight=np.ones((3, 8))),
        Readout(name="readout", shape=(3,)),
    ]
    quantised = compile_loihi(Graph.build(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)], 4), x).graph
    longer = quantised.replace(timesteps=100)
    verbs = (*OF_INTEGERS[:1], Verb(LOIHI, "Loihi", _backend("torch-int")), Verb(("lava",), "lava", _export("lava")))
    seen: Counter[tuple[str, str]] = Counter()
    for graph in (quantised, longer):
        for verb in verbs:
            agree(graph, verb, x, tmp_path, seen)
    assert {code for _, code in seen} == {"runs", "current-may-wrap"}
    own = Samples("own", x, np.zeros(2), None, "")
    for run in (evaluate, build_report, lambda m, given: bound_on_chip(m, "loihi1", inputs=given)):
        with pytest.raises(InputError, match=r"100 time steps its current can reach \d+ weight units, and from 131072"):
            run(LoadedModel("m", longer), own)


def test_deployments_are_refused_by_the_same_words(tmp_path: Path) -> None:
    sample = residual_net()
    seen: Counter[tuple[str, str]] = Counter()
    for kind in ("graded", "slots"):
        graph = deploy(run_passes(sample.graph, FLOAT), kind)
        for verb in (*OF_FLOATS, *ON_THE_WAY, *NIR):
            agree(graph, verb, sample.inputs, tmp_path, seen)
    assert {"time-slots", "graded-spikes", "runs"} == {code for _, code in seen}


@pytest.mark.parametrize("way", [INTEGERS, LAVA, SANAFE])
def test_a_compiled_graph_passes_its_own_rules(way) -> None:
    graph = residual_net().graph
    ready = compiled(graph, way)
    assert check_compiled(ready, way) is ready and refusals(ready, way) == refusals(graph, way) == []


def test_every_target_of_hardware_is_a_chip_of_the_rule_book() -> None:
    assert set(CHIPS) == {"lava", "loihi1", "loihi2", "sanafe", "nengo-loihi", "c", "bundle", "rram"}
    assert all(rule is not None for chip in CHIPS.values() for rule in (*chip.floats.rules, *chip.lacks))


def test_integers_of_an_accepted_graph_run_in_the_engine() -> None:
    for seed in range(0, 60):
        graph = random_graph(seed)
        if not refusals(graph, INTEGERS):
            x = samples(graph, seed)
            assert simulate(compile_loihi(graph, x).graph, x).logits.dtype == np.int64
