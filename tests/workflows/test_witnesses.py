"""Programs beside Lava that run the integers of a certificate, and what is said where one refuses or differs."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.simulation.compare import Backend
from snnhw.simulation.engine import simulate
from snnhw.workflows import witnesses
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.verify import LavaShare, verify
from snnhw.workflows.witnesses import WITNESSES, once, witness_backend
from tests.exporters.c.test_c import late
from tests.exporters.nengo_loihi.test_run import heavy
from tests.quantisation.test_resets_and_decays import own_net


@pytest.mark.nengo
@pytest.mark.slow
def test_a_certificate_with_all(digits, some, tmp_path):
    made = verify(digits, some.first(2), some.values, tmp_path, LavaShare(0, witnesses=("nengo-loihi", "c")))
    last = made.certificate.agreements[-2:]
    assert [(a.reference, a.candidate) for a in last] == [
        ("integer NIR read back", "nengo-loihi"),
        ("nengo-loihi", "C"),
    ]
    assert made.certificate.agrees and all(a.spikes > 5_000 and a.logits_difference == 0 for a in last)
    assert not [f for f in made.findings if f.code == "wide-accumulator"]


def test_what_a_witness_refuses_is_listed_and_the_others_are_compared(tmp_path):
    graph, x = own_net(2, reset="subtract")
    from snnhw.data.samples import Samples

    given = Samples("own", x, None, None, "")
    made = verify(LoadedModel("m", graph), given, x, tmp_path, LavaShare(0, witnesses=("nengo-loihi", "c")))
    (missing,) = [stage for stage in made.certificate.missing if stage.stage == "nengo-loihi"]
    assert "resets by subtraction" in missing.reason and made.certificate.agreements[-1].candidate == "C"
    assert made.certificate.agrees


def test_a_witness_that_differs_is_found(digits, some, tmp_path, monkeypatch):
    def wrong(graph, inputs, told, progress):
        record = simulate(graph, inputs, raster=True)
        next(iter(record.raster.values())).flat[0] ^= 1
        return record

    monkeypatch.setitem(WITNESSES, "c", witnesses.Witness("C", WITNESSES["c"].way, wrong))
    made = verify(digits, some.first(2), some.values, tmp_path, LavaShare(0, witnesses=("c",)))
    assert not made.certificate.agrees and made.certificate.agreements[-1].differing == 1


def test_an_unknown_witness_is_refused_by_name(digits, some, tmp_path):
    with pytest.raises(InputError, match="witness 'nengo'"):
        verify(digits, some, some.values, tmp_path, LavaShare(0, witnesses=("nengo",)))


@pytest.mark.nengo
def test_a_wider_accumulator_is_said():
    graph, x = heavy()
    told = []
    record = witness_backend("nengo-loihi", graph, told).run(x, False)
    assert np.array_equal(record.logits, simulate(graph, x).logits)
    assert [(f.code, f.severity) for f in told] == [("wide-accumulator", "info")] and "22 bits" in told[0].message


def test_a_backend_runs_once_on_the_same_samples():
    graph, x = late(2, 1)
    runs = []
    backend = once(Backend("engine", lambda inputs, membranes: runs.append(len(inputs)) or simulate(graph, inputs)))
    assert backend.run(x, False) is backend.run(x.copy(), False) and backend.name == "engine"
    backend.run(x[:1], False)
    backend.run(x[:1], True)
    assert runs == [2, 1, 1]
