"""What a file of counts says about itself comes back, and what does not fit together is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from snnhw.analysis.stored.header import LEVELS, SAME, deployed_as, parse_header
from snnhw.passes import compile_channels, deploy
from tests.analysis.stored.runs import network, part, whole


def test_the_text_of_a_header_comes_back_and_is_one_for_equal_headers():
    header = whole().header
    text = header.text()
    assert parse_header(text) == header and parse_header(text).text() == text
    assert json.loads(text)["format"] == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: v.update(format=2), "format 1"),
        (lambda v: v.pop("network"), "no field 'network'"),
        (lambda v: v["demand"]["columns"].pop(), "do not fit its layers"),
        (lambda v: v["demand"]["columns"].append(v["demand"]["columns"][0]), "there twice"),
        (lambda v: v["demand"]["columns"][0].update(quantity="joules"), "columns are unknown"),
        (lambda v: v["demand"]["branches"].pop(), "do not fit its layers"),
        (lambda v: v["demand"]["runs"].pop(), "do not fit its layers"),
        (lambda v: v["demand"]["silent"]["layers"][0].update(macs=-1), "macs is -1"),
        (lambda v: v["demand"]["silent"].update(samples=2), "there twice"),
        (lambda v: v.update(shard_samples=0), "no samples"),
        (lambda v: v.update(data_samples=0), "no samples"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, told):
    values = json.loads(whole().header.text())
    change(values)
    with pytest.raises(ValueError, match=told):
        parse_header(json.dumps(values))


def test_what_is_no_header_is_refused():
    for text in ("[]", "1", '{"format": 1}', "{}"):
        with pytest.raises(ValueError, match=r"header|format"):
            parse_header(text)


def test_parts_of_one_run_are_alike_and_whatever_differs_is_named():
    one, two = part(0, 4).header, part(4, 10).header
    assert one.unlike(two) == "" and (one + two).layout == whole().header.layout
    changes = {
        "deployment": "graded",
        "graph_checksum": "f" * 64,
        "data_checksum": "f" * 64,
        "data_samples": 11,
        "input_kind": "events 0..1",
        "shard_samples": 3,
        "labelled": False,
        "stage": "loihi integers",
        "weights_checksum": "f",
        "network": "other",
        "data": "other",
        "seed": "7",
        "versions": {},
        "findings": (),
        "sparsity": 0.5,
        "twin_accuracy": 0.5,
        "demand": replace(one.demand, inhibits=()),
    }
    assert list(changes) == list(SAME)
    for field, value in changes.items():
        assert one.unlike(replace(two, **{field: value})) == SAME[field]
    elsewhere = replace(two.layout, input_shape=(1, 1, 1))
    assert one.unlike(replace(two, layout=elsewhere)) == "the places on chips"


def test_the_deployment_is_read_off_the_graph():
    graph, _ = network()
    assert deployed_as(graph) == LEVELS
    assert deployed_as(compile_channels(graph)) == "channels"
    assert deployed_as(deploy(graph, "graded")) == "graded"
    assert deployed_as(deploy(graph, "slots")) == "slots"
