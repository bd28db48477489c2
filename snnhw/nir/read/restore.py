"""Puts back what our metadata knows, where it predicts what the file holds.

An array that another tool has changed wins over the metadata, and a finding says so. Integers come back all or none.
What the file says about pools that went into synapses, and about synapses that only hardware needs, is taken over where
it fits: the ANN twin computes the network from before.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.currents import currents_inside
from snnhw.graph.ir import (
    LI,
    LIF,
    SYNAPSES,
    Array,
    Conv2d,
    DType,
    Graph,
    Input,
    Linear,
    LoihiLIF,
    Node,
    Readout,
    Synapse,
    Window,
)
from snnhw.nir.file import RawNode
from snnhw.nir.frameworks import DIALECTS, Dialect
from snnhw.nir.metadata import PARAMETERS, Metadata, neuron_described, window_of
from snnhw.nir.parameters import cuba_fields, li_fields, lif_fields, loihi_as_lif, loihi_current
from snnhw.nir.portable import channel_bias
from snnhw.nir.portable import restored as restored_conv
from snnhw.nir.read.fields import Context

INTEGERS = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
UNUSABLE = {  # field of the metadata -> code of the finding where it does not fit the graph
    "folded_pool": "folded-pool-unusable",
    "folded_conv": "folded-conv-unusable",
    "identities": "identity-unusable",
}
Neuron = LIF | LI | LoihiLIF


def restore(
    nodes: Mapping[str, Node],
    raws: Mapping[str, RawNode],
    targets: Mapping[str, set[str]],
    meta: Metadata,
    context: Context,
) -> dict[str, Node]:
    """`nodes` with exact parameters, integers, missing biases, compact convolutions, input and read-out as in `meta`.

    Args:
        nodes: typed nodes as parsed, by name.
        raws: what they were parsed from, by the same names.
        targets: names of the nodes that each node leads to.
        meta: the file's metadata.
        context: gets a finding for everything that the file contradicts.
    """
    found = dict(nodes)
    dialect = DIALECTS.get(meta.dialect)
    if dialect is not None and context.dt == dialect.dt:
        found.update(_neurons(nodes, raws, targets, meta, dialect, context))
    for name, node in found.items():
        if isinstance(node, Input):
            found[name] = dataclasses.replace(node, **meta.input)
        elif isinstance(node, Readout):
            found[name] = dataclasses.replace(node, reduction=meta.reduction)
        elif isinstance(node, SYNAPSES):
            found[name] = _synapse(node, meta, found)
    return found


def _synapse(node: Synapse, meta: Metadata, nodes: Mapping[str, Node]) -> Node:
    if node.name in meta.no_bias and node.bias is not None:
        neuron = nodes.get(meta.bias_of.get(node.name, ""))
        held = channel_bias(neuron, node.bias.dtype) if isinstance(neuron, LoihiLIF) else np.zeros_like(node.bias)
        if np.array_equal(node.bias, held):
            node = dataclasses.replace(node, bias=None)
    dtypes = meta.integers.get(node.name, {})
    weight = _as_integers(node.weight, dtypes.get("weight", ""))
    bias = None if node.bias is None else _as_integers(node.bias, dtypes.get("bias", ""))
    node = dataclasses.replace(node, weight=weight, bias=bias)
    form = meta.forms.get(node.name)
    restored: Node = restored_conv(node, form) if form is not None and isinstance(node, Conv2d) else node
    return restored


def _as_integers(array: Array, dtype: str) -> Array:
    """`array` in the integer type `dtype`, unchanged where there is no such type or it would change a value."""
    if dtype not in INTEGERS:
        return array
    whole: Array = array.astype(dtype)
    return whole if np.array_equal(whole, array) else array


def _neurons(
    nodes: Mapping[str, Node],
    raws: Mapping[str, RawNode],
    targets: Mapping[str, set[str]],
    meta: Metadata,
    dialect: Dialect,
    context: Context,
) -> dict[str, Neuron]:
    held = set().union(*(targets.get(synapse, set()) for synapse in meta.bias_of))
    described: dict[str, Neuron] = {}
    for name, entry in meta.neurons.items():
        node = nodes.get(name)
        if isinstance(node, LIF | LI):
            with contextlib.suppress(ValueError):  # reported below
                described[name] = neuron_described(node, entry)
    astray = _with_another_bias(nodes, targets, described, meta)
    restored = {
        name: node
        for name, node in described.items()
        if name not in astray and _predicted(node, described, raws[name], dialect, name in held)
    }
    changed = [name for name in meta.neurons if name not in restored]
    for name in changed:
        context.find(
            "metadata-contradicted",
            "warning",
            name,
            "the arrays of the file are not those that were written with its metadata; the arrays are taken",
            "export again if this is not what you want",
        )
    scale = meta.input["scale"]
    if changed and scale is not None and any(isinstance(n, LoihiLIF) for n in described.values()):
        context.find(
            "input-not-coded",
            "warning",
            "",
            f"neurons that held integers are read as floats, and floats take inputs as they are: not times {scale:g} "
            "and rounded, as the integers did",
            f"give inputs times {scale:g}, or export again",
        )
    if changed and any(isinstance(n, LoihiLIF) for n in restored.values()):
        return {}
    return restored


def _with_another_bias(
    nodes: Mapping[str, Node], targets: Mapping[str, set[str]], described: Mapping[str, Neuron], meta: Metadata
) -> set[str]:
    """Integer neurons whose bias went into a synapse that holds another one now: it would be added to theirs."""
    found: set[str] = set()
    for name in meta.bias_of:
        synapse = nodes.get(name)
        for target in targets.get(name, set()):
            neuron = described.get(target)
            if not isinstance(neuron, LoihiLIF) or not isinstance(synapse, SYNAPSES):
                continue
            bias = np.zeros(()) if synapse.bias is None else synapse.bias
            if not np.array_equal(bias, channel_bias(neuron, bias.dtype)):
                found.add(target)
    return found


def _predicted(
    node: Neuron, described: Mapping[str, Neuron], raw: RawNode, dialect: Dialect, bias_elsewhere: bool
) -> bool:
    """True where `node` would be written as `raw`."""
    dtype = np.asarray(raw.fields.get("tau", raw.fields.get("tau_mem"))).dtype
    try:
        expected = _written(node, described, raw, dialect, dtype, bias_elsewhere)
    except InputError:
        return False
    # parameters that are arrays come from the file itself, through one rounding
    exact = not any(isinstance(getattr(node, key, None), np.ndarray) for key in PARAMETERS)
    if "v_reset" not in raw.fields and not expected.get("v_reset", np.zeros(())).any():
        expected.pop("v_reset", None)  # a file without it resets to 0
    return all(
        np.array_equal(there, value) if exact else np.shape(there) == value.shape and np.allclose(there, value, 1e-5, 0)
        for key, value in expected.items()
        for there in [raw.fields.get(key, ())]
    )


def _written(
    node: Neuron, described: Mapping[str, Neuron], raw: RawNode, dialect: Dialect, dtype: DType, bias_elsewhere: bool
) -> dict[str, Array]:
    if isinstance(node, LoihiLIF):
        current, node = loihi_current(node), loihi_as_lif(node, bias_elsewhere)
        if (current is not None) != (raw.type == "CubaLIF"):
            raise InputError(f"Neuron {node.name!r} is described as another kind; export it again.")
        if current is not None:
            return cuba_fields(current, node, dialect, dtype)
    if raw.type == "CubaLIF":
        name = node.current_of if isinstance(node, LI) else node.name
        currents = [n for n in described.values() if isinstance(n, LI) and n.current_of == name]
        membrane = described.get(name)
        if len(currents) == 1 and isinstance(membrane, LIF):
            return cuba_fields(currents[0], membrane, dialect, dtype)
        raise InputError(f"Neuron {name!r} is described in part only; export it again.")
    return li_fields(node, dialect, dtype) if isinstance(node, LI) else lif_fields(node, dialect, dtype)


def with_origins(graph: Graph, meta: Metadata, context: Context) -> Graph:
    """`graph` whose synapses say what they were before the passes: smaller, before a pool went into them, or not there.

    Integer neurons have their currents in them.

    What cannot be true of the file's arrays becomes a finding.
    """
    graph = currents_inside(graph)
    nodes = dict(graph.nodes)
    for name, inputs in meta.folded_pool.items():
        node = nodes.get(name)
        if isinstance(node, Linear) and 0 < inputs <= node.weight.shape[1]:
            nodes[name] = dataclasses.replace(node, unfolded_inputs=inputs)
        else:
            _origin_unusable("folded_pool", name, context)
    for name, numbers in meta.folded_conv.items():
        node, window = nodes.get(name), window_of(numbers)
        if isinstance(node, Conv2d) and _window_fits(graph, node, window):
            nodes[name] = dataclasses.replace(node, unfolded=window)
        else:
            _origin_unusable("folded_conv", name, context)
    for name in meta.identities:
        node = nodes.get(name)
        if isinstance(node, Conv2d | Linear) and _passes_channels_on(node):
            nodes[name] = dataclasses.replace(node, identity=True)
        else:
            _origin_unusable("identities", name, context)
    return graph.replace(nodes=nodes)


def _origin_unusable(key: str, name: str, context: Context) -> None:
    message = f"what the metadata says in {key} about {name!r} does not fit the graph"
    context.find(UNUSABLE[key], "warning", "", message, "write the file again with snnhw export")


def _window_fits(graph: Graph, node: Conv2d, window: Window) -> bool:
    """Whether a pool can have been before the window, which gives what the convolution gives, or behind it.

    With a pool behind it, it takes the convolution's own input and gives no less. Of pools on both sides nothing is
    known, and the window is left out.
    """
    into = graph.into(node.name)
    if not into or min(*window.size, *window.kernel, *window.stride, *window.dilation) < 1 or min(window.padding) < 0:
        return False
    arriving = graph.nodes[into[0].source].shape
    smaller = all(n <= most for n, most in zip(window.size, arriving[1:], strict=True))
    narrower = all(k <= most for k, most in zip(window.kernel, node.weight.shape[2:], strict=True))
    no_less = all(n >= least for n, least in zip(window.out, node.shape[1:], strict=True))
    behind = window.size == arriving[1:] and window.padding == node.padding and no_less
    return smaller and narrower and (window.out == node.shape[1:] or behind)


def _passes_channels_on(node: Conv2d | Linear) -> bool:
    """Whether each channel reaches itself alone, as through an identity, scaled or with a pool folded into it."""
    groups = node.groups if isinstance(node, Conv2d) else 1
    blocks = node.weight.reshape(groups, -1, node.weight.shape[1], *node.weight.shape[2:])
    across = np.eye(*blocks.shape[1:3]) == 0
    return blocks.shape[1] == blocks.shape[2] and not blocks[:, across].any()
