"""The table of one call: its numbers are those that report.json has, for networks that were made elsewhere."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

import snnhw
from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.workflows.load import called_model, load_model
from snnhw.workflows.report import build_report
from snnhw.workflows.summary import overview_of, summary
from tests.foreign_nets import FILES, MODULES, NAMES, foreign

READINGS = {"snntorch curve": Reading(input_shape=(1,)), "norse_lif": Reading(written_by="norse")}
SAME = ("model", "samples", "timesteps", "totals", "headline")


@pytest.mark.parametrize("name", NAMES)
def test_the_table_equals_report_json_and_fits_eighty_columns(name, tmp_path):
    network, x = foreign(name, tmp_path)
    steps = x.shape[1] if name in ("snntorch events", "snntorch curve", *FILES) else None
    reading = READINGS.get(name, Reading())
    if name in MODULES:
        made = summary(network, x, reading=reading)
        again, _ = foreign(name, tmp_path)
        model = called_model(again, x.shape[1:] if steps is None else x.shape[2:], None, (None, steps), "it")
    else:
        made = summary(network, snnhw.inputs_of("own", x, None), reading=reading)
        model = load_model(network, reading)
    written = json.loads(json.dumps(build_report(model, snnhw.inputs_of("own", x, None)).to_dict()))
    found = json.loads(json.dumps(made.to_dict()))

    assert {key: found[key] for key in SAME} == {key: written[key] for key in SAME}
    assert [row["name"] for row in found["layers"]][: len(written["layers"])] == [r["name"] for r in written["layers"]]
    for row, own in zip(found["layers"], written["layers"], strict=False):
        assert row["rate"] == own["rate"] and row["params"] == own["params"]
        assert row["spikes"] == sum(own["spikes"]) / written["samples"]
        assert row["unit_synops"] == own["unit_synops"] / written["samples"]
        assert row["macs"] == own["macs"] / written["samples"]
        priced = written["energy"]["loihi1-davies2018"]["layers"].get(row["name"])
        assert row["energy"] == (None if priced is None else {"unit": "J", **priced})
    for profile, priced in written["energy"].items():
        assert {key: found["energy"][profile][key] for key in ("low", "typical", "high")} == priced["per_inference"]
        for key, twin in written["ann"][profile].items():
            assert found["ann"][profile][key]["typical"] == twin["per_inference"]["typical"]
    rows = [row["energy"]["typical"] for row in found["layers"] if row["energy"]]
    assert sum(rows) == pytest.approx(found["energy"]["loihi1-davies2018"]["typical"])
    assert written["totals"]["spikes"] != [0] and max(map(len, made.text.splitlines())) <= 80
    assert found["per"]["layers"].startswith("inference, means") and found["per"]["totals"].startswith("all samples")
    assert {a["code"] for a in found["assumed"]} == {a["code"] for a in written["assumed"]}


def test_every_way_to_name_model_and_samples_gives_one_table(tmp_path):
    x = snnhw.load_inputs("digits:test").first(3)
    np.save(tmp_path / "x.npy", x.values)
    model = snnhw.load_model("digits")
    given = (x.values, torch.as_tensor(x.values), x, tmp_path / "x.npy", str(tmp_path / "x.npy"))
    tables = {json.dumps(summary(model, samples).to_dict()["layers"]) for samples in given}
    tables.add(json.dumps(summary("digits", x, ("loihi1-davies2018",)).to_dict()["layers"]))
    tables.add(json.dumps(summary(model.network, x.values).to_dict()["layers"]))
    tables.add(json.dumps(overview_of(model, x).to_dict()["layers"]))
    assert len(tables) == 1


def test_time_steps_of_a_module_come_from_the_call_or_from_the_samples():
    network = nn.Sequential(nn.Linear(5, 4), _leaky())
    held = summary(network, np.ones((2, 5), np.float32), timesteps=6)
    frames = summary(network, np.ones((2, 7, 5), np.float32), reading=Reading(input_shape=(5,)))
    assert (held.report.counts.timesteps, frames.report.counts.timesteps) == (6, 7)


def _leaky() -> nn.Module:
    import snntorch

    return snntorch.Leaky(beta=0.9, init_hidden=True)


@pytest.mark.parametrize(
    ("model", "samples", "says"),
    [
        ("digits", [[1.0]], "Got a list where samples are needed"),
        (
            "digits",
            np.zeros((0, 1, 8, 8), np.float32),
            r"The samples of shape \[0, 1, 8, 8\] are none; give at least one",
        ),
        (nn.Linear(2, 2), np.zeros((2, 3, 2), np.float32), "may be images of one channel or have time steps"),
        (nn.Linear(2, 2), "digits:test", "do not say the size of a frame"),
        (3, np.zeros((1, 2), np.float32), "Got a int where a LoadedModel is needed"),
        ("digit", np.zeros((1, 1, 8, 8), np.float32), "did you mean 'digits'"),
    ],
)
def test_what_cannot_be_summed_up_is_refused_with_what_to_give(model, samples, says):
    with pytest.raises(InputError, match=says):
        summary(model, samples)
