"""Tables around training print what their objects hold."""

from snnhw.data.datasets import Availability
from snnhw.data.origins import Origin
from snnhw.train.depth_study import DepthRow
from snnhw.verbs.tables.training import accuracy_table, datasets_tables, study_table, zoo_table
from snnhw.workflows.diagnose import DepthStudy
from snnhw.workflows.evaluate import Evaluated
from snnhw.zoo import zoo_cards
from tests.verbs.tables.test_compiling import cells


def test_lists_have_a_row_each():
    (card, *_) = zoo_cards()
    assert cells(zoo_table({"a": card})) == [
        ("a", card.model, card.data, f"{card.accuracy:.2%}", f"{card.parameters:,}", str(card.timesteps))
    ]
    known = [Availability("x", True, "/data/x", ""), Availability("y", False, "", "fetch it")]
    assert cells(datasets_tables(known, {})[0]) == [("x", "yes", "/data/x"), ("y", "no", "fetch it")]
    _, sources, sums = datasets_tables(known, {"x": Origin("https://x", "MIT", {"a": "12", "b": "34"})})
    assert cells(sources) == [("x", "MIT", "https://x")] and cells(sums) == [("x", "a", "12"), ("x", "b", "34")]
    assert cells(accuracy_table(Evaluated("m", "d:test", 2000, 0.5))) == [("m", "d:test", "2,000", "50.00%")]


def test_a_study_says_after_how_many_epochs():
    fields = {"kind": "ds", "depth": 14, "levels": 3, "loss": 1.0, "dormant": 0.25, "without_gradient": 0.5}
    row = DepthRow(**fields, cut=0.0, residual_gain=2.0, gradient_decay=3.0)
    shown = study_table(DepthStudy((row,), 2))
    assert str(shown.title).startswith("After 2 epochs") and cells(shown)[0][:3] == ("ds", "14", "3")
    assert DepthStudy((row,), 2).to_dict()["rows"][0]["dormant"] == 0.25
