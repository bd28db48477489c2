"""Every engine that runs Loihi integers, held against a record of ours: they share no code with it or each other.

Each takes many cases at once, since compilers and other interpreters cost their start, and says of each case whether
all spikes and the output are those of the record; None where it does not take such a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from snnhw.exporters.bundle import verify_certificate
from snnhw.exporters.bundle.network import described as plain_values
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.exporters.nengo_loihi.run import run_nengo_loihi
from snnhw.exporters.sanafe.run import record as run_sanafe
from snnhw.graph.ir import Array, Graph
from snnhw.rules.ways import LAVA, NENGO_LOIHI, SANAFE, compiled, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord
from tests.exporters.c.batch import Job, as_the_engine
from tests.exporters.lava import oracle


@dataclass(frozen=True)
class Case:
    """A graph, its samples, and what the integer engine made of them."""

    graph: Graph
    inputs: Array
    record: SpikeRecord

    @property
    def neuron_steps(self) -> int:
        """Membranes that were updated."""
        return sum(raster.size for raster in self.record.raster.values())

    def same(self, spikes: Mapping[str, Array], output: Array) -> bool:
        """Whether spikes of every population [N, T, *shape] and the output are those of the record."""
        units = self.graph.units().items()
        levels = ((unit, level, node.name) for unit, nodes in units for level, node in enumerate(nodes))
        raster = self.record.raster
        fired = all(np.array_equal(raster[unit][:, :, level], spikes[name]) for unit, level, name in levels)
        return fired and np.array_equal(self.record.logits, output)

    def same_record(self, other: SpikeRecord) -> bool:
        """The same of a record of another engine."""
        raster = all(np.array_equal(own, other.raster[unit]) for unit, own in self.record.raster.items())
        return raster and np.array_equal(self.record.logits, other.logits)


Engine = Callable[[Sequence[Case]], list[bool | None]]


def loops(cases: Sequence[Case]) -> list[bool | None]:
    """The loops of the program that checks bundles."""

    def same(case: Case) -> bool:
        network = verify_certificate.Network(*plain_values(case.graph))
        runs = [network.run(sample) for sample in case.graph.input.coded(case.inputs)]
        spikes = {name: np.stack([fired[name] for fired, _ in runs]) for name in runs[0][0]}
        return case.same(spikes, np.stack([output for _, output in runs]))

    return [same(case) for case in cases]


def recurrence(cases: Sequence[Case]) -> list[bool | None]:
    """The oracle of the Lava tests; it knows no delay of 0 steps."""

    def same(case: Case) -> bool:
        spikes, _, output = oracle.run_oracle(case.graph, case.inputs)
        return case.same(spikes, output)

    return [same(case) for case in cases]


def in_c(cases: Sequence[Case]) -> list[bool | None]:
    """The C program, dense."""
    return [*as_the_engine([Job(case.graph, case.inputs, case.record) for case in cases])]


def in_c_by_events(cases: Sequence[Case]) -> list[bool | None]:
    """The C program, event-driven."""
    return [*as_the_engine([Job(case.graph, case.inputs, case.record, events=True) for case in cases])]


def every_other(engine: Engine, first: int) -> Engine:
    """`engine` for the cases with places first, first + 2, ... alone."""

    def asked(cases: Sequence[Case]) -> list[bool | None]:
        found: list[bool | None] = [None] * len(cases)
        found[first::2] = engine(cases[first::2])
        return found

    return asked


def in_lava(cases: Sequence[Case]) -> list[bool | None]:
    """Lava's fixed-point models, in their own interpreter: seconds for each graph."""

    def same(case: Case) -> bool | None:
        if refusals(case.graph, LAVA):
            return None
        return case.same_record(run_lava(compiled(case.graph, LAVA), case.inputs, RunOptions(raster=True)))

    return [same(case) for case in cases]


def in_nengo_loihi(cases: Sequence[Case]) -> list[bool | None]:
    """nengo-loihi's emulator of Loihi 1, in its own interpreter; no reset by subtraction."""

    def same(case: Case) -> bool | None:
        if refusals(case.graph, NENGO_LOIHI):
            return None
        return case.same_record(run_nengo_loihi(compiled(case.graph, NENGO_LOIHI), case.inputs, raster=True))

    return [same(case) for case in cases]


def in_sanafe(cases: Sequence[Case]) -> list[bool | None]:
    """SANA-FE, which takes plain neurons and an image: the first frame of each sample is held over the steps."""

    def same(case: Case) -> bool | None:
        if refusals(case.graph, SANAFE) or case.graph.input.levels is not None:
            return None
        held = case.inputs[:, 0]
        ours = Case(case.graph, held, simulate(case.graph, held, raster=True))
        return ours.same_record(run_sanafe(case.graph, held, raster=True))

    return [same(case) for case in cases]


ENGINES: Mapping[str, Engine] = {"loops": loops, "oracle": recurrence}
IN_C: Mapping[str, Engine] = {"C": in_c, "C by events": in_c_by_events}
IN_TURN: Mapping[str, Engine] = {name: every_other(engine, place) for place, (name, engine) in enumerate(IN_C.items())}
ELSEWHERE: Mapping[str, Engine] = {"Lava": in_lava, "nengo-loihi": in_nengo_loihi, "SANA-FE": in_sanafe}
