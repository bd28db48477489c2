"""Random graphs through every engine of integers: `python -m tests.fuzz_engines --graphs 10000 --seed 1`.

The integer engine is held against the loops of a bundle, the oracle of the Lava tests, the C program, dense and
event-driven in turn, and, one graph in so many, Lava, nengo-loihi and SANA-FE; none of them shares code with another.
A graph on which a spike or an output differs is made as small as it goes, its description is printed, and the exit code
is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from snnhw.simulation.engine import simulate
from tests.engine_graphs import Description, drawn, made, shrunk
from tests.integer_engines import ELSEWHERE, ENGINES, IN_TURN, Case, Engine

BATCH, EVERY_S = 50, 5.0


@dataclass(frozen=True)
class Found:
    """A graph on which an engine differs, as small as it goes."""

    engine: str
    number: int  # of the description
    description: Description

    @property
    def nodes(self) -> int:
        """Of the graph."""
        found = made(self.description)
        return 0 if found is None else len(found[0].nodes)


@dataclass
class Tally:
    """What has been compared so far."""

    graphs: int = 0
    neuron_steps: int = 0  # of the graphs, each counted once
    compared: Counter[str] = field(default_factory=Counter)  # engine -> graphs
    steps: Counter[str] = field(default_factory=Counter)  # engine -> neuron-steps

    def __str__(self) -> str:
        engines = ", ".join(f"{name} {count:,}" for name, count in self.compared.items())
        return f"{self.graphs:,} graphs ({engines}), {sum(self.steps.values()):,} neuron-steps compared"


def case_of(described: Description) -> Case | None:
    """The graph, its samples and our record; None where there is no graph."""
    found = made(described)
    return None if found is None else Case(*found, simulate(*found, raster=True))


def wrong_one(cases: Sequence[tuple[int, Case]], engines: Mapping[str, Engine], tally: Tally) -> tuple[int, str] | None:
    """(number, engine) of the first case on which an engine differs."""
    wrong = []
    for name, engine in engines.items():
        for (number, case), same in zip(cases, engine([case for _, case in cases]), strict=True):
            if same is None:
                continue
            tally.compared[name] += 1
            tally.steps[name] += case.neuron_steps
            if not same:
                wrong.append((number, name))
    return min(wrong, default=None)


def _batches(first: int, graphs: int) -> Iterator[list[tuple[int, Case]]]:
    """`graphs` cases in batches, each with the number of its description."""
    batch: list[tuple[int, Case]] = []
    number, missing = first, graphs
    while missing:
        case = case_of(drawn(number))
        if case is not None:
            batch.append((number, case))
            missing -= 1
        if batch and (len(batch) == BATCH or not missing):
            yield batch
            batch = []
        number += 1


def search(
    seed: int,
    graphs: int,
    engines: Mapping[str, Engine],
    tally: Tally,
    *,
    elsewhere: Mapping[str, Engine] = {},
    every: int = 1,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Found | None:
    """The first of `graphs` graphs on which an engine differs.

    Args:
        seed: the graphs of two seeds have nothing in common.
        graphs: how many.
        engines: that take every graph.
        tally: what is compared is added to it.
        elsewhere: engines that are asked about some of those that they take, none unless they are given.
        every: one graph in so many is for each of them.
        progress: called after each batch.
    """
    for batch in _batches(seed * 10**9, graphs):
        wrong = wrong_one(batch, engines, tally)
        tally.graphs += len(batch)
        tally.neuron_steps += sum(case.neuron_steps for _, case in batch)
        for name, engine in elsewhere.items():
            for case in batch:
                if wrong is None and tally.compared[name] * every < tally.graphs:
                    wrong = wrong_one([case], {name: engine}, tally)
        progress(tally)
        if wrong is not None:
            number, name = wrong
            return Found(name, number - seed * 10**9, smallest(drawn(number), name, {**engines, **elsewhere}[name]))
    return None


def smallest(described: Description, name: str, engine: Engine) -> Description:
    """A smaller description on which that engine differs."""

    def first_differing(tried: Sequence[Description]) -> int | None:
        cases = [(place, case) for place, small in enumerate(tried) if (case := case_of(small)) is not None]
        found = wrong_one(cases, {name: engine}, Tally()) if cases else None
        return None if found is None else found[0]

    return shrunk(described, first_differing, 2 if name in ELSEWHERE else 25)


def main() -> int:
    """1 where engines differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--every", type=int, default=0, help="one in so many is for Lava, nengo-loihi and SANA-FE; 0: none"
    )
    parser.add_argument("--without-c", action="store_true", help="needs no compiler")
    given = parser.parse_args()
    begun, told, tally = time.monotonic(), [0.0], Tally()

    def progress(tally: Tally) -> None:
        now = time.monotonic()
        if now - told[0] > EVERY_S:
            told[0] = now
            print(f"{now - begun:.0f} s: {tally}", flush=True)

    print(f"{given.graphs:,} graphs of seed {given.seed}, in batches of {BATCH}", flush=True)
    engines = ENGINES if given.without_c else {**ENGINES, **IN_TURN}
    elsewhere = ELSEWHERE if given.every else {}
    found = search(given.seed, given.graphs, engines, tally, elsewhere=elsewhere, every=given.every, progress=progress)
    if found:
        print(f"{found.engine} differs from the integer engine on graph {found.number}; {found.nodes} nodes suffice:")
        print(found.description)
        return 1
    seconds = time.monotonic() - begun
    print(f"seed {given.seed}: {tally}, of {tally.neuron_steps:,} in the engine; 0 differ; {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
