"""The certificate: stages in pairs, quantisation apart, and the table that shows it."""

import dataclasses

from snnhw.graph.ir import Conv2d
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.certificate import Stage, certify, graph_backend
from snnhw.simulation.compare import CompareOptions
from snnhw.verbs.tables.compiling import certificate_table
from tests.nets import residual_net


def changed(graph, node, **fields):
    return graph.replace(nodes={**graph.nodes, node: dataclasses.replace(graph.nodes[node], **fields)})


def test_logits_count_too():
    """Equal spikes, another readout: no agreement, in floats and in integers."""
    sample = residual_net(samples=3)
    floats = compile_channels(sample.graph)
    for graph, by in ((floats, 1e-3), (compile_loihi(sample.graph, sample.inputs).graph, 1)):
        moved = changed(graph, "head", bias=graph.nodes["head"].bias + by)
        stages = tuple(Stage(graph_backend(name, g), g) for name, g in (("one", graph), ("two", moved)))
        certificate = certify(stages, sample.inputs, comparison=CompareOptions(2))
        (agreement,) = certificate.agreements
        assert agreement.differing == 0 and not agreement.logits_agree and not certificate.agrees
        assert "LOGITS DIFFER by" in _text(certificate)
        assert certify((stages[0], stages[0]), sample.inputs).agrees


def _text(certificate):
    return " ".join(str(cell) for column in certificate_table(certificate).columns for cell in column.cells)


def test_certificate_reports_each_stage():
    sample = residual_net(samples=3)
    graph = run_passes(sample.graph, FLOAT)
    wrong = changed(graph, "stem_conv", bias=graph.nodes["stem_conv"].bias + 0.2)
    assert isinstance(graph.nodes["stem_conv"], Conv2d)
    stages = (Stage(graph_backend("one", graph), graph), Stage(graph_backend("two", graph), graph))
    assert certify(stages, sample.inputs).agrees
    broken = certify((*stages, Stage(graph_backend("three", wrong), wrong, samples=2)), sample.inputs)
    assert [a.agrees for a in broken.agreements] == [True, False]
    assert [a.samples for a in broken.agreements] == [3, 2]
    assert broken.to_dict()["stages"][1]["first"]["unit"] == "stem_mlf"
