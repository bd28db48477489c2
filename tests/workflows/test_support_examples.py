"""Examples cover every module that tracing knows, and each of them is a network that fires."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.nn import ILIF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from snnhw.tracing.modules import KINDS
from snnhw.workflows.support_examples import CALLS, MODULES, NEURONS

EXAMPLES = {**MODULES, **CALLS, **NEURONS}


def test_every_module_that_tracing_knows_has_an_example():
    elsewhere = (Frames, MeanOverTime, ILIF)  # in every example, and among the neurons
    known = {kind.__name__ for kind in KINDS if kind not in elsewhere}
    named = {name.replace(",", " ").split()[0] for name in MODULES}
    assert known == named


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_network_in_which_both_populations_fire(name):
    graph = run_passes(EXAMPLES[name](), FLOAT)
    x = np.random.default_rng(0).uniform(0, 4, (4, *graph.input.shape))
    record = simulate(graph, x)
    assert record.logits.shape[0] == 4 and record.units["first"].spikes.any()
