"""What the reader assumes about gains, and that it does not where the framework is named."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from snnhw.graph.assumptions import ASSUMPTIONS, assumed
from snnhw.graph.finding import Finding
from snnhw.graph.same import same_graph
from snnhw.nir.io import from_nir
from snnhw.nir.reading import Reading
from tests.nir.read.foreign import chain, full, lif

ONE, ZERO = full((4,), 1), full((4,), 0)
EYE = nir.Linear(np.eye(4, dtype=np.float32))
ENDLESS = full((4,), np.inf)
TOLD = {"dt": 1e-4, "timesteps": 8, "reset": "hard"}
FILES = {  # code -> a file in which it is assumed
    "gain-per-step": chain(EYE, nir.IF(ONE, ONE, ZERO)),
    "gain-by-equation": chain(EYE, nir.IF(ONE, ONE, ZERO), EYE, nir.IF(full((4,), 1e4), ONE, ZERO)),
    "current-gain": chain(EYE, nir.CubaLIF(full((4,), 2e-4), full((4,), 2e-4), full((4,), 2), ZERO, ONE, ZERO)),
    "never-leaks": chain(EYE, nir.LIF(ENDLESS, ENDLESS, ZERO, ONE, ZERO)),
    "readout-assumed": chain(EYE, lif((4,))),
}


def told(graph: nir.NIRGraph, **more: str) -> tuple[Finding, ...]:
    return assumed(from_nir(graph, Reading(**TOLD, **more)).findings)


@pytest.mark.parametrize("code", FILES)
def test_what_the_name_of_the_framework_settles_is_not_assumed(code: str) -> None:
    assert ASSUMPTIONS[code].option == "--written-by"
    (finding,) = (f for f in told(FILES[code]) if f.code == code)
    assert "--written-by" in finding.remedy
    assert told(FILES[code], written_by="spikingjelly") == ()


@pytest.mark.parametrize("code", FILES)
def test_by_the_equations_alone_r_of_1_stays_an_assumption(code: str) -> None:
    """To name nir changes no number, and r = 1 is not read by its equation whoever is named."""
    left = told(FILES[code], written_by="nir")
    assert {f.code for f in left} == ({code} if code == "gain-per-step" else set())
    assert same_graph(from_nir(FILES[code], Reading(**TOLD)), from_nir(FILES[code], Reading(**TOLD, written_by="nir")))
