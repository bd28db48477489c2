"""Every rule is used by the networks that are held against the reference evaluator; others are refused by name."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from snnhw.errors import InputError
from snnhw.nn.from_onnx import from_onnx
from snnhw.nn.onnx_layers import LAYERS
from tests.nn.onnx_files import conv_net, model, sequence_net, weight


def test_both_networks_use_every_rule():
    used = {node.op_type for net in (conv_net, sequence_net) for node in net()[0].graph.node}
    assert used == LAYERS.keys()


W = {"w": weight(4, 2, 3, 3), "v": weight(8, 3), "s": np.array([2, -1], np.int64)}
REFUSED = {
    "a kind without a rule": (
        [("Softmax", ("x",), "y", {})],
        "The Softmax 'Softmax_y' of the ONNX file has no rule here",
    ),
    "padding by itself": ([("Conv", ("x", "w"), "y", {"auto_pad": "SAME_UPPER"})], "pads by itself"),
    "scaled": ([("Gemm", ("x", "v"), "y", {"alpha": 0.5})], "is scaled or turned"),
    "a computed weight": ([("MatMul", ("x", "x"), "y", {})], "has to be a constant"),
    "an odd border": ([("MaxPool", ("x",), "y", {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]})], "pads its sides"),
    "dilated": ([("AveragePool", ("x",), "y", {"kernel_shape": [2, 2], "dilations": [2, 2]})], "is dilated"),
    "another flattening": ([("Flatten", ("x",), "y", {"axis": 2})], "begins at axis 2"),
    "samples joined": ([("Concat", ("x", "x"), "y", {"axis": 0})], "joins samples"),
    "samples averaged": ([("ReduceMean", ("x",), "y", {"axes": [0, 1]})], "averages over the samples"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_rule_is_refused_by_name(case, tmp_path):
    nodes, said = REFUSED[case]
    onnx.save(model(nodes, W, [None, 2, 8, 8]), tmp_path / "net.onnx")
    with pytest.raises(InputError, match="give the torch module itself") as refused:
        from_onnx(tmp_path / "net.onnx")
    assert said in str(refused.value)
