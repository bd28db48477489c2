"""Networks of ONNX files, against onnx's own reference evaluator; what has no rule is refused by name."""

from __future__ import annotations

import sys

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from torch import nn

from snnhw.errors import InputError
from snnhw.nn.from_onnx import from_onnx
from tests.nn.onnx_files import RNG, conv_net, model, sequence_net


@pytest.mark.parametrize("net", [conv_net, sequence_net])
def test_values_are_those_of_the_reference_evaluator(net, tmp_path):
    made, shape = net()
    onnx.save(made, tmp_path / "net.onnx")
    x = RNG.normal(size=(3, *shape)).astype(np.float32)
    (wanted,) = ReferenceEvaluator(made).run(None, {"x": x})
    found = from_onnx(tmp_path / "net.onnx")
    with torch.no_grad():
        np.testing.assert_allclose(found(torch.from_numpy(x)).numpy(), wanted, rtol=2e-5, atol=2e-5)
    kinds = [type(m).__name__ for m in found.modules() if isinstance(m, nn.Conv1d | nn.Conv2d | nn.Linear)]
    assert kinds == (["Conv2d"] * 3 + ["Linear"] * 2 if net is conv_net else ["Conv1d", "Linear"])
    assert not found.training


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "net.onnx"
    with pytest.raises(InputError, match="There is no file"):
        from_onnx(path)
    path.write_bytes(b"\xff" * 50)
    with pytest.raises(InputError, match="is no ONNX file"):
        from_onnx(path)
    onnx.save(model([("Add", ("x", "z"), "y", {})], {}, [None, 2], inputs=("x", "z")), path)
    with pytest.raises(InputError, match="has 2 inputs and 1 outputs"):
        from_onnx(path)
    made, _ = conv_net()
    onnx.save(made, path, save_as_external_data=True, size_threshold=0)
    with pytest.raises(InputError, match="in another file; export the network into one file"):
        from_onnx(path)


def test_without_onnx_one_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    onnx.save(conv_net()[0], tmp_path / "net.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match=r"needs onnx; pip install 'snnhw\[onnx\]'"):
        from_onnx(tmp_path / "net.onnx")


def test_damaged_files_end_in_one_sentence(tmp_path):
    content = bytearray(conv_net()[0].SerializeToString())
    for place in RNG.integers(0, len(content), 80):
        cut = bytearray(content)
        cut[place] ^= 1 << int(RNG.integers(8))
        (tmp_path / "net.onnx").write_bytes(bytes(cut))
        try:
            from_onnx(tmp_path / "net.onnx")
        except InputError as error:
            assert str(error).endswith(".") and "\n" not in str(error)
