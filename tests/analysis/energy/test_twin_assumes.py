"""What is said of the twin: one text for every kind, with the number of steps where it computes more than once."""

import dataclasses
from typing import get_args

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.twin_passes import TwinKind
from snnhw.analysis.energy.twin_assumes import (
    COMPUTES,
    MEMORY,
    REASONS,
    SCOPE_ASSUMES,
    SCOPE_EXCLUDES,
    assumed,
    computes,
)
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net


@pytest.mark.parametrize("kind", get_args(TwinKind))
def test_every_kind_says_what_it_computes_and_why(kind):
    graph = small_net()
    counts = count(graph, simulate(graph, np.zeros((1, 2, 6, 6))))
    counts = dataclasses.replace(counts, twin=kind)
    once = kind in ("static", "summed")
    assert ("3 " not in computes(counts)) == once and ("pass per inference" in computes(counts)) == once
    said = assumed(counts, MEMORY)
    assert said[-1:] == SCOPE_ASSUMES[MEMORY] and len(said) == (1 if kind == "static" else 2)
    assert "{" not in "".join((*said, computes(counts)))


def test_every_kind_and_scope_has_a_text():
    assert set(COMPUTES) == set(REASONS) == set(get_args(TwinKind))
    assert set(SCOPE_ASSUMES) == set(SCOPE_EXCLUDES)
