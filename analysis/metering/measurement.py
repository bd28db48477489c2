"""A network and its ANN twin, measured one after the other on this machine: as rows, as JSON, as two profiles.

The profile `work` holds what each added to the idle power, the profile `whole` everything that the counter saw; their
scopes differ, so no column mixes them. The rows have the measures of NeuroBench's system track (Yik et al., Nature
Communications 16, 2025): execution time, inference rate, idle, dynamic and total power, energy per inference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from snnhw.analysis.hardware.constants import PREFIXES
from snnhw.analysis.hardware.workload import Workload
from snnhw.analysis.metering.meter import Metered
from snnhw.analysis.ranges import Range
from snnhw.gates.text import file_name, visible

KINDS = {
    "work": "above the idle power",
    "whole": "idle power inside",
}
COUNTED = {  # by scope: how far the counter can be trusted, and why
    "package": ("medium", "RAPL, the counter of the processor itself"),
    "gpu_board": (
        "low",
        "the counter of the board, which on some GPUs samples a quarter of the time (Yang, Adamek, Armour, "
        "arXiv:2312.02741)",
    ),
}


@dataclass(frozen=True)
class Measurement:
    """What was run, on what, and what the counter said."""

    model: str
    data: str
    device: str  # of `counters.COUNTERS`
    machine: str
    counter: str
    scope: str  # with idle power inside: package or gpu_board
    batch: int
    workload: Workload
    network: Metered
    twin: Metered
    twin_weights: str  # where they come from, in words
    bits: int  # width of the numbers that both compute in
    software: Mapping[str, str]  # versions, and the number of threads

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        about = {key: getattr(self, key) for key in ("model", "data", "device", "machine", "counter", "scope", "batch")}
        return {
            **about,
            "measured_on": dict(self.workload.__dict__),
            "network": self.network.to_dict(),
            "twin": {**self.twin.to_dict(), "weights": self.twin_weights},
            "software": dict(self.software),
        }

    def scope_of(self, kind: str) -> str:
        """The scope of a profile, by its kind of KINDS."""
        return self.scope if kind == "whole" else f"{self.scope}_dynamic"

    def energies(self, kind: str) -> tuple[Range, Range]:
        """J per inference of the network and of the twin, by the kind of profile."""
        both = self.network, self.twin
        network, twin = (run.total if kind == "whole" else run.above_idle for run in both)
        return network, twin

    def frame(self) -> pd.DataFrame:
        """One row for each repetition."""
        rows: pd.DataFrame = pd.DataFrame(self._rows())
        return rows

    def _rows(self) -> Iterator[dict[str, object]]:
        for name, run in (("network", self.network), ("ann twin", self.twin)):
            idle = run.idle.typical
            for number, one in enumerate(run.repetitions, start=1):
                yield {
                    "system": self.machine,
                    "counter": self.counter,
                    "scope": self.scope,
                    "model": self.model,
                    "data": self.data,
                    "run": name,
                    "batch": self.batch,
                    "timesteps": self.workload.timesteps,
                    "repetition": number,
                    "inferences": one.inferences,
                    "execution_time_s": one.seconds,
                    "inference_rate_per_s": one.inferences / one.seconds,
                    "idle_power_w": idle,
                    "dynamic_power_w": one.watts - idle,
                    "total_power_w": one.watts,
                    "dynamic_energy_per_inference_j": one.above(idle),
                    "energy_per_inference_j": one.joules / one.inferences,
                }

    def profile_text(self, kind: str) -> str:
        """The measurement as a profile in TOML, by its kind of KINDS."""
        network, twin = self.energies(kind)
        name = file_name(f"{self.model}-{self.device}-{kind}").replace(" ", "-")
        size, threads = self.workload, self.software.get("threads", "")
        assumes = [
            f"A measurement of {self.model} and of its ANN twin on one machine: {self.machine}, {self.counter}, "
            f"{KINDS[kind]}; {self.data}, {self.batch} at a time, on {threads or 'all'} threads.",
            "The network ran as its torch module, a dense simulation of all steps, to which spikes are numbers as any "
            f"others. The twin ran with {self.twin_weights}.",
            f"Quartiles of {len(self.network.repetitions)} repetitions after a warm-up, in windows of "
            f"{min(one.seconds for one in self.network.repetitions):.1f} s and more; idle power "
            f"{self.network.idle.low:.3g} to {self.network.idle.high:.3g} W around the network, "
            f"{self.twin.idle.low:.3g} to {self.twin.idle.high:.3g} W around the twin.",
            "Other programs on the machine count in.",
        ]
        lines = [
            f"# Written by snnhw measure: {KINDS[kind]}.",
            f"name = {_text(name)}",
            f"title = {_text(f'{self.machine}, measured, {KINDS[kind]}')}",
            'model = "measured"',
            f'scope = "{self.scope_of(kind)}"',
            'deployment = "shared"',
            f"number_bits = {self.bits}",
            f"assumes = [{', '.join(_text(sentence) for sentence in assumes)}]",
            f"excludes = [{_text('all that the counter does not cover')}]",
            "",
            "[measured_on]",
            f"network = {_text(size.network)}",
            *(f"{key} = {getattr(size, key)}" for key in ("timesteps", "neurons", "dense_macs")),
        ]
        for constant, energy in (("network_inference", network), ("twin_inference", twin)):
            lines += self._constant(constant, energy)
        return "\n".join([*lines, ""])

    def _constant(self, name: str, energy: Range) -> list[str]:
        unit, scale = _unit(energy.typical)
        confidence, reason = COUNTED[self.scope]
        versions = ", ".join(f"{key} {value}" for key, value in self.software.items())
        low, typical, high = (repr(joules / scale) for joules in energy.ends)
        return [
            "",
            f"[constants.{name}]",
            f"value = {typical}",
            f"low = {low}",
            f"high = {high}",
            f'unit = "{unit}"',
            f"source = {_text(f'measured here by snnhw measure; {versions}')}",
            f"table = {_text(f'{reason}: measured.csv beside this file')}",
            'kind = "measured"',
            f'confidence = "{confidence}"',
            f"spread = {_text('typical: the median; low and high: the quartiles of the repetitions')}",
        ]


def _text(value: str) -> str:
    """As a string of TOML."""
    return json.dumps(visible(value).replace("\n", " "), ensure_ascii=False)


def _unit(joules: float) -> tuple[str, float]:
    """The largest unit of energy of which there is at least one, and how many joules it is."""
    fitting = [(scale, prefix) for prefix, scale in PREFIXES.items() if scale <= joules]
    scale, prefix = max(fitting, default=(PREFIXES["f"], "f"))
    return f"{prefix}J", scale
