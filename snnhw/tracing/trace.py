"""A torch module into the typed graph, through torch.fx: one node per module call, residual sums as fan-in.

Takes a network whose layers see [T*B, ...] (see `snnhw.nn.time`) in evaluation mode and the shape of its input; gives a
multi-level graph in float64 with every parameter as stored. `a + b` becomes two edges, `x + x` and `2 * x` one edge of
gain 2; a module called twice becomes two nodes. Layers of the user's own become what `modules` says.
"""

from __future__ import annotations

import torch
import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.nn.wrappers import eager, unwrapped
from snnhw.tracing.aliases import check_in_place
from snnhw.tracing.modules import Modules
from snnhw.tracing.tracer import Tracer, untraceable
from snnhw.tracing.walk import Walk


def trace(
    network: nn.Module, input_shape: tuple[int, ...], *, name: str = "network", modules: Modules | None = None
) -> Graph:
    """Typed graph of `network`, not yet folded.

    Args:
        network: module whose forward is free of branches on data; compiled, or in DataParallel, what is inside.
        input_shape: (C, H, W) of one frame.
        name: of the graph.
        modules: for module classes of your own, such as a neuron with a loop over time: (node name, module, shape that
            arrives) -> node. Spikes of a node that does not compute what its module does are found by `verify`.

    Raises:
        InputError: operators that have no node, all at once, each with its module path.
    """
    network = unwrapped(network)
    if "forward" in vars(network):
        raise InputError(f"The forward of this one {type(network).__name__} was replaced; write a class that has it.")
    own = set(vars(network))
    walk = Walk(network, tuple(input_shape), modules or {})
    tracer = Tracer(modules or {}, lambda fx_node: walk.size_at(fx_node, tracer.graph.nodes))
    try:
        with eager(network):
            traced = tracer.trace(network)
    except (torch.fx.proxy.TraceError, TypeError, RuntimeError) as error:
        raise untraceable(network, tracer, error) from error
    try:
        walk.visit(traced.nodes)
        check_in_place(network, traced, walk.streams)
    finally:
        for attribute in set(vars(network)) - own:  # where torch.fx keeps tensors that are no parameters
            delattr(network, attribute)
    return walk.graph(name)
