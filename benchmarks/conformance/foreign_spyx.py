"""spyx writes and runs its neurons: cases of foreign_worker.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx
from foreign_data import (
    ALPHA,
    AROUND,
    BETA,
    BIAS,
    CHANNELS,
    HEAD,
    HIDDEN,
    IMAGE,
    IMAGES,
    INTO,
    KERNEL,
    ONWARD,
    OUTPUTS,
    SECOND,
    THETA,
    Ran,
    X,
)  # fmt: skip
from spyx import nn
from spyx.nir import to_nir
from spyx.phasor import ResonateFire

TOLD = {"written_by": "spyx"}
RNGS = nnx.Rngs(0)
RECURRENT = "layer_1.layer_1.lif"


def linear(weight: Any, bias: Any = None) -> Any:
    """A matrix; spyx has it transposed."""
    layer = nnx.Linear(weight.shape[1], weight.shape[0], use_bias=bias is not None, rngs=RNGS)
    layer.kernel[...] = jnp.array(weight.T)
    if bias is not None:
        layer.bias[...] = jnp.array(bias)
    return layer


def conv(weight: Any, **arguments: Any) -> Any:
    """A convolution, channels last."""
    layer = nnx.Conv(weight.shape[1], weight.shape[0], weight.shape[2:], use_bias=True, rngs=RNGS, **arguments)
    layer.kernel[...] = jnp.array(weight.transpose(2, 3, 1, 0))
    return layer


def neurons(kind: Any, shape: tuple[int, ...] = (HIDDEN,), theta: Any = THETA, **arguments: Any) -> Any:
    """Neurons that differ among each other."""
    layer = kind(shape, threshold=jnp.array(theta), rngs=RNGS, **arguments)
    for name, values in (("alpha", ALPHA), ("beta", BETA)):
        if hasattr(layer, name) and name not in arguments:
            setattr(layer, name, nnx.Param(jnp.array(values)))
    if hasattr(layer, "recurrent_w"):
        layer.recurrent_w[...] = jnp.array(AROUND.T)
    return layer


def run(*layers: Any, spiking: dict[int, str], x: Any = X, lost: str = "", late: int = 1, **arguments: Any) -> Ran:
    """`spiking`: place of neurons -> node of the file."""
    state: list[Any] = [layer.initial_state(1) if hasattr(layer, "initial_state") else None for layer in layers]
    sent: dict[str, list[Any]] = {name: [] for name in spiking.values()}
    outputs = []
    for frame in x:
        signal = jnp.array(frame[None])
        if frame.ndim == 3:
            signal = signal.transpose(0, 2, 3, 1)
        for place, layer in enumerate(layers):
            if state[place] is None:
                signal = layer(signal)
            else:
                signal, state[place] = layer(signal, state[place])
            if place in spiking:
                sent[spiking[place]].append(channels_first(signal[0]))
        outputs.append(channels_first(signal[0]))
    network = nn.Sequential(*layers)
    if x.ndim == 2:
        whole, _ = nn.run(network, jnp.array(x[:, None]))
        if not np.array_equal(np.asarray(whole)[:, 0], np.stack(outputs)):
            raise RuntimeError("layer by layer the network gives other values")
    graph = to_nir(network, {"input": np.array(x.shape[1:])}, {"output": np.array(outputs[0].shape)}, **arguments)
    rows = {name: np.stack(steps) for name, steps in sent.items()}
    return Ran(graph, rows, TOLD, np.stack(outputs), x, lost, late, versions=("spyx", "jax"))


def channels_first(value: Any) -> Any:
    value = np.asarray(value)
    return value.transpose(2, 0, 1) if value.ndim == 3 else value


def single(kind: Any, node: str = "layer_1", **arguments: Any) -> Ran:
    """A matrix with a bias in front of neurons."""
    return run(linear(INTO, BIAS), neurons(kind), spiking={1: node}, **arguments)


def two_layers(kind: Any, **arguments: Any) -> Ran:
    last = neurons(nn.LIF, (OUTPUTS,), 1.5, beta=0.5)
    layers = (linear(INTO, BIAS), neurons(kind), linear(ONWARD, BIAS[:OUTPUTS]), last)
    return run(*layers, spiking={1: "layer_1", 3: "layer_3"}, **arguments)


def convolutional(padding: Any, pool: str = "VALID", lost: str = "") -> Ran:
    """The matrix behind the flatten reads channels last."""
    one = nn.LIF((*IMAGE[1:], CHANNELS), beta=0.5, threshold=1.0, rngs=RNGS)
    two = nn.IF((3, 3, CHANNELS), threshold=2.0)
    last = nn.LIF((OUTPUTS,), beta=0.75, threshold=1.5, rngs=RNGS)
    layers = (
        conv(KERNEL, padding=padding), one, nn.SumPool((2, 2), (2, 2), pool), conv(SECOND, padding=padding), two,
        nn.Flatten(), linear(HEAD), last,
    )  # fmt: skip
    return run(*layers, spiking={1: "layer_1", 4: "layer_4", 7: "layer_7"}, x=IMAGES, lost=lost)


def strided() -> Ran:
    """SAME with a stride of 2: one zero more behind than in front."""
    layers = (conv(KERNEL, padding="SAME", strides=(2, 2)), nn.IF((3, 3, CHANNELS), threshold=1.0))
    return run(*layers, spiking={1: "layer_1"}, x=IMAGES)


CASES: dict[str, Callable[[], Ran]] = {
    "if": lambda: two_layers(nn.IF),
    "lif": lambda: two_layers(nn.LIF),
    "lif_dt": lambda: two_layers(nn.LIF, dt=1e-3),
    "cuba": lambda: two_layers(nn.CuBaLIF),
    "psu": lambda: run(linear(INTO, BIAS), neurons(nn.PSU_LIF), spiking={1: "layer_1_threshold"}, late=0),
    "rif": lambda: single(nn.RIF, RECURRENT),
    "rlif": lambda: single(nn.RLIF, RECURRENT),
    "rcuba": lambda: single(nn.RCuBaLIF, RECURRENT, dt=1e-3),
    "conv": lambda: convolutional("SAME"),
    "conv_explicit": lambda: convolutional(((1, 1), (1, 1))),
}

REFUSED: dict[str, Callable[[], Ran]] = {
    "SAME with a stride": strided,
    "ResonateFire": lambda: run(linear(INTO), ResonateFire((HIDDEN,), rngs=RNGS), spiking={}),
    "Conv without a bias": lambda: run(
        nnx.Conv(2, 3, (3, 3), use_bias=False, rngs=RNGS), nn.IF((6, 6, 3)), spiking={}, x=IMAGES
    ),
}
