"""What NIR has no field for survives as one JSON string, and whatever stands there instead breaks nothing."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nir.io import from_nir, to_nir
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
