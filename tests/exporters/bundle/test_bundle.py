"""What a bundle holds, and what is refused before anything is written."""

from __future__ import annotations

import json

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.bundle import EXAMPLES, Options, export
from snnhw.exporters.bundle.verify_certificate import verify
from snnhw.nir.io import read_nir
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from tests.exporters.c.test_c import late
from tests.nets import residual_net


def test_a_network_in_floats_has_its_own_stage_and_what_rounding_changed(tmp_path):
    sample = residual_net(widths=(4,))
    made = export(sample.graph, tmp_path / "net", Options(inputs=sample.inputs, calibration=sample.inputs))
    certificate = json.loads((tmp_path / "net" / "certificate.json").read_text())
    assert [stage["name"] for stage in certificate["stages"]] == [
        *("K channels", "integer engine", "integer NIR read back")
    ]
    assert certificate["rounding"] > 0 and certificate["digest"] in made.findings[0].message
    integers = compile_loihi(sample.graph, sample.inputs).graph
    record = simulate(integers, sample.inputs)
    with np.load(tmp_path / "net" / "expected.npz") as expected:
        assert np.array_equal(expected["output"], record.logits)
    assert certificate["spikes"] == sum(int(unit.levels.sum()) for unit in record.units.values())
    assert np.array_equal(simulate(read_nir(tmp_path / "net" / "network.nir"), sample.inputs).logits, record.logits)
    assert verify(tmp_path / "net").startswith(f"All holds: {len(sample.inputs)} samples")


def test_integers_have_no_stage_in_floats_and_at_most_so_many_samples(tmp_path):
    graph, x = late(2, 1)
    export(graph, tmp_path / "net", Options(inputs=np.concatenate([x] * 4)))
    certificate = json.loads((tmp_path / "net" / "certificate.json").read_text())
    assert certificate["samples"] == EXAMPLES and certificate["rounding"] is None
    assert {stage["arithmetic"] for stage in certificate["stages"]} == {"integers"}
    assert not (tmp_path / "net" / "floats.npz").exists() and verify(tmp_path / "net")


def test_integers_bring_what_they_were_made_of(tmp_path):
    sample = residual_net(widths=(4,))
    integers = compile_loihi(sample.graph, sample.inputs).graph
    export(sample.graph, tmp_path / "a", Options(inputs=sample.inputs, calibration=sample.inputs))
    export(integers, tmp_path / "b", Options(inputs=sample.inputs, floats=sample.graph))
    a, b = (json.loads((tmp_path / name / "certificate.json").read_text()) for name in "ab")
    assert len(a["stages"]) == 3 and (a["stages"], a["rounding"]) == (b["stages"], b["rounding"])
    assert verify(tmp_path / "b").endswith("3 stages.")
    with pytest.raises(InputError, match="made of is in integers itself; give the network in floats"):
        export(integers, tmp_path / "c", Options(inputs=sample.inputs, floats=integers))
    assert not (tmp_path / "c").exists()


def test_floats_with_other_populations_are_left_out_and_it_is_said(tmp_path):
    graph, x = late(2, 1)
    made = export(graph, tmp_path / "net", Options(inputs=x, floats=residual_net(widths=(4,)).graph))
    assert [finding.code for finding in made.findings] == ["no-float-stage", "digest"]
    assert verify(tmp_path / "net").endswith("2 stages.") and not (tmp_path / "net" / "floats.npz").exists()


def test_the_same_export_is_the_same_certificate_but_for_the_nir_file(tmp_path):
    graph, x = late(2, 1)
    found = []
    for name in ("a", "b"):
        export(graph, tmp_path / name, Options(inputs=x))
        content = json.loads((tmp_path / name / "certificate.json").read_text())
        content["files"].pop("network.nir"), content.pop("digest")
        found.append(content)
    assert found[0] == found[1]


def test_floats_without_calibration_and_other_folders_are_refused(tmp_path):
    sample = residual_net(widths=(4,))
    with pytest.raises(InputError, match="does not fit a bundle: it is in floats, and a bundle computes in integers"):
        export(sample.graph, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds notes\.txt and no snnhw-files\.json of an earlier export"):
        export(late(1, 1)[0], tmp_path)
