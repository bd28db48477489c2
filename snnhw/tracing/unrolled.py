"""An explicit loop over time in a forward method, as torch.fx unrolls it: every call once, and the step it belongs to.

torch.fx records the body of a loop T times. A value is (the call of the first step that it repeats, its step); a call
whose arguments repeat those of an earlier one is that call in another step. What holds for the whole network follows
by induction from the checks here: the k-th call of a neuron module gets what the first got, of step k, and goes on from
the state of call k - 1. A loop whose steps differ is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from operator import getitem
from typing import Any

import torch
import torch.fx

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.tracing.calls import ADDITIONS, line, place

Value = tuple[torch.fx.Node, int | None]  # the first call that it repeats, and its step; None: the same in all steps


def state_of(sent: Any, name: str) -> Any:
    """Stands in a recorded forward for the state `name` that a neuron module gives beside what it sends."""
    raise RuntimeError("only recorded, never run")


class Unrolled:
    """What of a recorded forward repeats an earlier step; `looping` is False where no module goes step by step."""

    def __init__(self, looping: bool) -> None:
        self.looping = looping
        self.values: dict[torch.fx.Node, Value] = {}
        self.sums: dict[torch.fx.Node, tuple[torch.fx.Node, int]] = {}  # (what is added up, over how many steps)
        self.calls: Counter[str] = Counter()  # of each neuron module
        self.sequences: set[int] = set()  # how many steps the values have of which single ones are taken
        self.taken_at: set[int] = set()  # the steps that are taken of them
        self._first: dict[Hashable, torch.fx.Node] = {}
        self._fed: dict[str, torch.fx.Node] = {}  # what each neuron module gets

    @property
    def steps(self) -> int:
        """How often the neurons have been called."""
        return max(self.calls.values(), default=1)

    @property
    def seen(self) -> int:
        """Steps of the loop; one around layers alone, such as that of norse's Lift, calls no neuron."""
        return self.steps if self.calls else len(self.taken_at)

    def value(self, fx_node: torch.fx.Node) -> Value:
        """What it repeats, and its step."""
        return self.values.get(fx_node, (fx_node, None))

    def called(self, fx_node: torch.fx.Node) -> torch.fx.Node:
        """Take in a call of a neuron module; gives the first one.

        Raises:
            InputError: it gets something else than in its first call, or of another step.
        """
        path, source = str(fx_node.target), fx_node.all_input_nodes[0]
        step, (fed, fed_at) = self.calls[path], self.value(source)
        self.calls[path] += 1
        if self._fed.setdefault(path, fed) is not fed:
            raise InputError(
                f"{path!r}{line(fx_node)} gets something else in call {step + 1} than in call 1; a neuron module keeps "
                "one state, so give every place its own, and compute the same in every step"
            )
        if fed_at not in (None, step):
            raise InputError(f"{path!r}{line(fx_node)} gets step {fed_at} in call {step + 1}; take the steps in order")
        return self._keep(fx_node, ("neuron", path), step)

    def called_once(self, fx_node: torch.fx.Node) -> torch.fx.Node:
        """Take in the call of a neuron module that runs over all steps.

        Raises:
            InputError: it is the second: its state would go on from the last step of the first.
        """
        path = str(fx_node.target)
        if path in self._fed:
            raise InputError(f"{path!r}{line(fx_node)} is called again and keeps its state; give every place its own")
        self._fed[path] = fx_node
        return fx_node

    def state(self, fx_node: torch.fx.Node, path: str, step: int | None) -> torch.fx.Node:
        """Take in the membrane that a neuron module gives in a step; gives that of its first call."""
        return self._keep(fx_node, ("state", path), step)

    def taken(self, fx_node: torch.fx.Node, step: int) -> torch.fx.Node:
        """Take in the choice of one step of a sequence; gives the first choice of the same."""
        self.taken_at.add(step)
        return self._keep(fx_node, ("taken", self.value(fx_node.all_input_nodes[0])[0]), step)

    def repeats(self, fx_node: torch.fx.Node) -> torch.fx.Node:
        """Take in any other call; gives the first that it repeats, itself where there is none.

        Raises:
            InputError: it uses values of different steps.
        """
        steps = {self.value(a)[1] for a in fx_node.all_input_nodes} - {None}
        if len(steps) > 1:
            raise InputError(
                f"{place(fx_node)} uses values of the steps {sorted(s for s in steps if s is not None)} together"
                f"{line(fx_node)}; sum or stack one value over all steps, and keep recurrence inside a neuron module"
            )
        step = next(iter(steps), None)
        if not self.looping and step is None:
            return fx_node
        given = tuple((name, self._known(value)) for name, value in fx_node.kwargs.items())
        return self._keep(fx_node, (fx_node.op, fx_node.target, self._known(fx_node.args), given), step)

    def added(self, fx_node: torch.fx.Node) -> bool:
        """True where a call adds the next step of a value to the sum of the steps before; taken in as such a sum."""
        if fx_node.target not in ADDITIONS or len(fx_node.args) != 2 or fx_node.kwargs:
            return False
        for before, now in (fx_node.args, fx_node.args[::-1]):
            if not isinstance(now, torch.fx.Node):
                continue
            value, step = self.value(now)
            if step is not None and self._sum_before(before) == (value if step else None, step):
                self.sums[fx_node] = (value, step + 1)
                return True
        return False

    def _sum_before(self, before: Any) -> tuple[torch.fx.Node | None, int] | None:
        if isinstance(before, torch.fx.Node):
            value, step = self.value(before)
            return self.sums.get(before, (value, 1) if step == 0 else None)
        return (None, 0) if isinstance(before, int | float) and before == 0 else None

    def stacked(self, fx_node: torch.fx.Node) -> torch.fx.Node | None:
        """The value that a call stacks over all its steps; None where it stacks other things."""
        return self.listed(fx_node.args[0] if fx_node.args else fx_node.kwargs.get("tensors"))

    def whole(self, listed: object) -> torch.fx.Node | None:
        """The value of which a list holds every step of a loop, None of another list."""
        value = self.listed(listed)
        steps = self.steps if isinstance(listed, list | tuple) and len(listed) == self.steps > 1 else 0
        return value if steps and isinstance(listed, list | tuple) and self.value(listed[-1])[1] is not None else None

    def listed(self, listed: object) -> torch.fx.Node | None:
        """The value of which a list holds the first steps in their order, or one value again and again; else None."""
        if not isinstance(listed, list | tuple) or not all(isinstance(a, torch.fx.Node) for a in listed):
            return None
        values = [self.value(a) for a in listed if isinstance(a, torch.fx.Node)]
        steps = [step for _, step in values]
        if len({value for value, _ in values}) != 1 or steps not in ([None] * len(steps), list(range(len(steps)))):
            return None
        return values[0][0]

    def is_last(self, network: str, result: torch.fx.Node) -> bool:
        """Whether `result`, which the forward of `network` returns, is that of the last step of a loop alone.

        Raises:
            InputError: it returns one step of a loop, its neurons differ in their steps, or steps are left out.
        """
        if len(set(self.calls.values())) > 1:
            told = ", ".join(f"{path!r} {n} times" for path, n in self.calls.items())
            raise InputError(f"{network} calls {told} in a forward; call each once in every step.")
        seen = self.seen
        left_out = max(self.sequences, default=seen) - seen
        if left_out > 0:
            raise InputError(
                f"{network} takes {seen} of {max(self.sequences)} steps; take all of them in their order, or give "
                f"timesteps={seen}."
            )
        step = self.value(result)[1]
        if step is None or (self.steps == 1 and step == 0):
            return False
        if step != seen - 1:
            raise InputError(
                f"{network} returns what it computes in step {step}; append every step to a list and return "
                "torch.stack(list), or their sum."
            )
        return True

    def _keep(self, fx_node: torch.fx.Node, key: Hashable, step: int | None) -> torch.fx.Node:
        first = self._first.setdefault(key, fx_node)
        self.values[fx_node] = (first, step)
        return first

    def _known(self, argument: Any) -> Hashable:
        """An argument with the first calls for what it repeats, such that equal ones are equal."""
        return _frozen(argument, lambda node: self.value(node)[0])


