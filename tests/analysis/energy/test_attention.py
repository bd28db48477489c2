"""The price of attention: what meets is accumulated, on every profile a part and rows of its own."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.breakeven import break_even_layers, published_bounds
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.memory import memory_layers
from snnhw.analysis.energy.twin import ann_estimate, matched_estimate
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import model_of
from tests.analysis.counting.test_products import DIM, HEADS, STEPS, TOKENS, OnTokens
from tests.analysis.nets import small_net
from tests.attention_nets import SSA, Around, lif, random_weights
from tests.graph.test_product import SIZE, graph_of

PJ, SAMPLES = 1e-12, 2


@pytest.fixture(scope="module")
def model():
    return model_of(random_weights(Around(OnTokens(SSA(DIM, HEADS, lif)), DIM, False)), (2, 8, 8))


@pytest.fixture(scope="module")
def counts(model):
    return count(model.graph, simulate(model.graph, np.random.default_rng(0).normal(0.5, 1, (SAMPLES, 2, 8, 8))))


@pytest.fixture(scope="module")
def products(counts):
    return [row for row in counts.layers if row.kind == "product"]


@pytest.mark.parametrize("name", available_profiles())
def test_the_split_has_attention_and_adds_up(counts, products, name):
    profile = load_profile(name)
    energy = estimate(counts, profile)
    whole = energy.per_inference.typical
    for parts in (energy.split, energy.layers):
        assert Range.total(parts.values()).typical == pytest.approx(whole, rel=1e-12)
    assert any(sentence.startswith("Attention:") for sentence in energy.assumes)
    said = any(sentence.startswith("No chip has products") for sentence in energy.assumes)
    assert said == (profile.model in ("events", "power"))
    if profile.model != "power":
        assert energy.split["attention"].low > 0
        assert {row.name for row in products} <= set(energy.layers)


def test_accumulations_of_the_convention_by_hand(counts, products):
    """0.9 pJ for each pair that meets, and N times for a spike of v; 4.6 pJ for a multiply-accumulate of the twin."""
    split = estimate(counts, load_profile("horowitz45-fp32")).split
    accumulated = sum(row.unit_synops for row in products)
    assert split["attention"].typical == pytest.approx(0.9 * PJ * accumulated / SAMPLES)
    twin = ann_estimate(counts, load_profile("horowitz45-fp32"), "fp32")
    assert any("a softmax is not priced" in sentence for sentence in twin.assumes)
    dense = [term.energy.typical for term in twin.terms if term.part == "attention"]
    assert dense == pytest.approx([4.6 * PJ * TOKENS * TOKENS * DIM] * 2)


def test_two_analogue_factors_are_multiplied_in_every_step():
    graph = graph_of([], [])
    counts = count(graph, simulate(graph, np.ones((3, SIZE))))
    split = estimate(counts, load_profile("horowitz45-fp32")).split
    assert split == {"attention": split["attention"]}
    assert split["attention"].typical == pytest.approx(4.6 * PJ * 2 * 12)


def test_memory_reads_the_other_factor_and_no_weights(counts, products):
    first = products[0]
    terms = {t.quantity: t for t in estimate(counts, load_profile("lemaire45")).terms if t.layer == first.name}
    assert terms["weight reads for synops"].constant.name == f"access to {2 * TOKENS * DIM} words of factors"
    outputs = HEADS * TOKENS * TOKENS
    assert terms["potential reads and writes for synops"].constant.name == f"access to {outputs} words of potentials"
    assert "neuron_updates" not in terms


def test_break_even_takes_the_share_of_pairs_that_meet(counts, products):
    energy = estimate(counts, load_profile("horowitz45-fp32"))
    twin = ann_estimate(counts, load_profile("horowitz45-fp32"), "fp32")
    rates = {row.name: row.rate for row in break_even_layers(counts, energy, twin.layers)}
    for row in products:
        share = row.unit_synops / (SAMPLES * STEPS * TOKENS * TOKENS * DIM)
        assert rates[row.name] == pytest.approx(share) and 0 < share < 1


def test_spikes_per_synapse_leave_products_out(counts, products):
    rest = counts.total("unit_synops") - sum(row.unit_synops for row in products)
    assert published_bounds(counts)[0].measured == pytest.approx(rest / counts.total("synapses") / SAMPLES)


def test_the_matched_twin_says_what_it_takes_of_products(counts):
    sentence = "Products of two activations are taken to meet a zero as often as the layers with weights."
    assert sentence in matched_estimate(counts, load_profile("horowitz45-int8"), 0.5).assumes
    plain = small_net()
    without = count(plain, simulate(plain, np.ones((1, 2, 6, 6))))
    assert sentence not in matched_estimate(without, load_profile("horowitz45-int8"), 0.5).assumes


def test_the_readings_of_lemaire_have_no_products(model, counts):
    with pytest.raises(InputError, match="'block_block_product' multiplies two values, which Lemaire et al"):
        memory_layers(model.graph, counts)
