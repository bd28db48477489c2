from dataclasses import replace

import pytest

from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.twin import ann_estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.deciding import deciding
from tests.analysis.report_sample import sample_report


def with_constant(profile, name, value):
    """The profile with every other constant at its typical value, and this one at `value`."""
    fixed = {
        key: replace(constant, range=Range.exact(value if key == name else constant.typical))
        for key, constant in profile.constants.items()
    }
    return replace(profile, constants=fixed)


@pytest.fixture(scope="module")
def counts():
    return sample_report(complete=False).counts


def scaled(twin, factor):
    return replace(twin, terms=tuple(replace(term, count=term.count.scaled(factor)) for term in twin.terms))


@pytest.mark.parametrize("position", [0.2, 0.6, 1.2, 1.7])
def test_at_the_value_named_both_need_the_same(counts, position):
    """The twin is scaled so that both meet at a place in the range of the synop; the sentence names that place."""
    profile = load_profile("loihi1-davies2018")
    low, typical, high = profile["synop"].range.ends
    at = low + position * (typical - low) if position < 1 else typical + (position - 1) * (high - typical)
    assert low < at < high
    meets = estimate(counts, with_constant(profile, "synop", at)).per_inference.typical
    twin = ann_estimate(counts, profile, "fp32")
    twin = scaled(twin, meets / twin.per_inference.typical)
    found = estimate(counts, profile)
    only = replace(
        found,
        terms=tuple(
            t
            if t.constant.name == "synop"
            else replace(t, constant=replace(t.constant, range=Range.exact(t.constant.typical)))
            for t in found.terms
        ),
    )
    fixed = replace(
        twin,
        terms=tuple(
            replace(t, constant=replace(t.constant, range=Range.exact(t.constant.typical))) for t in twin.terms
        ),
    )
    decides = deciding(only, fixed)
    assert decides.constant.name == "synop" and decides.side == "network" and decides.cheaper_below
    assert decides.flip == pytest.approx(at)
    assert "synop decides: the network is cheaper below" in decides.sentence


def test_nothing_decides_where_all_say_the_same(counts):
    profile = load_profile("loihi1-davies2018")
    found, twin = estimate(counts, profile), ann_estimate(counts, profile, "fp32")
    assert deciding(found, scaled(twin, 1e6)) is None and deciding(found, scaled(twin, 1e-6)) is None


def test_a_curve_that_both_follow_moves_both(counts):
    """Halfway from typical to high on the curve, all else typical, a scaled twin needs what the network does."""
    profile = load_profile("lemaire45")
    found, twin = estimate(counts, profile), ann_estimate(counts, profile, "fp32", "memory")
    network, ann = (only_the_curve(one) for one in (found, twin))
    middle = [(one.per_inference.typical + one.per_inference.high) / 2 for one in (network, ann)]
    decides = deciding(network, scaled(ann, middle[0] / middle[1]))
    _, typical, high = decides.constant.range.ends
    assert decides.side == "both" and decides.flip == pytest.approx((typical + high) / 2)
    assert decides.constant.follows == "SRAM curve" and "of its typical value" in decides.sentence


def only_the_curve(found):
    """The same with every constant exact that is not read off the curve of memories."""
    terms = [
        t if t.constant.follows else replace(t, constant=replace(t.constant, range=Range.exact(t.constant.typical)))
        for t in found.terms
    ]
    return replace(found, terms=tuple(replace(t, count=Range.exact(t.count.typical)) for t in terms))


def test_a_constant_of_the_twin_decides_the_other_way_round(counts):
    profile = load_profile("loihi1-davies2018")
    found, twin = estimate(counts, profile), ann_estimate(counts, profile, "fp32")
    fixed = replace(
        found,
        terms=tuple(
            replace(t, constant=replace(t.constant, range=Range.exact(t.constant.typical))) for t in found.terms
        ),
    )
    mac = twin.terms[0].constant
    middle = (mac.typical + mac.range.high) / 2
    close = scaled(twin, found.per_inference.typical / (twin.per_inference.typical * middle / mac.typical))
    decides = deciding(fixed, close)
    assert decides.side == "twin" and not decides.cheaper_below and decides.flip == pytest.approx(middle)
    assert "mac of the twin decides: the network is cheaper above" in decides.sentence
