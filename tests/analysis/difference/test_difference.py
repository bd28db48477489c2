"""The law of differences: those of the layers add up to those of the totals of both report.json, exactly."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.counts import BY_STEP, STATIC, TOTALS
from tests.analysis.difference.runs import between, pruned, report_of, sample_run
from tests.analysis.nets import networks, random_raster, record_of

KEYS = ("spikes", *TOTALS)


def in_all(report, key):
    """A total of a report.json per inference, exactly."""
    total = report["totals"][key]
    total = sum(total) if key == "spikes" else total
    return Fraction(total, report["samples"]) if key in ("spikes", *BY_STEP) else Fraction(total)


def holds(a, b):
    """The law, for two report.json."""
    found = between(a, b)
    told = json.loads(json.dumps(found.to_dict()))
    assert found.counts == ("spikes", *BY_STEP, "neurons", *STATIC)
    for key in KEYS:
        wanted = in_all(b, key) - in_all(a, key)
        assert sum(found.change(pair, key) for pair in found.pairs) == wanted
        assert found.total(found.b, key) - found.total(found.a, key) == wanted
        assert told["totals"][key]["difference"] == pytest.approx(float(wanted), rel=1e-15, abs=0)
        assert math.fsum(layer["counts"][key]["difference"] for layer in told["layers"]) == pytest.approx(
            float(wanted), rel=1e-12, abs=1e-9
        )
    for name, priced in told["energy"].items():
        for end in ("low", "typical", "high"):
            before, after = (r["energy"][name]["per_inference"][end] for r in (a, b))
            assert priced["difference"][end] == after - before
            rows = [layer["energy"][name]["difference"][end] for layer in told["layers"] if name in layer["energy"]]
            assert math.fsum(rows) == pytest.approx(after - before, rel=1e-9, abs=1e-12 * max(before, after))
        parts = [math.fsum(x["energy"][name]["parts"].values()) for x in told["layers"] if name in x["energy"]]
        typical = priced["difference"]["typical"]
        assert math.fsum(parts) == pytest.approx(typical, rel=1e-9, abs=1e-12 * priced["a"]["high"])
    return found


@settings(max_examples=15)
@given(networks(), networks(), st.integers(1, 3), st.integers(1, 3))
def test_layers_add_up_to_the_totals_of_both_reports(one, other, few, many):
    rng = np.random.default_rng(few * 7 + many)
    made = [report_of(g, record_of(g, random_raster(g, rng, samples))) for g, samples in ((one, few), (other, many))]
    found = holds(*made)
    because = found.to_dict()["layers"]
    for layer in because:
        for key, parts in layer["because"].items():
            assert math.fsum(parts.values()) == pytest.approx(layer["counts"][key]["difference"], rel=1e-9, abs=1e-9)


def test_a_pruned_layer_and_those_behind_it_differ_and_the_rest_does_not():
    found = holds(sample_run(), sample_run(name="pruned", change=pruned))
    changed = {pair.name for pair in found.pairs if found.change(pair, "unit_synops")}
    assert "s0b0_2_mlf" in changed and not {"stem_mlf", "s0b0_1_mlf"} & changed
    (reason,) = [r for r in found.reasons["s0b0_2_mlf"] if r.what == "weights"]
    assert reason.text.startswith("weights (148, non-zero 148 -> 76, sha256 ")
    assert not found.reasons["stem_mlf"] and not found.is_empty


def test_other_numbers_of_samples_are_compared_per_inference():
    a, b = sample_run(samples=2), sample_run(samples=5)
    holds(a, b)
    assert not any(between(a, a).change(pair, key) for pair in between(a, a).pairs for key in KEYS)


def test_turning_the_sides_round_turns_the_signs():
    a, b = sample_run(), sample_run(name="pruned", change=pruned)
    one, other = between(a, b), between(b, a)
    for key in KEYS:
        assert [one.change(p, key) for p in one.pairs] == [-other.change(p, key) for p in other.pairs]
    assert {(x.to_dict()["energy"]["horowitz45-fp32"]["b_needs"]) for x in (one, other)} == {"less", "more"}


def test_a_run_and_itself_differ_in_nothing():
    a = sample_run()
    assert between(a, a).is_empty


def test_the_whole_chip_is_a_row_of_its_own():
    found = holds(*(sample_run(profiles=("loihi2",), timesteps=t) for t in (4, 6)))
    (chip,) = [pair for pair in found.pairs if pair.name == "chip"]
    (prices,) = found.prices.values()
    a, b, moved = found.energy(chip, prices)
    assert b.typical > a.typical and moved.typical == b.typical - a.typical
