"""ONNX models for tests: one with every kind of layer of image networks, one of sequences."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(3)
OPSET = 17


def weight(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def model(nodes, weights, given, inputs=("x",), outputs=("y",), opset=OPSET):
    """An ONNX model of nodes (operator, inputs, output, attributes)."""
    made = [helper.make_node(op, list(ins), [out], name=f"{op}_{out}", **more) for op, ins, out, more in nodes]
    graph = helper.make_graph(
        made,
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, given) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def conv_net():
    """Every kind of layer that an image network has."""
    nodes = [
        ("Conv", ("x", "w1", "b1"), "c1", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        ("BatchNormalization", ("c1", "gamma", "beta", "mean", "var"), "n1", {"epsilon": 1e-3}),
        ("Relu", ("n1",), "r1", {}),
        ("Conv", ("r1", "w2"), "c2", {"kernel_shape": [3, 3], "pads": [0, 0, 1, 1], "strides": [2, 2]}),
        ("Clip", ("c2", "low", "high"), "r2", {}),
        ("Conv", ("r1", "w3"), "s", {"kernel_shape": [1, 1], "strides": [2, 2], "group": 2}),
        ("Add", ("r2", "s"), "a", {}),
        ("MaxPool", ("a",), "m", {"kernel_shape": [2, 2], "strides": [1, 1], "pads": [1, 1, 1, 1]}),
        ("AveragePool", ("m",), "v", {"kernel_shape": [2, 2], "strides": [1, 1], "pads": [1, 1, 1, 1]}),
        ("Identity", ("v",), "i", {}),
        ("Concat", ("i", "v"), "k", {"axis": 1}),
        ("GlobalAveragePool", ("k",), "g", {}),
        ("Flatten", ("g",), "f", {}),
        ("Gemm", ("f", "w4", "b4"), "l", {"transB": 1}),
        ("Dropout", ("l",), "d", {}),
        ("Relu", ("d",), "r3", {}),
        ("MatMul", ("r3", "w5"), "p", {}),
        ("Add", ("p", "b5"), "y", {}),
    ]
    weights = {
        "w1": weight(4, 2, 3, 3),
        "b1": weight(4),
        "gamma": weight(4),
        "beta": weight(4),
        "mean": weight(4),
        "var": np.abs(weight(4)) + 0.1,
        "w2": weight(6, 4, 3, 3),
        "w3": weight(6, 2, 1, 1),
        "low": np.float32(0),
        "high": np.float32(6),
        "w4": weight(5, 12),
        "b4": weight(5),
        "w5": weight(5, 3),
        "b5": weight(3),
    }
    return model(nodes, weights, [None, 2, 8, 8]), (2, 8, 8)


def sequence_net():
    """Layers of sequences, a shape that says its samples, and a mean over an axis."""
    nodes = [
        ("Conv", ("x", "w1"), "c", {"kernel_shape": [3], "pads": [2, 0], "dilations": [1]}),
        ("Relu", ("c",), "r", {}),
        ("MaxPool", ("r",), "m", {"kernel_shape": [2], "strides": [2]}),
        ("AveragePool", ("m",), "v", {"kernel_shape": [2], "strides": [2], "count_include_pad": 1}),
        ("Reshape", ("v", "shape"), "f", {}),
        ("Gemm", ("f", "w2"), "g", {}),
        ("Reshape", ("g", "rows"), "h", {}),
        ("ReduceMean", ("h",), "y", {"axes": [2], "keepdims": 0}),
    ]
    weights = {
        "w1": weight(4, 3, 3),
        "w2": weight(8, 6),
        "shape": np.array([0, -1], np.int64),
        "rows": np.array([-1, 2, 3], np.int64),
    }
    return model(nodes, weights, [None, 3, 8]), (3, 8)
