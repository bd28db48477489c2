"""Small NIR graphs and files, sound and unsound, for the tests of this room."""

from __future__ import annotations

import itertools
from pathlib import Path

import nir
import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Conv2d, Graph, Input, Linear, Readout
from snnhw.nir.io import read_nir

ONE = np.ones(4, np.float32)


def net() -> Graph:
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(1, 3, 3)),
        Conv2d(name="conv", shape=(2, 3, 3), weight=rng.normal(size=(2, 1, 3, 3)), padding=(1, 1)),
        MLF(name="unit", shape=(2, 3, 3), thresholds=(0.6, 1.6), decay=0.25),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 18))),
        Readout(name="readout", shape=(3,)),
    ]
    return Graph.build(nodes, [("input", "conv"), ("conv", "unit"), ("unit", "fc"), ("fc", "readout")], 2)


def named_chain(**nodes: object) -> nir.NIRGraph:
    named = {"input": nir.Input(np.array([4])), **nodes, "output": nir.Output(np.array([4]))}
    return nir.NIRGraph(named, list(itertools.pairwise(named)), type_check=False)


def lif_with(**fields: object) -> nir.LIF:
    values = {"tau": ONE, "r": ONE, "v_leak": ONE * 0, "v_threshold": ONE} | fields
    return nir.LIF(**values)


def refused(path: Path) -> str:
    """The one sentence that reading the file ends in."""
    with pytest.raises(InputError) as caught:
        read_nir(path)
    message = str(caught.value)
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def conv_in(shape: tuple[int, ...], **changes: object) -> nir.NIRGraph:
    fields = {
        "weight": np.ones((2, 2, 3, 3)),
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "groups": 1,
        "bias": np.ones(2),
    }
    fields |= changes
    order = ("weight", "stride", "padding", "dilation", "groups", "bias")
    nodes = {"input": nir.Input(np.array(shape)), "a": nir.Conv2d(None, *(fields[k] for k in order))}
    nodes["output"] = nir.Output(np.array(shape))
    return nir.NIRGraph(nodes, [("input", "a"), ("a", "output")], type_check=False)


def graph_of(edges: list[tuple[str, str]], **nodes: object) -> nir.NIRGraph:
    return nir.NIRGraph(nodes, edges, type_check=False)


PORTS = {"i": nir.Input(np.array([4])), "o": nir.Output(np.array([4]))}
