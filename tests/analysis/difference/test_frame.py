"""diff.csv has every number of diff.json."""

from __future__ import annotations

from snnhw.analysis.difference.frame import COLUMNS, TOTAL, difference_frame
from tests.analysis.difference.runs import between, pruned, sample_run

OF_NETWORK = {"neurons", "synapses", "params", "dense_macs", "dense_inputs", "dense_addresses"}


def unit_of(key):
    return "network" if key in OF_NETWORK else "bit" if key == "weight_bits" else "1/inference"


def test_rows_are_the_numbers_of_the_json():
    found = between(sample_run(), sample_run(change=pruned))
    told, frame = found.to_dict(), difference_frame(found)
    assert tuple(frame.columns) == COLUMNS
    by_place = {(row.layer_a, row.quantity): row for row in frame.itertuples()}
    assert len(by_place) == len(frame)
    for layer in told["layers"]:
        for key, three in layer["counts"].items():
            row = by_place[layer["a"], key]
            assert (row.a, row.b, row.difference, row.unit) == (*three.values(), unit_of(key))
        for name, energy in layer["energy"].items():
            row = by_place[layer["a"], f"energy {name}, high"]
            assert (row.a, row.b, row.difference) == (
                energy["a"]["high"],
                energy["b"]["high"],
                energy["difference"]["high"],
            )
    for key, three in told["totals"].items():
        assert by_place[TOTAL, key].difference == three["difference"]
    for name, energy in told["energy"].items():
        assert by_place[TOTAL, f"energy {name}, typical"].difference == energy["difference"]["typical"]
