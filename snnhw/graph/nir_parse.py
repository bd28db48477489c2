"""One NIR node -> typed nodes: the only place where a NIR type is wired in.

A parser takes the raw node, its name, the shape that arrives and the reading context; it gives the typed nodes in the
order in which the signal passes them, the last one called as the NIR node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from snnhw.errors import InputError
from snnhw.graph.ir import Node
from snnhw.graph.nir_fields import Context, Shape, shown
from snnhw.graph.nir_file import RawNode
from snnhw.graph.nir_layers import affine, conv1d, conv2d, delay, flatten, output, pool, scale
from snnhw.graph.nir_neurons import cuba_li, cuba_lif, integrator, li, lif, threshold

MAX_ELEMENTS = 2**28  # of what one node sends

PARSERS: Mapping[str, Callable[[RawNode, str, Shape, Context], list[Node]]] = {
    "Affine": affine,
    "AvgPool2d": pool,
    "Conv1d": conv1d,
    "Conv2d": conv2d,
    "CubaLI": cuba_li,
    "CubaLIF": cuba_lif,
    "Delay": delay,
    "Flatten": flatten,
    "I": integrator,
    "IF": integrator,
    "LI": li,
    "LIF": lif,
    "Linear": affine,
    "Output": output,
    "Scale": scale,
    "SumPool2d": pool,
    "Threshold": threshold,
}


def parse(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """Typed nodes of `raw`, none where it only passes on what arrives.

    Raises:
        InputError: the type is unknown, a field is missing, or its values or shapes cannot be.
    """
    if raw.type not in PARSERS:
        raise InputError(
            f"Node {name!r} is of the unknown NIR type {shown(raw.type)}; replace it by {', '.join(PARSERS)}."
        )
    nodes = PARSERS[raw.type](raw, name, arriving, context)
    for node in nodes:
        if node.size > MAX_ELEMENTS or any(n < 1 for n in node.shape):
            raise InputError(f"Node {name!r} would send the shape {list(node.shape)}; check the shapes in the file.")
    return nodes
