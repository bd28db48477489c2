"""Pairs of decays, of floats as of the integers that they become."""

from __future__ import annotations

from hypothesis import given, settings

from snnhw.graph.ir import SlotMLF
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.decay_pairs import decay_pairs
from tests.quantisation.test_resets_and_decays import own_net, own_nets


@settings(max_examples=15)
@given(own_nets)
def test_floats_have_the_pairs_of_their_integers(sample):
    graph, x = sample
    integers = compile_loihi(graph, x).graph
    for name in ("first", "second"):
        whole = integers.nodes[name]
        wanted = decay_pairs(integers, whole)
        assert ((wanted // 4096 == whole.du) & (wanted % 4096 == whole.dv)).all() and wanted.shape == whole.shape
        if not (sample[0].nodes["conv"].bias is not None and f"{name}_current" in graph.nodes):
            assert (decay_pairs(graph, graph.nodes[name]) == wanted).all()


def test_one_pair_by_hand():
    """A current of one step has du 4095; a decay of 0.75 has dv 1024."""
    graph, _ = own_net(0, decays="one")
    first = graph.nodes["first"]
    codes = set(decay_pairs(graph, first).ravel().tolist())
    assert codes == {4095 * 4096 + round((1 - first.decay) * 4096)}
    slots = SlotMLF(name="s", shape=(2,), thresholds=(1.0,), decay=0.5, slots=1)
    assert decay_pairs(graph, slots).tolist() == [0, 0]
