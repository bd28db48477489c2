"""The gate for weights: a state dict goes into a network only where names, shapes and values are what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from snnhw.errors import InputError


def load_state(network: nn.Module, state: Mapping[str, Tensor], where: str, remedy: str) -> None:
    """Put `state` into `network`.

    Args:
        network: any; nothing of it changes where an error is raised.
        state: its tensors by name, all of them and no others.
        where: what they come from, such as "the checkpoint" or a path.
        remedy: what to do otherwise; ends them.

    Raises:
        InputError: a tensor is missing, left over, of another shape or kind, or holds what no training gives.
    """
    wanted = network.state_dict()
    begins = "T" + where[1:] if where.startswith("the ") else where
    for name in sorted(set(wanted) ^ set(state)):
        problem = "lacks" if name in wanted else "has the unneeded"
        raise InputError(f"{begins} {problem} tensor {name!r}; {remedy}.")
    for name, tensor in wanted.items():
        given = state[name]
        if tensor.shape != given.shape:
            raise InputError(
                f"Tensor {name!r} of {where} has shape {tuple(given.shape)} where "
                f"{tuple(tensor.shape)} is needed; {remedy}."
            )
        if tensor.is_floating_point() != given.is_floating_point() or given.is_complex():
            raise InputError(f"Tensor {name!r} of {where} is {_kind(given)} where {_kind(tensor)} is needed; {remedy}.")
    fault = fault_of(state)
    if fault is not None:
        raise InputError(f"{begins} cannot be used, since {fault}; {remedy}.")
    network.load_state_dict(dict(state))


def fault_of(state: Mapping[str, Tensor]) -> str | None:
    """The first tensor whose values no network can run with, in words; None if there is none.

    NaN and infinity would go through all layers, and the root of a negative variance is NaN, where units are silent.
    """
    for name, tensor in state.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            return f"tensor {name!r} holds NaN or infinity"
        if name.rpartition(".")[2] == "running_var" and bool((tensor < 0).any()):
            return f"tensor {name!r} holds a negative variance"
    return None


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
