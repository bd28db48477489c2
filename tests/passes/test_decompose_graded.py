"""Each multi-level unit sends its integer as one graded spike, in floats and in Loihi integers."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Edge
from snnhw.passes.decompose import decompose
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.quantisation.compile import compile_loihi
from tests.nets import residual_net
from tests.passes.runs import run


def test_graded_edges_know_their_payload():
    graph = decompose_graded(decompose(residual_net(levels=4).graph))
    assert {e.payload_bits for e in graph.edges if isinstance(graph.nodes[e.source], MLF)} == {3}
    assert {e.payload_bits for e in graph.edges if not isinstance(graph.nodes[e.source], MLF)} == {0}
    single = decompose_graded(residual_net(levels=1).graph)
    assert {e.payload_bits for e in single.edges} == {0}  # the presence of the spike is the message
    assert {e.payload_bits for e in decompose(graph).edges} == {0}


def test_loihi_integers_keep_their_compartments():
    sample = residual_net()
    integers = compile_loihi(sample.graph, sample.inputs).graph
    graph = decompose_graded(integers)
    assert set(graph.nodes) == set(integers.nodes)
    assert {e.payload_bits for e in graph.out_of("stem_mlf_l1")} == {2}
    np.testing.assert_array_equal(run(graph, sample.inputs).logits, run(integers, sample.inputs).logits)


@pytest.mark.parametrize("extra", [Edge("stem_mlf_l2", "s0b0_1_conv"), None])
def test_graded_refuses_single_levels(extra):
    graph = decompose(residual_net(levels=2).graph)
    edges = [*graph.edges, extra] if extra else [e for e in graph.edges if e.source != "stem_mlf_l2"]
    with pytest.raises(InputError, match=r"takes the levels of 'stem_mlf' with unequal gains.*deploy as channels"):
        decompose_graded(graph.replace(edges=tuple(edges)))
