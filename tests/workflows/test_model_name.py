"""Names of models are refused before anything is read: nearest zoo network, missing file; the rest may exist."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snnhw.errors import InputError
from snnhw.workflows.model_name import check_model_name


def test_what_can_be_a_model_passes(tmp_path):
    (tmp_path / "a.nir").write_bytes(b"")
    for name in ("digits", "net.py:Net", "net.py", "package.module:Net", "weights.pth", str(tmp_path)):
        check_model_name(name)
    check_model_name(tmp_path / "a.nir")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("digit", "did you mean 'digits'"),
        ("Digits", "did you mean 'digits'"),
        ("resnet", "a run folder, a .nir or a .pth file, or FILE.py:NAME or one of cifar10"),
        ("missing.nir", "There is no file missing.nir"),
    ],
)
def test_what_cannot_is_refused_with_the_nearest(name, says):
    with pytest.raises(InputError) as error:
        check_model_name(name)
    assert says in str(error.value)


def test_it_needs_no_torch():
    code = "import sys, snnhw.workflows.model_name as m; m.check_model_name('digits'); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