def _frozen(argument: Any, known: Callable[[torch.fx.Node], torch.fx.Node]) -> Hashable:
    if isinstance(argument, torch.fx.Node):
        return known(argument)
    if isinstance(argument, list | tuple):
        return tuple(_frozen(a, known) for a in argument)
    if isinstance(argument, slice):
        return ("slice", *(_frozen(a, known) for a in (argument.start, argument.stop, argument.step)))
    if isinstance(argument, dict):
        return tuple((key, _frozen(value, known)) for key, value in argument.items())
    return (type(argument), argument)  # 1, 1.0 and True are equal and not the same argument


def step_taken(fx_node: torch.fx.Node) -> tuple[int, int] | None:
    """(axis, index) of a call that takes one index of one axis, such as x[t], x[:, t] or x.select(0, t); else None."""
    args = fx_node.args
    if fx_node.target == "select" and len(args) == 3 and all(isinstance(a, int) for a in args[1:]):
        return int(str(args[1])), int(str(args[2]))
    if fx_node.target is not getitem:
        return None
    index = args[1]
    chosen = index if isinstance(index, tuple) else (index,)
    chosen = tuple(i for i in chosen if i is not Ellipsis) if chosen[-1:] == (Ellipsis,) else chosen
    where = [axis for axis, i in enumerate(chosen) if isinstance(i, int) and not isinstance(i, bool)]
    rest = [i for i in chosen if not isinstance(i, int)]
    if len(where) != 1 or any(i != slice(None) for i in rest):
        return None
    return where[0], int(str(chosen[where[0]]))


def outside_the_loop(recorded: torch.fx.Graph, layers: Mapping[str, str], unrolled: Unrolled) -> list[Finding]:
    """What is said about layers that a forward calls once: before its loop, or behind it on the last step.

    Args:
        recorded: all calls of the forward.
        layers: those that take single steps: path of the module -> its node.
        unrolled: the loop.
    """
    called = [fx_node for fx_node in recorded.nodes if fx_node.op == "call_module"]
    calls = Counter(str(fx_node.target) for fx_node in called)
    once = [n for n in called if str(n.target) in layers and calls[str(n.target)] == 1]
    steps = unrolled.steps
    found = []
    for fx_node in once:
        path, behind = str(fx_node.target), unrolled.value(fx_node)[1] is not None
        where = "behind its loop, on the last step" if behind else "in front of its loop"
        message = (
            f"the module computes {path!r} once, {where}; the graph runs and counts it in each of the {steps} steps, "
            f"which gives the same {'logits' if behind else 'spikes'} for {steps} times its operations"
        )
        remedy = "divide its operations by the steps where the hardware computes it once"
        found.append(
            Finding("outside-the-loop" if behind else "before-the-loop", "info", layers[path], message, remedy)
        )
    return found
