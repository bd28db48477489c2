"""Findings about a loaded model; dialects are for NIR."""

import pytest

from snnhw.checks.check import check as findings_of
from snnhw.errors import InputError
from snnhw.workflows.check import check


def test_findings_are_those_of_the_graph(digits):
    made = check(digits, "nir", "sinabs")
    assert list(made.findings) == findings_of(digits.graph, "nir", dialect="sinabs") != []
    assert made.passes == all(f.severity != "error" for f in made.findings)
    assert made.to_dict()["model"] == digits.name
    assert check(digits).findings == check(digits, "nir", "snntorch").findings != made.findings


def test_a_dialect_of_hardware_is_refused(digits):
    with pytest.raises(InputError, match="The target loihi1 has no option --dialect"):
        check(digits, "loihi1", "norse")
