"""The matched quantised twin, and the activation sparsity that it may use."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.twin import ann_estimate, ann_estimates, matched_estimate, scopes
from snnhw.analysis.energy.twin_assumes import REASONS, covers
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Graph, Input, Readout
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net

PJ = 1e-12


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))


def test_matched_twin_by_hand(counts):
    """K = 3 and T = 3: ten values, 4 bits; half the multiplier, 60 % of the MACs behind the first layer skipped."""
    twin = matched_estimate(counts, load_profile("horowitz45-int8"), 0.6)
    assert twin.precision == "int4, matched"
    expected = 0.3 * 2048 + (0.2 / 2 + 0.1) * 0.4 * (2048 + 10)
    assert twin.per_inference.typical == pytest.approx(expected * PJ)
    assert (
        twin.per_inference.typical < ann_estimate(counts, load_profile("horowitz45-int8"), "int8").per_inference.typical
    )
    assert "60 %" in twin.to_dict()["assumes"][0]
    with pytest.raises(InputError, match="no share"):
        matched_estimate(counts, load_profile("horowitz45-int8"), 1.5)


def test_memory_of_the_twin_by_hand(counts):
    """Read-out: 1280 MACs of 8 bits, as many reads of inputs and weights, 5 writes; 8 of 64 bits of 10 pJ an access."""
    twin = ann_estimate(counts, load_profile("lemaire45"), "int8", "memory")
    readout, access = counts.layers[-1], 10 * 8 / 64
    assert readout.dense_inputs == 2 and readout.neurons == 5
    addresses = 2 + 5 + 5
    expected = 10 * 0.3 + (10 + 10 + 5) * access + addresses * 0.1
    assert twin.layers["readout"].typical == pytest.approx(expected * PJ)
    once = 10 * 0.23 + addresses * 0.03
    reads = [t for t in twin.terms if t.layer == "readout" and t.part == "memory"]
    assert [t.count.low for t in reads] == [2, 10, 5, addresses]
    assert twin.layers["readout"].low == pytest.approx(
        once * PJ + sum(t.count.low * t.constant.range.low for t in reads[:3])
    )
    assert (
        "memory" not in twin.excludes and "memory" in ann_estimate(counts, load_profile("lemaire45"), "int8").excludes
    )


def test_movement_of_the_twin_by_hand(counts):
    """INT8 activations behind the first layer travel one, two or four hops at 0.25 pJ a bit."""
    twin = ann_estimate(counts, load_profile("yan22"), "int8", "movement")
    inputs = sum(layer.dense_inputs for layer in counts.layers[1:])
    bare = ann_estimate(counts, load_profile("yan22"), "int8").per_inference
    for end, hops in (("low", 1), ("typical", 2), ("high", 4)):
        moved = getattr(twin.per_inference, end) - getattr(bare, end)
        assert moved == pytest.approx(0.25 * PJ * 8 * inputs * hops)


def test_twins_are_priced_like_the_network():
    """Memory where the profile of the network counts memory, movement where it counts movement, else arithmetic."""
    for name, beyond in {"lemaire45": "memory", "loihi2": "memory", "yan22": "movement"}.items():
        assert scopes(load_profile(name), "int8") == ("arithmetic", beyond)
    assert scopes(load_profile("horowitz45-fp32"), "int8") == ("arithmetic",)
    assert scopes(load_profile("gpu-titan-black"), "fp32") == ("processor",)  # one figure that holds everything


@pytest.mark.parametrize("name", ["arm-cortex-a", "cpu-i7-4960x", "gpu-titan-black"])
def test_a_twin_priced_all_in_is_not_called_bare_arithmetic(counts, name):
    profile = load_profile(name)
    twin = ann_estimate(counts, profile, "fp32")
    assert (twin.scope, twin.key) == (profile.scope, "fp32") and covers(twin.scope) == "all-in per operation"
    assert "memory" not in twin.excludes and set(profile.excludes) < set(twin.excludes)
    assert twin.per_inference.typical == pytest.approx(counts.total("dense_macs") * profile["mac"].range.typical)


def test_twins_of_every_scope_have_names_of_their_own(counts):
    found = ann_estimates(counts, load_profile("loihi1-davies2018"), sparsity=0.5)
    assert list(found) == [
        f"{precision}{scope}" for precision in ("fp32", "int8", "int4, matched") for scope in ("", ", with memory")
    ]
    for key, twin in found.items():
        assert twin.key == key
        arithmetic = found[twin.precision].per_inference
        assert twin.per_inference.typical >= arithmetic.typical


@pytest.fixture(scope="module")
def of_events():
    graph = declare_input(small_net(), 3)
    return count(graph, simulate(graph, np.random.default_rng(3).integers(0, 4, (4, 3, 2, 6, 6))))


def test_the_twin_of_a_network_on_events_gets_their_sums_once(counts, of_events):
    assert of_events.total("macs") == 0 < counts.total("macs") and of_events.layers[0].takes_events
    for precision in ("fp32", "int8"):
        twin = ann_estimate(of_events, load_profile("horowitz45-fp32"), precision)
        analogue = ann_estimate(counts, load_profile("horowitz45-fp32"), precision)
        assert (twin.per_inference, twin.macs) == (analogue.per_inference, analogue.macs)
        assert [text for text in twin.assumes if text not in analogue.assumes] == [REASONS["summed"]]
    matched, analogue = (matched_estimate(c, load_profile("horowitz45-int8"), 0.6) for c in (of_events, counts))
    assert matched.per_inference == analogue.per_inference  # dense in the first layer
    assert REASONS["summed"] in matched.assumes


def test_what_travels_into_the_first_layer_is_paid_on_both_sides_if_it_is_events(counts, of_events):
    """2 x 6 x 6 sums of 8 bits against addresses of 7 bits, two hops each."""
    profile, inputs = load_profile("yan22"), 2 * 6 * 6
    twin, analogue = (ann_estimate(c, profile, "int8", "movement").per_inference for c in (of_events, counts))
    assert twin.typical - analogue.typical == pytest.approx(inputs * 8 * 2 * 0.25 * PJ)
    energy, (edge,) = estimate(of_events, profile), of_events.layers[0].edges
    sent = [t for t in energy.terms if t.layer == of_events.layers[0].name and t.part == "communication"]
    assert [t.count.typical for t in sent] == [edge.spikes * 7 * 2 / of_events.samples]
    assert any("Events of the input" in text for text in energy.assumes)
    assert not any("Events of the input" in text for text in estimate(counts, profile).assumes)


def test_a_network_without_weights_has_no_twin_to_divide_by():
    nodes = [
        Input(name="input", shape=(4,)),
        LIF(name="unit", shape=(4,), decay=0.9, threshold=0.5),
        Readout(name="end", shape=(4,)),
    ]
    graph = Graph.build(nodes, [("input", "unit"), ("unit", "end")], 3)
    found = count(graph, simulate(graph, np.ones((2, 4))))
    for name in ("loihi1-davies2018", "horowitz45-fp32"):
        assert ann_estimates(found, load_profile(name), sparsity=0.5) == {}
        assert estimate(found, load_profile(name)).per_inference.low > 0  # its neurons cost something all the same


def test_a_twin_that_computes_every_frame_costs_as_many_passes():
    """T = 3 frames: every term three times, but for words that a memory reads only once; one step has K + 1 values."""
    graph, rng = small_net(), np.random.default_rng(3)
    moving, still = (count(graph, simulate(graph, rng.normal(size=(4, *t, 2, 6, 6)))) for t in ((3,), ()))
    for name, precision in (("horowitz45-fp32", "fp32"), ("horowitz45-int8", "int8"), ("yan22", "int8")):
        for scope in scopes(load_profile(name), precision):
            frames, once = (ann_estimate(c, load_profile(name), precision, scope) for c in (moving, still))
            assert frames.per_inference.typical == pytest.approx(3 * once.per_inference.typical)
            assert (
                frames.macs == 3 * once.macs
                and frames.computes == "a frame-wise ANN, one dense pass for each of 3 frames"
            )
    frames, once = (ann_estimate(c, load_profile("lemaire45"), "int8", "memory") for c in (moving, still))
    assert frames.per_inference.typical == pytest.approx(3 * once.per_inference.typical)
    weights = [[t.count.low for t in twin.terms if t.quantity == "weight reads"] for twin in (frames, once)]
    assert weights[0] == weights[1]
    assert matched_estimate(moving, load_profile("horowitz45-int8"), 0.5).precision == "int2, matched"  # K = 3: 0..3
    assert matched_estimate(still, load_profile("horowitz45-int8"), 0.5).precision == "int4, matched"
