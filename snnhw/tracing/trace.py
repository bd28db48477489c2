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
from snnhw.tracing.calling import Calling
from snnhw.tracing.endings import WholeWalk
from snnhw.tracing.frameworks.registry import adapter_of, refusal_of
from snnhw.tracing.hooks import check_hooks, without_hooks
from snnhw.tracing.modules import Modules
from snnhw.tracing.streams import Axes
from snnhw.tracing.tracer import Tracer, untraceable


def trace(
    network: nn.Module,
    input_shape: tuple[int, ...],
    *,
    name: str = "network",
    modules: Modules | None = None,
    timesteps: int | None = None,
) -> Graph:
    """Typed graph of `network`, not yet folded.

    Args:
        network: module whose forward is free of branches on data; compiled, or in DataParallel, what is inside.
        input_shape: (C, H, W) of one frame.
        name: of the graph.
        modules: for module classes of your own, such as a neuron with a loop over time: (node name, module, shape that
            arrives) -> node. Spikes of a node that does not compute what its module does are found by `verify`.
        timesteps: T, of a network of another framework whose forward does not say it, because it takes one step, or an
            input that has time.

    Raises:
        InputError: operators that have no node, all at once, each with its module path; or a forward hook that may
            change what a layer computes.
    """
    return traced(network, input_shape, name=name, modules=modules, timesteps=timesteps)[0]


def traced(
    network: nn.Module,
    input_shape: tuple[int, ...],
    *,
    name: str = "network",
    modules: Modules | None = None,
    timesteps: int | None = None,
) -> tuple[Graph, Calling | None]:
    """As `trace`, and how the network is called where it is made of a framework's modules; else None."""
    network = unwrapped(network)
    if isinstance(network, torch.jit.ScriptModule):
        raise InputError(
            "The network is compiled by torch.jit, which hides its layers; give the module it was made from."
        )
    check_hooks(network)
    if "forward" in vars(network):
        raise InputError(f"The forward of this one {type(network).__name__} was replaced; write a class that has it.")
    first: InputError | None = None
    where = ""
    for entering in entering_axes(network, timesteps):
        walk = WholeWalk(network, tuple(input_shape), modules or {}, entering, timesteps)
        try:
            graph = _recorded(network, walk).graph(name)
            return graph, walk.calling(graph.timesteps)
        except InputError as error:
            first, where = first or error, walk.asks_for_time
            if not (where or walk.counts_steps):
                raise
    if first is not None and timesteps is None and where:
        raise InputError(
            f"{type(network).__name__} takes steps of its input{where}; say how many it has: timesteps=T, or "
            "--timesteps T on the command line."
        ) from first
    raise first or InputError("Nothing was traced; give a network.")


def _recorded(network: nn.Module, walk: WholeWalk) -> WholeWalk:
    """`walk` through all calls of the network's forward."""
    own = set(vars(network))
    tracer = Tracer(walk.explained, lambda fx_node: walk.size_at(fx_node, tracer.graph.nodes))
    try:
        with eager(network), without_hooks(network):
            traced = tracer.trace(network)
    except (torch.fx.proxy.TraceError, TypeError, RuntimeError) as error:
        walk.counts_steps |= tracer.counts_with_batch
        raise untraceable(network, tracer, error, told=walk.entering is not None) from error
    try:
        walk.visit(traced.nodes)
        check_in_place(network, traced, walk.streams)
    finally:
        for attribute in set(vars(network)) - own:  # where torch.fx keeps tensors that are no parameters
            delattr(network, attribute)
    return walk


def entering_axes(network: nn.Module, timesteps: int | None) -> tuple[Axes | None, ...]:
    """How time and batch may stand in the input: as the first module of a framework takes them.

    Raises:
        InputError: `timesteps` is given for a network without such a module, or is no whole number of at least 1.
    """
    if timesteps is None:
        return (None,)
    if not isinstance(timesteps, int) or timesteps < 1:
        raise InputError(f"A sample lasts {timesteps} time steps; give a whole number of at least 1.")
    adapters = [(adapter_of(module), module) for module in network.modules()]
    takes = next((adapter.axes(module) for adapter, module in adapters if adapter is not None), None)
    if takes is None and any(refusal_of(module) for module in network.modules()):
        return ("step",)  # to say which they are
    if takes is None:
        raise InputError(
            f"{type(network).__name__} has no neurons of another framework, so timesteps would change nothing; its own "
            "say T with MeanOverTime(T)."
        )
    # a forward over single steps may be one step, or a loop over the steps of its input
    return ("step", "time", "batch") if takes == "step" else (takes,)
