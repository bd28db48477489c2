"""What a function fires is found by calling it."""

import pytest
import snntorch.surrogate as surrogates
import torch

from snnhw.errors import InputError
from snnhw.tracing.frameworks.probe import fires_at_threshold


@pytest.mark.parametrize(
    "function",
    [surrogates.atan(), surrogates.fast_sigmoid(), surrogates.sigmoid(), surrogates.straight_through_estimator(),
     surrogates.triangular(), surrogates.spike_rate_escape(), surrogates.SSO(), surrogates.SFS()],
)  # fmt: skip
def test_the_surrogates_of_snntorch_are_strict(function):
    assert not fires_at_threshold("n", function, usual=True)


def test_what_cannot_be_called_is_as_usual():
    assert fires_at_threshold("n", None, usual=True) and not fires_at_threshold("n", "atan", usual=False)


def test_a_function_at_the_threshold():
    assert fires_at_threshold("n", lambda u: (u >= 0).to(u), usual=False)
    assert not fires_at_threshold("n", lambda u: u > 0, usual=True)


def refuse(u):
    raise RuntimeError("no")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (torch.tanh, "fires by tanh, which sends -1 where the membrane is 1000 below"),
        (torch.relu, r"sends 1e-06 where the membrane is 1e-06 above"),
        (lambda u: (u > 0).float() * 0.5, "sends 0.5 where the membrane is 1e-06 above"),
        (torch.heaviside, "cannot be called on membranes"),
        (refuse, r"fires by refuse, which cannot be called on membranes \(no\)"),
        (lambda u: u.sum(), "gives another shape than it gets"),
        (lambda u: torch.heaviside(u, torch.full_like(u, 0.5)), "sends 0.5 where the membrane is at the threshold"),
    ],
)
def test_everything_else_is_refused_with_the_place(function, words):
    with pytest.raises(InputError, match=words):
        fires_at_threshold("n", function, usual=False)
