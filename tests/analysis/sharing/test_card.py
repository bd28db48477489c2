"""The block of a model card: a head that YAML reads with what the hub asks for, a text that prints names as such."""

from __future__ import annotations

import pytest
import yaml

from snnhw.analysis.report.overview import Overview
from snnhw.analysis.sharing.card import card
from snnhw.graph.finding import Finding
from tests.analysis.report_sample import ACCURACY, sample_report

NAME = 'a "net": *bold* <b> [x](y) | # `code` $x$ &lt; ~~y~~'
TOLD = (Finding("dt-assumed", "warning", "", "*dt* is <not> said, $x$ &lt; ~~y~~", "give --dt"),)


@pytest.fixture(scope="module")
def report():
    return sample_report(complete=False, name=NAME, findings=TOLD, accuracy=ACCURACY)


def test_the_head_is_a_model_index_with_the_numbers_of_the_report(report):
    _, head, _ = card(report).split("---\n", 2)
    found = yaml.safe_load(head)
    (model,) = found["model-index"]
    (result,) = model["results"]
    assert model["name"] == NAME and result["task"]["type"] and set(result["dataset"]) == {"name", "type"}
    metrics = {(metric["type"], metric["name"]): metric["value"] for metric in result["metrics"]}
    expected = {("accuracy", f"accuracy, {stage}"): share for stage, share in ACCURACY.items()}
    for profile, energy in report.energy.items():
        for end, value in energy.per_inference.to_dict().items():
            expected["energy_joule_per_inference", f"{end} estimate, {profile}"] = value
    assert metrics == pytest.approx(expected, rel=1e-8) and all(isinstance(v, float) for v in metrics.values())
    assert "energy-estimate" in found["tags"]


def test_the_text_has_every_answer_and_lets_no_markup_in(report):
    text = card(report).split("---\n", 2)[2]
    plain = text.replace("\\", "")
    assert all(answer in plain for answer in Overview(report).answers) and "not a measurement" in text
    assert not any(markup in text for markup in ("*dt*", "<not>", "$x$", "~~")) and text.count("\\&lt;") > 0
    assert text.count("&lt;") == text.count("\\&lt;") and "*dt* is <not> said, $x$ &lt; ~~y~~" in plain


def test_a_network_without_labels_has_no_accuracy():
    found = yaml.safe_load(card(sample_report(complete=False)).split("---\n", 2)[1])
    (result,) = found["model-index"][0]["results"]
    assert {metric["type"] for metric in result["metrics"]} == {"energy_joule_per_inference"}
    assert result["task"]["type"] == "other"
