"""Graphs as other frameworks leave them, and what the reader says about them."""

from __future__ import annotations

import itertools

import nir
import numpy as np

from snnhw.graph.ir import Graph

T = 12


def codes(graph: Graph) -> list[str]:
    return [f.code for f in graph.findings]


def full(shape: tuple[int, ...], value: float) -> np.ndarray:
    return np.full(shape, value, np.float32)


def lif(shape: tuple[int, ...], decay: float = 0.5, threshold: float = 1.0) -> nir.LIF:
    tau = 1e-4 / (1 - decay)
    return nir.LIF(full(shape, tau), full(shape, tau / 1e-4), full(shape, 0), full(shape, threshold), full(shape, 0))


def chain(*nodes: object, shape: tuple[int, ...] = (4,)) -> nir.NIRGraph:
    """input -> nodes -> output, types unchecked as some frameworks leave them."""
    named = {"input": nir.Input(np.array(shape)), **{f"n{i}": n for i, n in enumerate(nodes)}}
    named["output"] = nir.Output(np.array(shape))
    return nir.NIRGraph(named, list(itertools.pairwise(named)), type_check=False)
