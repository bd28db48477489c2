"""What decides an objective is found."""

from __future__ import annotations

import pytest

from snnhw.sweeps.importance import LEAST, importances
from snnhw.sweeps.result import COMPLETE, Tried
from tests.sweeps.made import outcome, spec_in


def test_the_key_that_decides_has_the_largest_share(tmp_path):
    spec = spec_in(tmp_path)
    points = [spec.point(i) for i in range(12)]
    tried = [
        Tried(i, COMPLETE, point, outcome(0.5, 1e-9 * float(point["arguments.timesteps"])))
        for i, point in enumerate(points)
    ]
    found = importances(spec, tried, spec.objectives)
    assert list(found) == ["energy"]  # the accuracy is always the same
    assert next(iter(found["energy"])) == "arguments.timesteps"
    assert sum(found["energy"].values()) == pytest.approx(1)
    assert importances(spec, tried[: LEAST - 1], spec.objectives) == {}
