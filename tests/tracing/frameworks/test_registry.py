"""The class of a module and its package say what it is; what overrides its way to compute is refused."""

import pytest
from torch import nn

from snnhw.errors import InputError
from snnhw.tracing.frameworks.registry import FRAMEWORKS, adapter_of, refusal_of
from snnhw.tracing.trace import trace
from tests.tracing.frameworks.standins import StandIn, standin


def test_names_count_in_their_package_alone():
    assert adapter_of(standin("sinabs", "LIF")) is FRAMEWORKS["sinabs"].adapters["LIF"]
    assert adapter_of(standin("norse", "LIF")) is FRAMEWORKS["norse"].adapters["LIF"]
    assert adapter_of(standin("mine", "LIF")) is None
    assert adapter_of(standin("sinabs_like", "LIF")) is None
    assert adapter_of(nn.Linear(2, 2)) is None


def test_a_class_made_from_a_neuron_is_one_unless_it_computes_in_its_own_way():
    base = type(standin("sinabs", "LIF"))
    mine = type("Mine", (base,), {"__module__": "mine", "__init__": lambda self: base.__init__(self)})
    assert adapter_of(mine()) is FRAMEWORKS["sinabs"].adapters["LIF"]
    other = type("Other", (base,), {"__module__": "mine", "forward": lambda self, x: x})
    assert adapter_of(other()) is None
    assert refusal_of(other()) == ", a LIF of sinabs that computes in its own way"
    with pytest.raises(InputError, match="Other, a LIF of sinabs that computes in its own way"):
        trace(nn.Sequential(nn.Linear(2, 2), other()), (2,))


def test_what_has_no_state_is_looked_into():
    assert refusal_of(standin("sinabs", "Network")) is None
    base = type("StatefulLayer", (StandIn,), {"__module__": "sinabs.layers"})
    assert str(refusal_of(standin("sinabs", "ALIF", (base,)))).startswith(" of sinabs, whose neurons")
    assert refusal_of(standin("mine", "ALIF")) is None
