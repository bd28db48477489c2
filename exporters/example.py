"""The samples that an exported folder brings along to be tried with."""

from __future__ import annotations

import numpy as np

from snnhw.graph.ir import Array, Graph
from snnhw.simulation.frames import check_inputs

EXAMPLES = 3


def example_frames(graph: Graph, inputs: Array | None, samples: int = EXAMPLES) -> Array:
    """[N, 1 or T, *shape]: the first of `inputs`, or noise where there are none.

    Raises:
        InputError: they do not fit the graph.
    """
    return check_inputs(graph, _noise(graph, samples) if inputs is None else np.asarray(inputs)[:samples])


def _noise(graph: Graph, samples: int) -> Array:
    """Samples that fill the range of the input, so that none is clipped; of events, all of them."""
    if graph.input.levels is not None:
        return np.random.default_rng(0).integers(0, graph.input.levels + 1, (samples, *graph.input.shape))
    limit = 1.0 if graph.input.scale is None else (2 ** (graph.input.bits - 1) - 1) / graph.input.scale
    return np.random.default_rng(0).uniform(-limit, limit, (samples, *graph.input.shape))
