"""The walk behind training, without Lava: every stage agrees, files are written, integers are refused."""

import dataclasses

import numpy as np
import pytest
import snntorch as snn
import torch
from torch import nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nir.io import read_nir
from snnhw.nn.ilif import ILIF
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.workflows.check import check
from snnhw.workflows.diagnose import module_of
from snnhw.workflows.evaluate import evaluate
from snnhw.workflows.load import model_of
from snnhw.workflows.verify import LavaShare, verify


def test_all_stages_agree_and_the_files_are_left(digits, some, tmp_path):
    made = verify(digits, some, some.values, tmp_path, LavaShare(samples=0))
    stages = [(a.reference, a.candidate) for a in made.certificate.agreements]
    assert made.certificate.agrees and len(stages) == 4 and not any("Lava" in name for pair in stages for name in pair)
    assert read_nir(made.nir_integers).is_integer and not read_nir(made.nir).is_integer
    expected = float((made.floats.logits.argmax(1) == some.targets).mean())
    assert made.certificate.accuracy["float"] == expected
    integers = dataclasses.replace(digits, graph=made.quantised.graph)
    with pytest.raises(InputError, match="is in Loihi integers already"):
        verify(integers, some, some.values, tmp_path)


@pytest.mark.parametrize("shape", [(6, 7), (6, 3, 7)])
@pytest.mark.parametrize("first", [(), (nn.BatchNorm1d(7),)], ids=["plain", "normed"])
def test_networks_of_vectors_are_verified(shape, first, tmp_path):
    torch.manual_seed(0)
    layers = (*first, nn.Linear(7, 9), nn.BatchNorm1d(9), MLF(timesteps=3), nn.Linear(9, 4))
    model = model_of(nn.Sequential(Frames(3), *layers, MeanOverTime(3)), (7,))
    x = np.random.default_rng(0).normal(0, 3, shape).astype(np.float32)
    made = verify(model, Samples("own", x, None, None, ""), x, tmp_path, LavaShare(samples=0))
    assert made.certificate.agrees and all(a.spikes > 0 for a in made.certificate.agreements)


def test_integer_neurons_of_one_step_are_verified_down_to_integers(tmp_path):
    """With T = 1 no reset is felt, so the D channels go wherever those of an MLF unit do."""
    torch.manual_seed(0)
    layers = (
        nn.Linear(7, 9),
        nn.BatchNorm1d(9),
        ILIF(timesteps=1),
        nn.Linear(9, 9),
        ILIF(timesteps=1),
        nn.Linear(9, 4),
    )
    model = model_of(nn.Sequential(Frames(1), *layers, MeanOverTime(1)), (7,))
    x = np.random.default_rng(0).normal(0, 12, (12, 7)).astype(np.float32)
    made = verify(model, Samples("own", x, None, None, ""), x, tmp_path, LavaShare(samples=0))
    assert made.certificate.agrees and made.certificate.agreements[0].reference == "torch module"
    assert all(len(record.levels) == 4 for record in made.integers.units.values())
    assert all(record.levels[-1].sum() > 0 for record in made.floats.units.values())


def test_integer_neurons_with_a_memory_are_held_to_the_module_and_the_rest_is_said(tmp_path):
    model = model_of(nn.Sequential(Frames(2), nn.Linear(7, 4), ILIF(timesteps=2), MeanOverTime(2)), (7,))
    x = np.random.default_rng(0).normal(0, 5, (9, 7)).astype(np.float32)
    made = verify(model, Samples("own", x, None, None, ""), x, tmp_path)
    (agreement,) = made.certificate.agreements
    assert made.certificate.agrees and agreement.reference == "torch module" and agreement.spikes > 0
    assert made.certificate.missing
    assert all("take off from one membrane" in stage.reason for stage in made.certificate.missing)


class Tutorial(nn.Module):
    """A network of snnTorch's modules with a loop over time in its forward."""

    def __init__(self):
        super().__init__()
        self.fc1, self.lif1 = nn.Linear(7, 12), snn.Leaky(0.75, threshold=0.2, reset_mechanism="zero")
        self.fc2 = nn.Linear(12, 3)

    def forward(self, x):
        mem, total = self.lif1.init_leaky(), 0
        for _ in range(4):
            spikes, mem = self.lif1(self.fc1(x), mem)
            total = total + self.fc2(spikes)
        return total / 4


def test_a_network_of_snntorch_is_verified_evaluated_and_not_diagnosed(tmp_path):
    torch.manual_seed(0)
    model = model_of(Tutorial(), (7,))
    values = np.random.default_rng(0).uniform(0, 1, (6, 7))
    samples = Samples("six", values, np.array([0, 1, 2, 0, 1, 2]), 3, "")
    made = verify(model, samples, samples.values, tmp_path, LavaShare(samples=0))
    first = made.certificate.agreements[0]
    assert made.certificate.agrees and first.reference == "torch module" and first.spikes > 20
    assert evaluate(model, samples).accuracy == made.certificate.accuracy["float"]
    with pytest.raises(InputError, match="has neurons of another framework"):
        module_of(model)


class Normed(Tutorial):
    """The same with a norm that needs a host."""

    def __init__(self):
        super().__init__()
        self.fc1 = torch.nn.Sequential(self.fc1, torch.nn.LayerNorm(self.fc1.out_features))


def test_what_a_way_refuses_is_listed_and_the_rest_is_compared(tmp_path):
    torch.manual_seed(0)
    model = model_of(Normed(), (7,))
    values = np.random.default_rng(0).uniform(0, 1, (6, 7))
    samples = Samples("six", values, np.array([0, 1, 2, 0, 1, 2]), 3, "")
    refused = {f.message for f in check(model, "lava").findings if f.severity == "error"}
    made = verify(model, samples, samples.values, tmp_path, LavaShare(samples=2))
    lacking = {missing.stage: missing.reason for missing in made.certificate.missing}
    assert any(message in lacking["Lava floating point"] for message in refused)
    first = made.certificate.agreements[0]
    assert (first.reference, first.candidate) == ("torch module", "multi-level graph") and first.spikes > 20
    assert made.certificate.agrees and made.certificate.accuracy["float"] > 0
    told = made.certificate.to_dict()["missing"]
    assert [entry["stage"] for entry in told] == list(lacking) and "not made" in str(made)
    for part, stage in (("nir", "NIR read back"), ("quantised", "torch integers"), ("integers", "torch integers")):
        assert (getattr(made, part) is None) == (stage in lacking)


def test_a_stage_that_differs_is_told_where_others_are_missing(tmp_path):
    model = model_of(Normed(), (7,))
    model.network.fc2.weight.data += 1
    values = np.random.default_rng(0).uniform(0, 1, (6, 7))
    made = verify(model, Samples("six", values, None, None, ""), values, tmp_path, LavaShare(samples=0))
    assert not made.certificate.agrees and made.certificate.verdict == "stages differ"


def test_nothing_to_compare_with_is_an_error(tmp_path):
    """No channels, no NIR, no integers, and no module."""
    model = model_of(nn.Sequential(Frames(2), nn.Linear(7, 4), ILIF(timesteps=2), MeanOverTime(2)), (7,))
    alone = dataclasses.replace(model, network=None, traced=None)
    values = np.random.default_rng(0).uniform(0, 1, (6, 7))
    with pytest.raises(InputError, match="no other stage takes it"):
        verify(alone, Samples("six", values, None, None, ""), values, tmp_path, LavaShare(samples=0))
