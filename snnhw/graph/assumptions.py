"""Which findings are assumptions: what a reader or a workflow took because neither file, data nor user said it.

The list stands on the terminal, on the first screen of the page and in JSON, beside the numbers that rest on it. A code
belongs here if another value would change a number and was as possible; what a file says twice or in another way does
not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snnhw.graph.finding import Finding

LISTED = 3  # nodes that are named where one assumption is made at several


@dataclass(frozen=True)
class Assumption:
    """What is assumed, and the option of the command line by which a user says it; "" where there is none."""

    subject: str
    option: str = ""


TIMESTEPS = "timesteps-assumed"
WRITER_UNKNOWN = "writer-unknown"
WRITER_RECOGNISED = "writer-recognised"

CALIBRATED_ON_INPUT = "calibrated-on-input"

ASSUMPTIONS: dict[str, Assumption] = {  # code of a finding -> what is assumed
    WRITER_UNKNOWN: Assumption("framework", "--written-by"),
    WRITER_RECOGNISED: Assumption("framework", "--written-by"),
    "dt-assumed": Assumption("time step", "--dt"),
    TIMESTEPS: Assumption("steps T", "--timesteps"),
    "reset-undefined": Assumption("reset", "--reset"),
    "readout-assumed": Assumption("read-out", "--written-by"),
    "gain-per-step": Assumption("gain", "--written-by"),
    "gain-by-equation": Assumption("gain", "--written-by"),
    "current-gain": Assumption("gain", "--written-by"),
    "never-leaks": Assumption("gain", "--written-by"),
    "input-kind-concluded": Assumption("kind of input", "--input-kind"),
    "integers-of-analogue-input": Assumption("kind of input", "--input-kind"),
    CALIBRATED_ON_INPUT: Assumption("scales", "--calibrate"),
    "official-constants": Assumption("constants", "--constant"),
    "batch-axis-dropped": Assumption("batch axis"),
    "flatten-counts-batch": Assumption("flattening"),
    "same-padding-with-stride": Assumption("padding"),
    "version-newer": Assumption("NIR version"),
}


@dataclass(frozen=True)
class Assumed:
    """One assumption, made at one or several nodes."""

    subject: str
    message: str
    remedy: str
    nodes: tuple[str, ...] = ()  # none where it is about the whole network
    option: str = ""  # of the command line, that settles it; "" where there is none

    @property
    def short(self) -> str:
        """The subject with its option: "kind of input (--input-kind)"."""
        return f"{self.subject} ({self.option})" if self.option else self.subject

    @property
    def text(self) -> str:
        """What was taken, and where."""
        named = ", ".join(self.nodes[:LISTED])
        more = f" and {len(self.nodes) - LISTED} more" if len(self.nodes) > LISTED else ""
        return f"{named}{more}: {self.message}" if named else self.message


def assumed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of `findings` that say what was assumed, in the order of the table."""
    order = list(ASSUMPTIONS)
    return tuple(sorted((f for f in findings if f.code in ASSUMPTIONS), key=lambda f: order.index(f.code)))


def not_assumed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The others, in their order."""
    return tuple(finding for finding in findings if finding.code not in ASSUMPTIONS)


def assumptions(findings: Iterable[Finding]) -> tuple[Assumed, ...]:
    """What was assumed, for people: equal sentences about several nodes are one."""
    nodes: dict[tuple[str, str, str], list[str]] = {}
    for finding in assumed(findings):
        nodes.setdefault((finding.code, finding.message, finding.remedy), []).append(finding.node)
    return tuple(
        Assumed(
            ASSUMPTIONS[code].subject, message, remedy, tuple(name for name in names if name), ASSUMPTIONS[code].option
        )
        for (code, message, remedy), names in nodes.items()
    )


def findings_dict(findings: Sequence[Finding]) -> dict[str, object]:
    """`findings`, and those of them that are assumptions as `assumed`, for JSON."""
    return {
        "findings": [finding.to_dict() for finding in findings],
        "assumed": [finding.to_dict() for finding in assumed(findings)],
    }
