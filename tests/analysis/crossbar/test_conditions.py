"""What would have to be true: with that price of a conversion, the network needs exactly as much."""

import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.conditions import conditions, conversion_price, conversions
from snnhw.analysis.crossbar.costs import load_costs
from snnhw.analysis.crossbar.digital import adders_of
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.pricing import ACCOUNTINGS, price, read_layers
from snnhw.analysis.crossbar.reads import count_reads
from snnhw.analysis.crossbar.twin import matched_twin
from snnhw.analysis.crossbar.verdict import Row
from snnhw.analysis.ranges import Range
from snnhw.quantisation.compile import compile_loihi
from tests.nets import residual_net


@pytest.fixture(scope="module")
def priced():
    sample = residual_net(1)
    mapping = map_crossbars(compile_loihi(sample.graph, sample.inputs).graph, load_crossbar("rram"))
    reads, costs = count_reads(mapping, sample.inputs), load_costs("rram")
    driven, adders = read_layers(mapping, reads.layers), adders_of(mapping.graph)
    both = [price("net", driven, adders, reads.samples, costs, way) for way in ACCOUNTINGS]
    return *both, matched_twin(mapping, reads, costs, "silent skipped")


def test_the_price_of_a_conversion_at_which_both_need_the_same(priced):
    _, skipped, _ = priced
    energy = 0.7 * skipped.per_inference.typical
    found = conversion_price(skipped, energy)
    others = sum(term.energy.typical for term in skipped.terms if term.part != "adc")
    assert others + found * conversions(skipped) == pytest.approx(energy)
    assert conversion_price(skipped, 0.9 * others) is None


def test_conditions_in_words(priced):
    every, skipped, twin = priced
    digital = Row("digital ANN, int8", Range(1e-15, 1e-3, 1e-3), "memory", "45", 8, "lemaire45")
    reads, lowest, typical = conditions(every, skipped, twin, digital)
    assert reads.now.startswith(f"{100 * conversions(skipped) / conversions(every):.1f}")
    assert reads.needed.startswith(f"at most {100 * conversions(twin) / conversions(every):.1f}")
    assert lowest.needed == "no price: all else needs more" and typical.needed.startswith("below ")
    assert lowest.now == typical.now
