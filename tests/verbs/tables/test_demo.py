"""Tables of the demo end with the places of what was made."""

from pathlib import Path

from snnhw.data.inputs import load_inputs
from snnhw.simulation.certificate import Certificate
from snnhw.verbs.tables.demo import demo_tables
from snnhw.workflows.demo import DemoResult
from snnhw.workflows.load import load_model
from snnhw.workflows.report import build_report
from snnhw.zoo import zoo_cards, zoo_names
from tests.verbs.tables.test_compiling import cells


def test_accuracies_stand_first_and_places_last():
    card = zoo_cards()[zoo_names().index("digits")]
    report = build_report(load_model("digits"), load_inputs("digits:test").first(2))
    certificate = Certificate((), None, {"float": 0.9, "loihi integers": 0.8})
    made = DemoResult(Path("a/run"), card, certificate, report, Path("a/report.html"))
    trained, *_, run, page = demo_tables(made)
    assert cells(trained) == [(card.model, f"{card.parameters:,}", "90.00%", "80.00%")]
    assert (run, page) == ("run folder: a/run", "report: a/report.html")
