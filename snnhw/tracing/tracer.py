"""torch.fx, stopped at the modules that are one node of the graph: our own layers, torch's, and those users explain.

A forward that branches or loops on its data cannot be traced; `untraceable` says in which module, and what to do.
"""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Callable, Iterator
from operator import getitem
from typing import Any

import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.nn.ilif import ILIF
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.nn.wrappers import inside
from snnhw.tracing.frameworks.registry import adapter_of, refusal_of
from snnhw.tracing.kinds import changed_parent, class_of, kind_of
from snnhw.tracing.modules import KINDS, Modules
from snnhw.tracing.neurons import Neurons
from snnhw.tracing.sizes import Size

# Classes made from these that compute in their own way are refused by name; those made from other known ones, such as a
# flatten, hold nothing, so what their forward calls is looked at instead.
NEVER_OPENED = (MLF, ILIF, TDBatchNorm, Frames, MeanOverTime, nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)

# How torch says that a size among the arguments of such a call is no number.
MAKES_A_TENSOR = re.compile(r"(zeros|ones|empty|full|rand|randn)\(\)")


class _Value(torch.fx.Proxy):
    """A value while the forward runs; a shape has a length and items, so that it can be unpacked.

    torch.fx takes `x += y` for `x = x + y`, and what else is called x would keep its value.
    """

    def __iadd__(self, other: object) -> torch.fx.Proxy:
        return self._changed(operator.iadd, other)

    def __isub__(self, other: object) -> torch.fx.Proxy:
        return self._changed(operator.isub, other)

    def __imul__(self, other: object) -> torch.fx.Proxy:
        return self._changed(operator.imul, other)

    def __itruediv__(self, other: object) -> torch.fx.Proxy:
        return self._changed(operator.itruediv, other)

    def _changed(self, how: Callable[..., Any], other: Any) -> torch.fx.Proxy:
        return self.tracer.create_proxy("call_function", how, (self, other), {})

    def __len__(self) -> int:
        size = self.tracer.items_of(self.node) if isinstance(self.tracer, Tracer) else None
        return super().__len__() if size is None else size

    def __iter__(self) -> Iterator[torch.fx.Proxy]:
        size = self.tracer.items_of(self.node) if isinstance(self.tracer, Tracer) else None
        if size is None:
            return super().__iter__()
        return iter([self.tracer.create_proxy("call_function", getitem, (self, i), {}) for i in range(size)])

    def __index__(self) -> int:
        """The number that a size is, where the forward counts with it, as loops over time do."""
        size = self.tracer.looked_up(self.node) if isinstance(self.tracer, Tracer) else None
        if not isinstance(size, int):
            if isinstance(self.tracer, Tracer):
                self.tracer.counts_with_batch = True
            raise TypeError("it counts up to a size that depends on the batch")
        return size


