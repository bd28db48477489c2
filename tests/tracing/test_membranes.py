"""Integrators beside neurons: free names, and none of them where nothing reads it."""

import numpy as np

from snnhw.graph.ir import LI, LIF, Delay, Edge, Readout, Scale
from snnhw.tracing.frameworks.cell import current_based, single
from snnhw.tracing.membranes import Membranes
from snnhw.tracing.streams import Stream

NEURON = LIF(name="n", shape=(3,), decay=0.5, threshold=1.0, v_reset=0.0, reset="subtract")
NEVER = LIF(name="n", shape=(3,), decay=0.5, threshold=1.0, v_reset=1.0, reset="subtract")
CURRENT = LI(name="n_syn", shape=(3,), decay=0.5, current_of="n")


def grown(cell, reads):
    membranes = Membranes()
    beside = membranes.beside("lif", cell, {"n", "n_syn", "n_mem"})
    assert beside is not None and membranes == {"lif": "n_mem_"}
    end = Readout(name="end", shape=(3,))
    nodes = {node.name: node for node in (*cell.nodes, *beside.nodes, end)}
    edges = [*cell.edges, *beside.edges, *(Edge(name, "end") for name in reads)]
    return membranes, nodes, edges, membranes.prune(nodes, edges)


def test_what_nothing_reads_is_taken_out():
    membranes, nodes, edges, said = grown(single(NEURON), ["n"])
    assert list(nodes) == ["n", "end"] and edges == [Edge("n", "end")] and not said
    assert membranes.only(Stream((("n_mem_", 2),), (3,))) and not membranes.only(Stream((("n", 1),), (3,)))


def test_a_membrane_that_is_read_keeps_its_neuron_for_the_reset():
    _, nodes, _, said = grown(single(NEURON), ["n_mem_"])
    assert [type(node) for node in nodes.values()] == [LIF, Delay, Scale, LI, Readout]
    assert [(f.code, f.node) for f in said] == [("membrane-read", "n_mem_")]


def test_a_neuron_that_never_resets_goes_where_its_membrane_alone_is_read():
    _, nodes, edges, said = grown(current_based(CURRENT, NEVER), ["n_mem_"])
    assert list(nodes) == ["n_syn", "n_mem_", "end"] and not said
    assert nodes["n_syn"].current_of == "n_mem_" and Edge("n_syn", "n_mem_") in edges
    _, nodes, _, said = grown(single(NEVER), ["n", "n_mem_"])
    assert list(nodes) == ["n", "n_mem_", "end"] and len(said) == 1


def test_a_neuron_that_resets_to_a_value_has_none():
    hard = LIF(name="n", shape=(3,), decay=np.full(3, 0.5), threshold=1.0)
    assert Membranes().beside("lif", single(hard), ()) is None
