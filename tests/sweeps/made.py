"""A SPEC, outcomes and studies for the tests of the sweeps."""

from __future__ import annotations

from pathlib import Path

from snnhw.analysis.ranges import Range
from snnhw.sweeps.outcome import Outcome
from snnhw.sweeps.spec import Spec, read_spec

TEXT = """
recipe = "digits"
trials = {trials}
sampler = "{sampler}"
samples = 16

[set]
epochs = 1

[space]
energy_weight = [0.01, 1.0]
arguments.timesteps = {{ low = 1, high = 3 }}
arguments.thresholds = [[0.6], [0.6, 1.6]]
"""


def spec_in(folder: Path, trials: int = 12, sampler: str = "tpe") -> Spec:
    """Of twelve points."""
    path = folder / "lean.toml"
    path.write_text(TEXT.format(trials=trials, sampler=sampler))
    return read_spec(path)


def outcome(accuracy: float = 0.5, high: float = 2e-9, over: int = 0, latency: float | None = 1e-5) -> Outcome:
    """Plain numbers."""
    time = None if latency is None else Range(latency / 2, latency, latency)
    return Outcome(accuracy, Range(high / 4, high / 2, high), time, 1 + over, over, "", 0.25)
