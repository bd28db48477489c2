"""The table of what runs where: complete, and what it says is what the verbs do."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.passes import FLOAT, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.workflows.support import GROUPS, TARGETS, Support, support
from snnhw.workflows.support_examples import CALLS, MODULES

HARDWARE = set(TARGETS) - {"simulated in floats", "counted and priced"}
EVERYWHERE = {
    "BatchNorm2d",
    "TDBatchNorm",
    "Identity",
    "Conv2d",
    "Conv1d",
    "Linear",
    "ZeroPad2d",
    "torch.cat of channels",
    "MaxPool1d",
    "MaxPool2d",
    "AdaptiveMaxPool2d",
}
NOWHERE = {"MaxPool2d behind a layer", "GroupNorm", "LayerNorm", "Upsample, nearest", "PixelShuffle"}


@pytest.fixture(scope="module")
def rows() -> dict[str, Support]:
    return {row.name: row for row in support()}


@pytest.mark.slow
def test_everything_runs_in_floats_and_is_counted(rows):
    assert list(rows) == [name for group in GROUPS.values() for name in group]
    for row in rows.values():
        assert set(row.refused) <= HARDWARE, row


@pytest.mark.slow
def test_rows_say_what_the_verbs_do(rows):
    for name in EVERYWHERE:
        assert not rows[name].refused, rows[name]
    for name in NOWHERE:
        assert set(rows[name].refused) == HARDWARE
        assert all("layer" in reason for reason in rows[name].refused.values())
    assert rows["MaxPool2d"].nodes == ("MaxPool",) and rows["x - y"].nodes == () and rows["0.5 * x"].nodes == ("Scale",)


@pytest.mark.parametrize(
    "name", ["MaxPool2d", "MaxPool2d behind a layer", "GroupNorm", "torch.cat of channels", "torch.cat of rows"]
)
def test_check_finds_what_quantise_refuses(name):
    graph = run_passes({**MODULES, **CALLS}[name](), FLOAT)
    errors = [finding for finding in check(graph, "loihi1") if finding.severity == "error"]
    samples = np.random.default_rng(0).uniform(0, 1, (8, *graph.input.shape)).astype(np.float32)
    try:
        compile_loihi(graph, samples)
    except InputError as error:
        assert errors and any(finding.node in str(error) for finding in errors)
    else:
        assert not errors
