"""The fidelity certificate: which stages from the trained module to Lava agree, and on how many spikes.

Takes the stages as backends; gives one `Agreement` for each pair of neighbours that has to be equal, and the measured
loss of the one step that is not exact, quantisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

from torch import nn

from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary
from snnhw.graph.ir import ILIF, LIF, MLF, Array, Graph
from snnhw.progress import Progress, counter
from snnhw.simulation.compare import COMPARISON, NEAR_TIE, Agreement, Backend, CompareOptions, compare, pools_apart
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.simulation.module import simulate_module
from snnhw.simulation.record import SpikeRecord
from snnhw.simulation.stepped import simulate_stepped
from snnhw.tracing.calling import Calling


@dataclass(frozen=True)
class Missing:
    """A stage that could not be made of a network, and the sentence with which its way refuses it."""

    stage: str
    reason: str


@dataclass(frozen=True, repr=False)
class Certificate(Summarised):
    """The agreement of all stages of a network, from the trained module to Lava."""

    agreements: tuple[Agreement, ...]  # each has to agree, apart from near-ties
    quantisation: Agreement | None  # floats against integers: measured, not expected to be equal
    accuracy: Mapping[str, float]  # stage -> share of samples classified right
    near_tie: float = NEAR_TIE
    missing: tuple[Missing, ...] = ()

    @property
    def agrees(self) -> bool:
        """True when every stage that could be made agrees."""
        return all(agreement.agrees for agreement in self.agreements)

    def summary(self) -> Summary:
        """The verdict of every comparison."""
        compared = [(f"{a.reference} = {a.candidate}", _verdict(a)) for a in self.agreements]
        if self.quantisation is not None:
            q = self.quantisation
            compared.append((f"{q.reference} ~ {q.candidate}", f"{q.differing:,} of {q.compared:,} slots differ"))
        compared += [(missing.stage, f"not made: {missing.reason}") for missing in self.missing]
        if self.accuracy:
            compared.append(("accuracy", ", ".join(f"{name} {share:.2%}" for name, share in self.accuracy.items())))
        return Summary(f"Certificate: {self.verdict}", tuple(compared))

    @property
    def verdict(self) -> str:
        """In a few words, whether the stages agree, and whether some could not be made."""
        if not self.agrees:
            return "stages differ"
        return "all stages that could be made agree" if self.missing else "all stages agree"

    def to_dict(self) -> dict[str, object]:
        """The `fidelity` block of report.json."""
        return {
            "agrees": self.agrees,
            "near_tie": self.near_tie,
            "stages": [agreement.to_dict() for agreement in self.agreements],
            "quantisation": None if self.quantisation is None else self.quantisation.to_dict(),
            "accuracy": dict(self.accuracy),
            "missing": [asdict(missing) for missing in self.missing],
        }


def _verdict(agreement: Agreement) -> str:
    over = f"{agreement.spikes:,} spikes of {agreement.samples:,} samples"
    if not agreement.agrees:
        return f"differs at {agreement.first}" if agreement.first is not None else "logits differ"
    return f"equal on {over}" if not agreement.near_ties else f"{agreement.near_ties:,} near-ties on {over}"


@dataclass(frozen=True)
class Stage:
    """A backend, the graph that names its units, and how many samples it is compared on (None: all)."""

    backend: Backend
    graph: Graph
    samples: int | None = None


def module_backend(network: nn.Module, graph: Graph, calling: Calling | None = None) -> Backend:
    """The trained torch module in float64, unfused and unfolded. `graph` is its trace.

    With `calling` its neurons are those of a framework, which keep their membranes to themselves.
    """
    neurons = [n for n in graph.nodes.values() if isinstance(n, MLF | ILIF | LIF)]
    units = {n.name: (graph.modules[n.name], n) for n in neurons if n.name in graph.modules}
    if len(units) < len(neurons):
        raise InputError(f"Graph {graph.name!r} does not say which module each unit is; trace the module again.")

    if calling is not None:
        paths = {name: path for name, (path, _) in units.items()}
        levels = {name: node.levels for name, (_, node) in units.items()}
        return Backend(
            "torch module",
            lambda inputs, membranes: simulate_stepped(network, calling, paths, inputs, levels=levels),
            False,
        )

    def run(inputs: Array, membranes: bool) -> SpikeRecord:
        sequence = graph.input.shape if graph.input.sequence else None
        ends = [end.name for end in graph.readouts]
        return simulate_module(network, units, inputs, membranes=membranes, ends=ends, sequence=sequence)

    return Backend("torch module", run)


def graph_backend(name: str, graph: Graph) -> Backend:
    """The reference engine in float64, or in Loihi integers for an integer graph."""

    def run(inputs: Array, membranes: bool) -> SpikeRecord:
        return simulate(graph, inputs, raster=True, membranes=membranes, execution=DOUBLE)

    return Backend(name, run)


def certify(
    stages: tuple[Stage, ...],
    inputs: Array,
    *,
    quantisation: tuple[Stage, Stage] | None = None,
    accuracy: Mapping[str, float] | None = None,
    comparison: CompareOptions = COMPARISON,
    progress: Progress | None = None,
) -> Certificate:
    """Compare each stage with the one before it.

    Args:
        stages: in pipeline order; float stages first, integer stages after. A float and an integer stage side by side
            are not compared: that is the quantisation step.
        inputs: [N, *shape] or [N, T, *shape].
        quantisation: (float stage, integer stage) whose difference is measured.
        accuracy: stage -> accuracy, to be shown beside.
        comparison: batch size, and what is a near-tie in floats; integers have none.
        progress: called with stage, samples finished and samples in all.
    """

    def agreement(reference: Stage, candidate: Stage) -> Agreement:
        samples = min(len(inputs) if s.samples is None else s.samples for s in (reference, candidate))
        chosen = replace(comparison, left_out=comparison.left_out | pools_apart(reference.graph, candidate.graph))
        return compare(
            reference.graph,
            reference.backend,
            candidate.backend,
            inputs[:samples],
            replace(chosen, near_tie=0.0) if candidate.graph.is_integer else chosen,
            progress=counter(progress, f"{reference.backend.name} = {candidate.backend.name}", samples),
        )

    pairs = [(a, b) for a, b in pairwise(stages) if a.graph.is_integer == b.graph.is_integer]
    return Certificate(
        tuple(agreement(a, b) for a, b in pairs),
        None if quantisation is None else agreement(*quantisation),
        dict(accuracy or {}),
        comparison.near_tie,
    )
