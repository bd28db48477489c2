"""The options of a run."""

import numpy as np
import torch

from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE, SINGLE, Execution
from snnhw.simulation.plan import plan_of
from tests.nets import product_graph, residual_net


def test_off_the_cpu_integers_are_float64():
    """There a convolution in float32 may be computed in TF32 or by Winograd's algorithm."""
    fits = product_graph(np.full((1, 8), 2, np.int32))
    step = next(s for s in plan_of(fits) if s.name == "fc")
    assert [Execution(device=d).dtype_of(step.dtype) for d in ("cpu", "cuda", "cuda:1")] == [
        torch.float32,
        torch.float64,
        torch.float64,
    ]


def test_floats_are_in_the_precision_that_was_asked_for_on_every_device():
    for dtype in (torch.float32, torch.float64):
        assert {Execution(dtype, device).dtype_of(None) for device in ("cpu", "cuda")} == {dtype}


def test_integers_do_not_depend_on_the_options():
    sample = residual_net(samples=5)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    records = [simulate(graph, sample.inputs, execution=e) for e in (SINGLE, DOUBLE, Execution(batch_size=2))]
    for other in records[1:]:
        assert np.array_equal(other.logits, records[0].logits)
        assert all(np.array_equal(u.levels_t, other.units[name].levels_t) for name, u in records[0].units.items())
