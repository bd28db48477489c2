"""The walk behind training, without Lava: every stage agrees, files are written, integers are refused."""

import dataclasses

import pytest

from snnhw.errors import InputError
from snnhw.nir.io import read_nir
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
