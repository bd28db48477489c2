"""Hooks that may change values are refused by name; hooks that look on are neither refused nor run."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from snnhw.errors import InputError
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.hooks import may_change
from snnhw.tracing.trace import trace

STEPS, SHAPE = 2, (1, 4, 4)
SEEN: list[object] = []
TOTAL = 0


def network_of() -> nn.Sequential:
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Conv2d(1, 2, 3), MLF((0.1,), timesteps=STEPS))
    layers = Frames(STEPS), inner, nn.Flatten(), nn.Linear(8, 3), MeanOverTime(STEPS)
    return nn.Sequential(*layers).double().eval()


def doubled(module, args, out):
    return 2 * out


def halved(module, args):
    return (args[0] / 2,)


def of_some(module, args, out):
    if isinstance(module, nn.Conv2d):
        return -out
    return None


def in_place(module, args, out):
    out.mul_(2)


def augmented(module, args, out):
    out += 1


def by_key(module, args, kwargs):
    return args, {**kwargs}


def generator(module, args, out):
    yield out


class Doubler:
    def __call__(self, module, args, out):
        return 2 * out

    def method(self, module, args, out):
        return 2 * out


def looks(module, args, out):
    global TOTAL
    SEEN.append(out)
    TOTAL += int((out > 0).sum())


def looks_and_leaves(module, args, out):
    if module.training:
        return
    for value in args:
        SEEN.append(value.mean())


def looks_before(module, args):
    """Says so."""
    found = args[0].abs()
    found += 1
    SEEN.append({"largest": found.max().item(), "name": type(module).__name__})


class Looker:
    def __init__(self) -> None:
        self.total = 0

    def __call__(self, module, args, out):
        self.total += out.numel()
        self.last = out.detach()

    def method(self, module, args, out):
        self.total += 1


def named(name, module, args, out):
    SEEN.append((name, out))


CHANGES = [
    doubled, of_some, in_place, augmented, generator, Doubler(), Doubler().method, functools.partial(doubled),
    lambda module, args, out: out * 0,
    lambda module, args, out: 2 * out if isinstance(module, nn.Conv2d) else None,
]  # fmt: skip
LOOKS = [looks, looks_and_leaves, Looker(), Looker().method, functools.partial(named, "conv"), lambda *given: None]


def test_what_a_hook_may_do_is_read_off_its_code() -> None:
    assert [may_change(hook) for hook in (*CHANGES, halved, by_key, print, torch.relu)] == [True] * (len(CHANGES) + 4)
    assert [may_change(hook) for hook in (*LOOKS, looks_before)] == [False] * (len(LOOKS) + 1)


@pytest.mark.parametrize("place", ["", "1", "1.0", "3"])
@pytest.mark.parametrize("hook", CHANGES)
def test_a_hook_that_may_change_what_is_computed_is_refused_by_name(place: str, hook) -> None:
    network = network_of()
    handle = network.get_submodule(place).register_forward_hook(hook)
    where = f"Layer '{place}'" if place else "The network, a Sequential,"
    with pytest.raises(InputError, match=rf"{where} has the forward hook .*remove it with the handle"):
        trace(network, SHAPE)
    handle.remove()
    assert trace(network, SHAPE).nodes


def test_a_hook_before_a_layer_counts_too() -> None:
    for hook, options in ((halved, {}), (by_key, {"with_kwargs": True})):
        network = network_of()
        network[3].register_forward_pre_hook(hook, **options)
        with pytest.raises(InputError, match=f"Layer '3' has the forward hook {hook.__name__}, which may change"):
            trace(network, SHAPE)


@pytest.mark.parametrize("place", ["", "1", "1.0", "3"])
@pytest.mark.parametrize("hook", LOOKS)
def test_a_hook_that_looks_on_sees_the_module_alone(place: str, hook) -> None:
    network, x = network_of(), torch.randn(3, *SHAPE, dtype=torch.float64)
    network.get_submodule(place).register_forward_hook(hook)
    SEEN.clear()
    graph = trace(network, SHAPE)
    assert SEEN == []  # no hook runs while the network is traced
    with torch.no_grad():
        expected = network(x).numpy()
    assert SEEN or hook in LOOKS[2:4] or hook is LOOKS[5]  # and it is there afterwards
    np.testing.assert_allclose(simulate(graph, x.numpy(), execution=DOUBLE).logits, expected, atol=1e-12)


def test_hooks_on_all_modules_of_the_process_are_looked_at() -> None:
    for register, hook in ((register_module_forward_hook, CHANGES[-1]), (register_module_forward_pre_hook, halved)):
        handle = register(hook)
        try:
            with pytest.raises(InputError, match=r"stands on all modules .*remove it with the handle"):
                trace(network_of(), SHAPE)
        finally:
            handle.remove()
    handle = register_module_forward_hook(looks)
    SEEN.clear()
    try:
        assert trace(network_of(), SHAPE).nodes and SEEN == []
        network_of()(torch.zeros(1, *SHAPE, dtype=torch.float64))
        assert SEEN
    finally:
        handle.remove()
