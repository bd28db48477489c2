"""Spiking attention from the module to the report, and what says no to it: `check` and the verbs, word for word."""

from __future__ import annotations

import json

import numpy as np
import pytest

from snnhw.checks.check import TARGETS, check
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.exporters import exporter, options_of
from snnhw.exporters.lava.lower import lower
from snnhw.nir.write import to_nir
from snnhw.passes import DEPLOYMENTS, compile_channels, deploy
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.refuse import sentence
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.simulation.record import check_replaceable
from snnhw.verbs.tables.reports import report_tables
from snnhw.workflows.backends import simulate_on
from snnhw.workflows.load import model_of
from snnhw.workflows.map import map_to_chip
from snnhw.workflows.report import make_report
from tests.analysis.counting.test_products import DIM, HEADS, OnTokens
from tests.attention_nets import SSA, Around, lif, random_weights


@pytest.fixture(scope="module")
def model():
    return model_of(random_weights(Around(OnTokens(SSA(DIM, HEADS, lif)), DIM, False)), (2, 8, 8))


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(0.5, 1, (4, 2, 8, 8)).astype(np.float32)


VERBS = {
    "loihi1": ("Loihi", lambda model, x: compile_loihi(model.graph, x)),
    "loihi2": ("Loihi", lambda model, x: compile_loihi(model.graph, x)),
    "c": ("Loihi", lambda model, x: compile_loihi(model.graph, x)),
    "bundle": ("Loihi", lambda model, x: compile_loihi(model.graph, x)),
    "rram": ("Loihi", lambda model, x: simulate_on("rram", model.graph, x)),
    "nengo-loihi": ("Loihi", lambda model, x: compile_loihi(model.graph, x)),
    "lava": ("lava", lambda model, x: lower(compile_channels(model.graph))),
    "sanafe": ("sanafe", lambda model, x: simulate_on("sanafe", model.graph, x)),
    "nir": ("nir", lambda model, x: to_nir(model.graph)),
}


@pytest.mark.parametrize("target", TARGETS)
def test_check_names_every_product_and_the_verb_refuses_the_first(model, x, target):
    errors = [f for f in check(model.graph, target) if f.severity == "error" and f.code == "product"]
    assert [f.node for f in errors] == ["block_block_product", "block_block_product_2"]
    assert all("products with stored weights alone" in f.message for f in errors)
    title, run = VERBS[target]
    with pytest.raises(InputError) as refused:
        run(model, x)
    assert str(refused.value) == sentence(errors[0], model.graph, title)


@pytest.mark.parametrize("target", ["lava", "nir"])
def test_no_file_is_written(model, tmp_path, target):
    with pytest.raises(InputError, match="'block_block_product' does not fit"):
        exporter(target).export(model.graph, tmp_path / "out", options_of(target, {}))
    assert not list(tmp_path.iterdir())


def test_cores_and_time_slots_have_no_products(model):
    with pytest.raises(InputError, match="'block_block_product' does not fit loihi1: it multiplies two values"):
        map_to_chip(model)
    with pytest.raises(InputError, match="'block_block_product' multiplies values whose levels come one after"):
        deploy(model.graph, "slots")


def test_channels_and_graded_spikes_give_the_same_network(model, x):
    before = simulate(model.graph, x, raster=True, execution=DOUBLE)
    for graph in (compile_channels(model.graph), deploy(model.graph, "graded")):
        after = simulate(graph, x, raster=True, execution=DOUBLE)
        assert set(after.raster) == set(before.raster)
        assert all(np.array_equal(after.raster[name], spikes) for name, spikes in before.raster.items())
        met = before.products["block_block_product"]
        assert np.array_equal(after.products["block_block_product"].events, met.events)


def test_the_record_keeps_what_met(model, x, tmp_path):
    record = simulate(model.graph, x)
    record.save(tmp_path / "spikes.npz")
    check_replaceable(tmp_path / "spikes.npz")
    with np.load(tmp_path / "spikes.npz") as saved:
        met = record.products["block_block_product"]
        assert np.array_equal(saved["met/block_block_product"], met.events) and met.events.min() > 0
        assert np.array_equal(saved["met_units/block_block_product"], met.synops)


def test_the_report_has_attention_in_rows_of_its_own(model, x, tmp_path):
    report, *_ = make_report(model, Samples("noise", x, None, None, "noise"), tmp_path)
    told = json.loads((tmp_path / "report.json").read_text())
    rows = {row["name"]: row for row in told["layers"] if row["kind"] == "product"}
    assert list(rows) == ["block_block_product", "block_block_product_2"]
    first = rows["block_block_product"]
    assert first["met_synops"] == first["unit_synops"] > 0 and first["neurons"] == first["neuron_updates"] == 0
    for energy in told["energy"].values():
        attention = sum(energy["layers"][name]["typical"] for name in rows)
        assert energy["split"]["attention"]["typical"] <= attention * (1 + 1e-12)
        assert any(sentence.startswith("Attention:") for sentence in energy["assumes"])
    page = (tmp_path / "report.html").read_text()
    assert "attention" in page and "block_block_product_2" in page
    tables = [table for table in report_tables(report) if not isinstance(table, str)]
    assert any("block_block_product" in map(str, next(iter(table.columns)).cells) for table in tables)
    assert set(told["deployments"]) == set(DEPLOYMENTS)
    assert any("does not fit loihi1: it multiplies two values" in f["message"] for f in told["findings"])
