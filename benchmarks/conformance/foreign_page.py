"""The page docs/foreign.md: conventions, the table of cases, and what exporters cannot write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from snnhw.nir.conventions import CONVENTIONS, RESETS, UNREADABLE, Convention

HEAD = (
    "| framework | release | neuron | read with | spikes equal to its own run | without `--written-by` |",
    "|---|---|---|---|---|---|",
)


def page(rows: Sequence[str], refused: Mapping[str, Mapping[str, str]]) -> str:
    """The whole page."""
    lines = [INTRODUCTION, *conventions(), "", *resets(), "", *limits(), RESULTS, *HEAD, *rows, NOT_WRITTEN]
    lines += [
        f"- {framework}, {what}: {said}" for framework, networks in refused.items() for what, said in networks.items()
    ]
    return "\n".join([*lines, ""])


def conventions() -> list[str]:
    """Table of the conventions."""
    lines = [
        "| `--written-by` | decay | one unit of input adds | to the current of a CubaLIF | reset | fires at "
        "| starts at | dt | usual read-out |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    current = {"written": "w_in dt / tau_syn", "whole": "1", "decayed": "exp(-dt / tau_syn)"}
    for c in CONVENTIONS.values():
        decay = "exp(-dt / tau)" if c.form == "exponential" else "1 - dt / tau"
        enters = "R dt / tau" if c.form == "euler" else "1"
        currents = "1" if c.form != "euler" and c.current == "written" else current[c.current]
        fires = (">=" if c.fires_at_threshold else ">") + (", sent one step later" if c.fires_late else "")
        cells = (c.name, decay, enters, currents, reset(c), fires, c.starts_at or "0", time_step(c), c.readout)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def reset(convention: Convention) -> str:
    """The reset, as a cell of the table."""
    text = convention.reset or "as in the file"
    return f"{text}; {convention.reset_of_currents} of a CubaLIF" if convention.reset_of_currents else text


def time_step(convention: Convention) -> str:
    """Where dt comes from, as a cell of the table."""
    held = f"from r = {convention.step_in_r}" if convention.step_in_r else ""
    below = f" where all tau < {convention.dt_below:g}" if convention.dt_below < float("inf") else ""
    fixed = f"{convention.dt:g}{below}" if convention.dt is not None else ""
    surely = bool(fixed) and not below
    return ", else ".join(text for text in (held, fixed, "" if surely else "`--dt`") if text)


def resets() -> list[str]:
    """What each reset does, and in which order with the decay."""
    return [f"- `--reset {name}`: {what}." for name, what in RESETS.items()]


def limits() -> list[str]:
    """What no reader can know."""
    lines = [f"- {c.name}: {c.limits}." for c in CONVENTIONS.values() if c.limits]
    return [*lines, *(f"- {name}: not to be had. {why}" for name, why in UNREADABLE.items())]


INTRODUCTION = """# Reading NIR files of other frameworks

Written by `python benchmarks/conformance/foreign.py`.

NIR defines neurons by differential equations and leaves out the time step, how a step is taken, where membranes start,
and where frameworks deviate: a subtractive reset, a late one, exponential decay, currents that are not scaled by dt.
The same file therefore fires other spikes in another framework. Without further options a file is read literally, by
the forward Euler step of NIR's equations, dt = 1e-4, membranes from 0 and the reset in the file, and every assumption
becomes a finding (`snnhw check FILE.nir`). `--written-by` takes the steps of the framework that wrote the file; `--dt`
and `--reset` override it (finding `dt-overridden` where the framework has a step of its own), in every verb that reads
a file, such as `snnhw report net.nir --written-by rockpool --timesteps 40 --input spikes.npy --out report`.

The mean of the output over time is taken, whatever the usual read-out of the framework is.
"""

RESULTS = """
Weights, thresholds and inputs of the cases lie on a grid, so that membranes meet thresholds exactly: a reader that
takes > for >= would be found out. Neurons differ among each other where the framework lets them. Recurrence arrives
one step later, as in all frameworks. The exporters of norse and rockpool write the batch dimension into the input
shape, [1, N]: inputs are then [samples, T, 1, N].

Where the exporter left a trace, such as r = 1/dt in float64, names of nodes or a missing v_reset, the finding
`writer-recognised` says whose file it seems to be and what that framework does otherwise; else `writer-unknown` names
the readings that differ. Either is said only, never applied: `--written-by` applies it, and `--written-by nir` settles
that the equations are meant.

Integrators (`IF`, `I`) gain r dt in a step, as the equation says. Only where r is 1 in all integrators of a file is it
taken as the gain of one step, which is what most exporters mean (finding `gain-per-step`).
"""

NOT_WRITTEN = """
What these exporters cannot write themselves, and what they say:
"""
