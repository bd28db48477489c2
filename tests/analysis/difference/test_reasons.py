"""Each change of a network is named by what was changed, and nothing else is."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from snnhw.analysis.difference.matching import ONLY_A, Pair
from snnhw.analysis.difference.reasons import because, rate, reasons
from snnhw.analysis.difference.side import Row
from tests.analysis.difference.runs import between, pruned, sample_run, with_nodes


def whats(found, name="s0b0_2_mlf"):
    return {reason.what for reason in found.reasons[name]}


def slower(graph):
    old = graph.nodes["s0b0_2_mlf"]
    return with_nodes(graph, dataclasses.replace(old, decay=0.5))


def narrow(graph):
    old = graph.nodes["s0b0_2_conv"]
    return with_nodes(graph, dataclasses.replace(old, weight=old.weight.astype(np.float32)))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"change": pruned}, {"weights", "synapses", "rate"}),
        ({"change": slower}, {"neuron", "rate"}),
        ({"timesteps": 6}, {"steps", "rate", "arriving"}),
        ({"change": narrow}, {"weights", "wiring", "bits"}),
        ({}, set()),
    ],
)
def test_a_change_is_named(options, wanted):
    assert whats(between(sample_run(), sample_run(**options))) == wanted


def test_levels_name_the_neuron_and_k():
    found = between(sample_run(), sample_run(levels=1))
    assert {"levels", "neuron"} <= whats(found)
    texts = {reason.what: reason.text for reason in found.reasons["s0b0_2_mlf"]}
    assert texts["levels"] == "K 3 -> 1" and "thresholds 0.6, 1.6, 2.6 -> thresholds 0.6" in texts["neuron"]


def test_a_wider_network_names_shapes():
    found = between(sample_run(), sample_run(widths=(8, 6)))
    assert "shape 4x6x6 -> 8x6x6" in [reason.text for reason in found.reasons["stem_mlf"]]


def test_spikes_are_neurons_times_steps_times_rate():
    found = between(sample_run(), sample_run(timesteps=6, widths=(8, 6)))
    for pair in found.pairs:
        parts = because(pair, found.a, found.b)
        for key, change in parts.items():
            assert sum(change.values()) == found.change(pair, key)  # exactly
        for side, row in ((found.a, pair.a), (found.b, pair.b)):
            firing = rate(row, side)
            if firing is not None:
                assert firing * row.count("neurons") * side.timesteps == Fraction(row.count("spikes"), side.samples)


def test_without_weights_in_the_file_it_is_said_that_they_may_differ():
    a, b = sample_run(), sample_run(name="pruned", change=pruned)
    del a["parameters"]
    found = between(a, b)
    told = {reason.text for pair in found.reasons.values() for reason in pair if reason.what == "weights"}
    assert told == {
        "perhaps weights: the checksums of the networks differ, and one of the files does not hold weights by layer"
    }
    assert "weights" in whats(found) and "weights-unknown" in {finding.code for finding in found.findings}
    same = sample_run()
    del same["parameters"]
    assert not between(same, sample_run()).reasons["s0b0_2_mlf"]  # the checksum of all weights is the same


def test_a_row_alone_has_one_reason():
    found = between(sample_run(), sample_run())
    (reason,) = reasons(Pair(Row("x", "spiking", (1,)), None, ONLY_A), found.a, found.b)
    assert reason.to_dict() == {"what": "only", "text": ONLY_A}
