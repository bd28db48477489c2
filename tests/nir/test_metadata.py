"""What NIR has no field for survives as one JSON string, and whatever stands there instead breaks nothing."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, REDUCTIONS, Graph, Input, LoihiLIF
from snnhw.graph.same import differences
from snnhw.nir.io import from_nir, to_nir
from snnhw.nir.metadata import Metadata, describe_neuron, neuron_described
from tests.nir.builders import net

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_metadata_gives_a_graph(data: st.DataObject) -> None:
    written = to_nir(net())
    described = json.loads(written.metadata["snnhw"])
    place = described
    for _ in range(3):
        key = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
            place = place[key]
    place[key] = data.draw(JSON)
    written.metadata = {"snnhw": json.dumps(described)}
    try:
        assert from_nir(written).nodes
    except InputError as error:
        assert "\n" not in str(error)


NAMES = st.text(max_size=5)
WHOLE = st.integers(0, 2**31)
METADATA = st.builds(
    Metadata,
    name=NAMES,
    timesteps=st.integers(1, 100),
    dt=st.floats(1e-9, 1e3),
    dialect=NAMES,
    order=st.lists(NAMES, max_size=3).map(tuple),
    names=st.dictionaries(NAMES, NAMES, max_size=3),
    input=st.fixed_dictionaries(
        {
            "levels": st.none() | st.integers(1, 99),
            "scale": st.none() | st.floats(1e-6, 1e6),
            "bits": st.integers(1, 32),
        }
    ),
    reduction=st.sampled_from(REDUCTIONS),
    neurons=st.dictionaries(NAMES, st.fixed_dictionaries({"kind": NAMES, "decay": st.floats(0, 1)}), max_size=3),
    carriers=st.dictionaries(NAMES, WHOLE, max_size=3),
    delays=st.lists(st.tuples(NAMES, NAMES, WHOLE, WHOLE), max_size=3).map(tuple),
    no_bias=st.lists(NAMES, max_size=3).map(tuple),
    bias_of=st.dictionaries(NAMES, NAMES, max_size=3),
    integers=st.dictionaries(NAMES, st.dictionaries(NAMES, NAMES, max_size=2), max_size=3),
)


@given(METADATA)
def test_every_field_comes_back_from_the_string(meta: Metadata) -> None:
    assert Metadata.from_json(meta.to_json()) == meta


@given(METADATA, st.sampled_from(["name", "timesteps", "dt", "input", "reduction", "neurons", "format", "version"]))
def test_what_must_be_there_is_missed(meta: Metadata, key: str) -> None:
    described = json.loads(meta.to_json())
    del described[key]
    with pytest.raises(ValueError, match=r"incomplete or of the wrong kind \(.*" + key):
        Metadata.from_json(json.dumps(described))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "another format or a newer version"),
        ({"format": "other"}, "another format or a newer version"),
        ({"timesteps": 0}, "a value is out of range"),
        ({"dt": 0}, "a value is out of range"),
        ({"reduction": "min"}, "a value is out of range"),
        ({"input": {"levels": 0, "scale": None, "bits": 8}}, "events of at most 0 are none"),
        ({"order": 3}, "incomplete or of the wrong kind"),
        ({"neurons": {"n": 3}}, "incomplete or of the wrong kind"),
        ({"delays": [["a", "b"]]}, "not enough values"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(changes: dict[str, object], reason: str) -> None:
    described = json.loads(to_nir(net()).metadata["snnhw"])
    with pytest.raises(ValueError, match=reason):
        Metadata.from_json(json.dumps({**described, **changes}))


NUMBER = st.floats(-8, 8, width=32)
ARRAY = st.integers(0, 2**31).map(lambda seed: np.random.default_rng(seed).integers(-4096, 4096, (2, 1, 1)))
Neuron = st.one_of(
    st.builds(
        LIF, name=st.just("n"), shape=st.just((2, 1, 1)), decay=NUMBER | ARRAY, threshold=NUMBER | ARRAY, gain=NUMBER,
        leak=NUMBER, v_reset=NUMBER, unit=NAMES, level=st.integers(1, 9),
    ),
    st.builds(LI, name=st.just("n"), shape=st.just((2, 1, 1)), decay=NUMBER, gain=NUMBER | ARRAY, leak=NUMBER),
    st.builds(
        LoihiLIF, name=st.just("n"), shape=st.just((2, 1, 1)), threshold=WHOLE | ARRAY, du=st.integers(0, 4095),
        dv=st.integers(0, 4096), bias_mant=ARRAY, bias_exp=st.integers(-7, 7), unit=NAMES, level=st.integers(1, 9),
    ),
)  # fmt: skip


@given(Neuron)
def test_a_described_neuron_comes_back_from_one_whose_numbers_another_tool_rounded(neuron: LIF | LI | LoihiLIF) -> None:
    entry = json.loads(json.dumps(describe_neuron(neuron)))
    if isinstance(neuron, LoihiLIF):
        parsed: LIF | LI = LIF(name="n", shape=(2, 1, 1), decay=0.5, threshold=1.0)
    else:
        numbers = {k: getattr(neuron, k, None) for k in ("decay", "gain", "leak", "threshold", "v_reset")}
        parsed = dataclasses.replace(neuron, **{k: v + 0.125 for k, v in numbers.items() if isinstance(v, float)})
    back = neuron_described(parsed, entry)
    nodes = [Input(name="input", shape=(2, 1, 1))]
    first, second = (Graph.build([*nodes, n], [("input", "n")], 1) for n in (neuron, back))
    assert differences(first, second) == ()


@pytest.mark.parametrize(
    "entry", [{}, {"kind": "LI"}, {"kind": "LIF", "decay": []}, {"kind": "LoihiLIF", "threshold": 1}, {"kind": []}]
)
def test_an_entry_that_is_no_description_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"the entry of n is incomplete|another kind of neuron"):
        neuron_described(LIF(name="n", shape=(2,), decay=0.5, threshold=1.0), entry)


def test_arrays_of_integer_neurons_hold_integers_alone() -> None:
    neuron = LoihiLIF(name="n", shape=(1,), threshold=1, du=0, dv=0, bias_mant=np.zeros(1, np.int64), bias_exp=0)
    entry = describe_neuron(neuron)
    entry["bias_mant"] = {"shape": [1], "dtype": "float64", "values": [0.5]}
    with pytest.raises(ValueError, match="integers are needed"):
        neuron_described(LIF(name="n", shape=(1,), decay=0.5, threshold=1.0), entry)
