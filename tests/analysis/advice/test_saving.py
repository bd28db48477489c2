import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.advice.saving import saving
from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import EnergyEstimate, Term, estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from tests.nets import residual_net

PROFILE = load_profile("loihi1-davies2018")
ends = st.lists(st.floats(0.125, 8), min_size=3, max_size=3).map(sorted)
amounts = st.tuples(ends, st.integers(0, 9), st.integers(0, 9))


def estimates(rows):
    """(before, after): of every constant its three values and how often it is paid on either side."""

    def made(side):
        terms = []
        for number, (values, *times) in enumerate(rows):
            constant = replace(PROFILE["synop"], name=f"c{number}", range=Range(*values))
            terms.append(Term("layer", "synapse", "synops", Range.exact(times[side]), constant, True))
        return EnergyEstimate(PROFILE, "channels", tuple(terms), (), ())

    return made(0), made(1)


@given(st.lists(amounts, min_size=1, max_size=6))
def test_the_ends_are_those_of_every_combination_of_constants(rows):
    before, after = estimates(rows)
    if not before.per_inference.low:
        with pytest.raises(InputError, match="spends nothing"):
            saving(before, after)
        return
    found = saving(before, after)
    shares, joules = [], []
    for corner in itertools.product((0, 2), repeat=len(rows)):
        b, a = (sum(v[end] * times[side] for (v, *times), end in zip(rows, corner, strict=True)) for side in (0, 1))
        shares.append(1 - a / b)
        joules.append(b - a)
    typical = [sum(v[1] * times[side] for v, *times in rows) for side in (0, 1)]
    assert found.share.low == pytest.approx(min(*shares, 1 - typical[1] / typical[0]))
    assert found.share.high == pytest.approx(max(*shares, 1 - typical[1] / typical[0]))
    assert found.share.typical == pytest.approx(1 - typical[1] / typical[0])
    assert found.joules.low == pytest.approx(min(*joules, typical[0] - typical[1]))
    assert found.joules.high == pytest.approx(max(*joules, typical[0] - typical[1]))


def test_half_of_everything_is_half_whatever_the_constants_are():
    before, after = estimates([([1, 2, 8], 4, 2), ([0.5, 0.5, 7], 6, 3)])
    assert saving(before, after).share.ends == (0.5, 0.5, 0.5)
    wider = saving(before, after).widened(0.1, 1.0)
    assert wider.share.ends == pytest.approx((0.4, 0.5, 0.6))
    assert wider.joules.low == saving(before, after).joules.low - 1
    assert wider.to_dict()["joules"]["unit"] == "J"


def test_a_saving_is_narrower_than_a_quotient_of_ranges():
    net = residual_net(seed=3, widths=(4, 6), samples=5)
    graph = run_passes(net.graph, FLOAT)
    counts = count(graph, simulate(graph, net.inputs))
    before, after = (estimate(counts, PROFILE, deployment=name) for name in ("channels", "shared"))
    quotient = after.per_inference.over(before.per_inference)
    found = saving(before, after).share
    assert 1 - quotient.high < found.low < found.typical < found.high < 1 - quotient.low


def test_energies_of_two_profiles_or_scopes_are_not_subtracted():
    before, after = estimates([([1, 2, 8], 4, 2)])
    other = replace(after, profile=load_profile("loihi1-sanafe"))
    with pytest.raises(InputError, match="compare energies of the same profile"):
        saving(before, other)
    waiting = replace(after.terms[0], constant=replace(after.terms[0].constant, name="static_chip"))
    with pytest.raises(InputError, match="of one profile and scope"):
        saving(before, replace(after, terms=(waiting,)))