class Tracer(torch.fx.Tracer):
    """Stops at the modules that are one node of the graph; keeps where each call stands in the source."""

    record_stack_traces = True

    def __init__(self, modules: Modules, size_of: Callable[[torch.fx.Node], Size | None] = lambda node: None) -> None:
        super().__init__()
        self.size_of = size_of  # of what has been recorded so far
        self.looking = False  # at modules themselves, and not at what stands for their parameters
        self.known = modules
        self.neurons = Neurons()
        self.counts_with_batch = False  # the forward needs a number where only the batch stands
        self.stuck: nn.Module | None = None  # the innermost module that could not be traced
        self.stuck_at = ""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """True for our own layers, for those that the user explains, and for torch's."""
        adapter = None if class_of(m) in self.known else adapter_of(m)
        if adapter is not None:
            return not adapter.opened
        if class_of(m) in self.known or isinstance(m, NEVER_OPENED) or kind_of(m, KINDS) or refusal_of(m):
            return True
        return changed_parent(m, KINDS) is None and super().is_leaf_module(m, module_qualified_name)

    def create_args_for_root(
        self, root_fn: Callable[..., Any], is_module: bool, concrete_args: Any = None
    ) -> tuple[Callable[..., Any], list[Any]]:
        """What torch.fx does, but arguments with a default have it, such as a state or a number of steps."""
        function, args = super().create_args_for_root(root_fn, is_module, concrete_args)
        given = list(inspect.signature(root_fn).parameters.values())
        if len(given) == len(args):
            args[2:] = [a if p.default is p.empty else p.default for a, p in zip(args[2:], given[2:], strict=True)]
        return function, args

    def items_of(self, node: torch.fx.Node) -> int | None:
        """How many items a shape has, None of what is no shape."""
        size = self.looked_up(node)
        return len(size) if isinstance(size, tuple) else None

    def looked_up(self, node: torch.fx.Node) -> Size | None:
        """The size that a value is, None of what is none."""
        self.looking = True
        try:
            return self.size_of(node)
        finally:
            self.looking = False

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """What torch.fx does, but while a size is looked up."""
        return attr_val if self.looking else super().getattr(attr, attr_val, parameter_proxy_cache)

    def proxy(self, node: torch.fx.Node) -> torch.fx.Proxy:
        """What stands for a value while the forward runs."""
        return _Value(node, self)

    def refused(self, network: nn.Module) -> list[str]:
        """Modules of frameworks in `network` that have no node, each with its path."""
        unknown = ((path, m) for path, m in network.named_modules() if class_of(m) not in self.known)
        return [f"{path} ({class_of(m).__name__}{why})" for path, m in unknown if (why := refusal_of(m))]

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What torch.fx does, inside wrappers too, and the place where it fails."""
        inner = inside(m)
        try:
            if inner is not None:
                return inner(*args, **kwargs)
            adapter = None if class_of(m) in self.known else adapter_of(m)
            if adapter is not None and adapter.runs is not None:
                return adapter.runs(m, *args, **kwargs)
            if adapter is not None and adapter.cell is not None:
                return self.neurons.called(self, m, adapter, [*args, *kwargs.values()])
            return super().call_module(m, forward, args, kwargs)
        except Exception:
            if self.stuck is None:
                self.stuck, self.stuck_at = m, self.path_of_module(m)
            raise


def untraceable(network: nn.Module, tracer: Tracer, error: Exception, *, told: bool = False) -> InputError:
    """The error for a forward that depends on its data; `told` where the number of steps was given."""
    name, reason = type(network).__name__, str(error).split(". ")[0].rstrip(".")
    made = MAKES_A_TENSOR.match(reason)
    if made:
        return InputError(
            f"{name} makes a tensor of a size that only the batch says, torch.{made[1]}; start the states of neurons "
            "with the reset of their framework or with None, and sums over the steps at 0."
        )
    if tracer.counts_with_batch:
        remedy = "write the loop as range(T) and take its steps as x[t] or x[:, t]"
        unsaid = "say how many steps the input has: timesteps=T, or --timesteps T on the command line"
        return InputError(
            f"{name} counts up to a size of its input that is taken for the batch; {remedy if told else unsaid}."
        )
    inside = f" in {tracer.stuck_at!r}" if tracer.stuck_at else ""
    kind = type(tracer.stuck or network).__name__
    remedy = "move that into a module of its own"
    if tracer.stuck_at:
        remedy = (
            f"say which node a {kind} is with modules={{{kind}: ...}}, or read a NIR file that its framework writes"
        )
    elif "item assignment" in reason:
        remedy = "append every step to a list and return torch.stack(list)"
    elif "iterated" in reason:
        refused = tracer.refused(network)
        if refused:
            return InputError(f"{name} cannot be traced: there is no node for {', '.join(refused)}; replace these.")
        if any(a is not None and a.cell is not None for a in map(adapter_of, network.modules())):
            remedy = (
                "take the steps of a loop as x[t] or x[:, t] for t in range(T), and give timesteps=T, or --timesteps T"
            )
    return InputError(
        f"{name} cannot be traced{inside}: {kind}.forward branches or loops on its data ({reason}); {remedy}."
    )
