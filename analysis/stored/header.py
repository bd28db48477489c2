"""What a file of counts says about itself: which network, which data, which samples of how many, and what was assumed.

Stands as JSON in the metadata of the table. Counts of which two headers say different things are never added up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from snnhw.analysis.counting.demand import QUANTITIES, Demand
from snnhw.analysis.stored.places import StoredLayout
from snnhw.analysis.stored.plain_data import from_plain, to_plain
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph, SlotMLF

FORMAT = 1
LEVELS = "levels"  # units of several levels, of which each profile says how they run
# What two parts of one run have in common, in the order in which it is looked at, and how it is called
SAME = {
    "deployment": "the deployment",
    "graph_checksum": "the network (its sha256)",
    "data_checksum": "the data (their sha256)",
    "data_samples": "the number of samples in all",
    "input_kind": "the kind of input",
    "shard_samples": "the samples of a shard",
    "labelled": "whether there are labels",
    "stage": "the numbers, float or integer",
    "weights_checksum": "the file of the weights",
    "network": "the name of the network",
    "data": "the name of the data",
    "seed": "the seed",
    "versions": "the versions of the software",
    "findings": "what was assumed",
    "sparsity": "the zeros of the ReLU twin",
    "twin_accuracy": "the accuracy of the ReLU twin",
    "demand": "the columns",
}


@dataclass(frozen=True)
class Header:
    """Of one file; samples are counted from 0 in the data that were given to the run."""

    network: str
    graph_checksum: str  # sha256 of the graph that was counted
    weights_checksum: str  # of the file with the weights
    data: str
    data_checksum: str
    data_samples: int  # of the whole run; a part of it has fewer rows
    input_kind: str
    deployment: str  # of the graph: LEVELS, or one of `passes.DEPLOYMENTS` that it was made for
    stage: str  # the numbers that it computes with, as the accuracy of a report is called
    seed: str  # of the training; empty where unknown
    versions: Mapping[str, str]
    findings: tuple[Finding, ...]
    labelled: bool  # each sample has a row that says whether it was classified rightly
    shard_samples: int  # samples that were simulated together
    demand: Demand
    layout: StoredLayout
    sparsity: float | None = None
    twin_accuracy: float | None = None

    @property
    def timesteps(self) -> int:
        """T."""
        return self.demand.silent.timesteps

    def unlike(self, other: Header) -> str:
        """What keeps the counts of both from being added up, as words of `SAME`; empty where nothing does."""
        for field, words in SAME.items():
            if getattr(self, field) != getattr(other, field):
                return words
        return "" if self.layout.without_work() == other.layout.without_work() else "the places on chips"

    def __add__(self, other: Header) -> Header:
        """Of both sets of samples, which `unlike` finds to be of one run."""
        return replace(self, layout=self.layout + other.layout)

    def text(self) -> str:
        """JSON, the same for equal headers."""
        return json.dumps({"format": FORMAT, **to_plain(self)}, sort_keys=True, allow_nan=False, separators=(",", ":"))


def parse_header(text: str) -> Header:
    """Header of its JSON.

    Raises:
        ValueError: it is none, or its parts do not fit each other.
    """
    values = json.loads(text)
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    header = from_plain(Header, values, "header")
    wanted = header.demand
    if any(column.quantity not in QUANTITIES for column in wanted.columns) or not wanted.columns:
        raise ValueError("its columns are unknown")
    if len(set(wanted.columns)) < len(wanted.columns) or wanted.silent.samples != 1:
        raise ValueError("a column is there twice")
    if header.shard_samples < 1 or header.data_samples < 1 or header.timesteps < 1:
        raise ValueError("it has no samples or no time steps")
    try:
        wanted.counts([0] * len(wanted.columns), 1).to_dict()
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError("its columns do not fit its layers") from error
    return header


def deployed_as(graph: Graph) -> str:
    """Which deployment a graph was made for; LEVELS where its units are whole."""
    if graph.of_type(SlotMLF):
        return "slots"
    if any(edge.payload_bits for edge in graph.edges):
        return "graded"
    return "channels" if any(len(nodes) > 1 for nodes in graph.units().values()) else LEVELS
