"""What the large values print: few lines, and totals that were added up here a second time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import snnhw
from snnhw.glance import Summarised, Summary, shape_text
from snnhw.graph.ir import Edge
from snnhw.simulation.certificate import Certificate
from snnhw.simulation.compare import Agreement, Divergence
from tests.analysis.report.test_report import Page

SAMPLES = 20


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Every kind of value that summarises itself, of the zoo's digits network, with what its text must hold."""
    model, inputs = snnhw.load_model("digits"), snnhw.load_inputs("digits:test").first(SAMPLES)
    record = snnhw.simulate_graph(model.graph, inputs.values, raster=True)
    counts = snnhw.count(model.graph, record)
    energy = snnhw.estimate(counts, snnhw.load_profile("loihi1-davies2018"))
    profile, folder = snnhw.load_profile("loihi1-davies2018"), tmp_path_factory.mktemp("report")
    report, _ = snnhw.make_report(model, inputs, folder)
    parameters = [v for k, v in model.network.state_dict().items() if k.endswith("weight") and v.ndim > 1]
    fired = sum(int(r.sum(dtype=np.int64)) for r in record.raster.values())
    sent = sum(int(r.any(axis=2).sum()) for r in record.raster.values())
    edges = [edge for layer in counts.layers for edge in layer.edges]
    joules = sum(term.count.high * term.constant.range.high for term in energy.terms)
    run = f"{SAMPLES} samples of 4 time steps"
    found = snnhw.verify(model, inputs, inputs.values, folder, snnhw.LavaShare(0))
    integers, ours = found.quantised, sum(int(unit.levels.sum()) for unit in found.integers.units.values())
    quantised = found.certificate.quantisation
    stages = [
        f"torch module = multi-level graph        equal on {fired:,} spikes of {SAMPLES} samples",
        f"torch integers = integer NIR read back  equal on {ours:,} spikes",
        f"{sum(quantised.units.values()):,} of {quantised.compared:,} slots differ",
        f"loihi integers {found.integers.accuracy(inputs.targets):.2%}",
    ]
    limit = max(np.abs(layer.weight_error) for layer in integers.layers)
    return {
        "LoadedModel": (model, ["1 x 8 x 8", f"{sum(p.numel() for p in parameters):,} in {len(parameters)} nodes"]),
        "Graph": (model.graph, [f"{len(model.graph.nodes)}: ", "9 MLF", f"{len(model.graph.edges)}"]),
        "Samples": (
            inputs,
            ["20 x 1 x 8 x 8, float32, 0.0 to 1.0", f"{len(set(inputs.targets.tolist()))} among 20"],
        ),
        "SpikeRecord": (record, [run, f"{fired:,}", f"{sent:,}", "20 x 10, float32", "rasters"]),
        "NetworkCounts": (
            counts,
            [
                run,
                f"{fired:,}",
                f"{sent:,}",
                f"{sum(edge.events for edge in edges):,}",
                f"{sum(sum(edge.level_synops) for edge in edges):,}",
                f"{sum(edge.target_levels * sum(edge.level_synops) for edge in edges):,}",
            ],
        ),
        "EnergyEstimate": (energy, [f"{joules * 1e6:.0f}\u202fµJ", *energy.split, str(len(energy.terms))]),
        "Profile": (profile, [profile.title, f"{len(profile.constants)}, measured", f"{len(profile.excludes)} sent"]),
        "Quantised": (integers, [f"{limit:.2%}", f"{len(integers.layers)}\n", f"{len(integers.findings)}"]),
        "Certificate": (found.certificate, ["all stages agree", *stages]),
        "Verification": (found, ["all stages agree", *stages, found.nir.name, str(folder)]),
        "Report": (report, [run, f"{fired:,} spikes", "float 1.0000", f"{joules * 1e6:.0f}\u202fµJ", *report.energy]),
    }


KINDS = (
    *("LoadedModel", "Graph", "Samples", "SpikeRecord", "NetworkCounts", "EnergyEstimate", "Report"),
    *("Profile", "Quantised", "Certificate", "Verification"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_prints_its_totals_in_a_few_lines(shown, kind):
    value, totals = shown[kind]
    assert type(value).__name__ == kind and isinstance(value, Summarised)
    text = repr(value)
    assert text.startswith(kind) and [total for total in totals if total not in text] == []
    assert len(text) < 800 and len(text.splitlines()) <= 12
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_a_notebook_says_the_same(shown, kind):
    value, _ = shown[kind]
    page = Page(value._repr_html_())
    assert " ".join(page.text.split()) == " ".join(repr(value).split()) and page.open == []
    assert len(page.all("tr")) == len(repr(value).splitlines()) - 1


def test_a_summary_cannot_inject_markup():
    html = Summary("<b>", (("<i>", "a & <u>"),)).html
    assert not any(tag in html for tag in ("<b>", "<i>", "<u>")) and "a &amp; &lt;u&gt;" in html


def test_no_edge_and_no_sample_have_a_summary_too():
    graph = snnhw.load_model("digits").graph
    empty = snnhw.inputs_of("none", np.zeros((0, 3), np.float32), None)
    assert "classes   unknown" in repr(empty) and "0 x 3, float32\n" in repr(empty)
    assert repr(graph.replace(edges=())).splitlines()[-1].split() == ["edges", "0"]
    assert repr(Edge("a", "b")).startswith("Edge(")
    assert shape_text((3,)) == "3" and shape_text(()) == "one number"


def test_a_certificate_says_where_stages_differ():
    first = Divergence(2, 1, "stem", 1, (0, 1, 1), None)
    same = Agreement("a", "b", 3, 40, 90, 1, 1, {"stem": 1}, 0.0, True, None)
    differs = dataclasses.replace(same, candidate="c", near_ties=0, first=first)
    logits = dataclasses.replace(same, candidate="d", differing=0, near_ties=0, logits_agree=False)
    title, *rows = repr(Certificate((same, differs, logits), None, {})).splitlines()
    assert title == "Certificate: stages differ"
    assert [row.split("  ", 2)[2] for row in rows] == [
        "1 near-ties on 40 spikes of 3 samples",
        "differs at sample 2, t = 1, stem level 1 neuron (0, 1, 1)",
        "logits differ",
    ]
