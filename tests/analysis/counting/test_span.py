"""The time that a sample keeps a network busy."""

from snnhw.analysis.counting.span import Span, span_of
from snnhw.passes import on_cores
from snnhw.passes.balance_delays import depth
from tests.nets import residual_net


def test_a_span_is_that_of_its_graph_and_stands_for_it():
    graph = on_cores(residual_net(timesteps=5).graph)
    span = span_of(graph)
    assert span == Span(5, depth(graph)) == span_of(span)
    assert span.steps == 5 + depth(graph) - 1
