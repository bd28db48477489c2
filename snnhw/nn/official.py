"""Checkpoints of the MLF authors' public code (Feng et al., IJCAI 2022) into our networks.

The architecture is recognised from the names and shapes of the state dict. T, thresholds, decay, the side of the sum on
which a block fires and the pixels of the input are constants of that code and not in the file: they are arguments here,
with the published values as defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.gates.memory import check_size
from snnhw.gates.regular import open_regular
from snnhw.nn.resnet import BlockKind, DSResNet
from snnhw.nn.state import load_state
from snnhw.nn.vgg import GROUPS, VGG16

# Order matters: the first pattern that matches renames the key.
RESNET_NAMES: tuple[tuple[str, str], ...] = (
    (r"voting\.", "head."),
    (r"bn0\.bn\.", "input_norm."),
    (r"conv1\.", "stem.conv."),
    (r"bn1\.bn\.", "stem.norm."),
    (r"layer(\d+)\.execute\.(\d+)\.shortcut\.0\.", "shortcut.conv."),
    (r"layer(\d+)\.execute\.(\d+)\.shortcut\.1\.bn\.", "shortcut.norm."),
    (r"layer(\d+)\.execute\.(\d+)\.conv(\d)\.", "conv{2}."),
    (r"layer(\d+)\.execute\.(\d+)\.bn(\d)\.bn\.", "norm{2}."),
)
# Units by their place in the authors' Sequential, where a pool follows every group.
VGG_UNITS = {
    str(sum(GROUPS[:g]) + g + c): f"conv{g + 1}_{c + 1}" for g, depth in enumerate(GROUPS) for c in range(depth)
}
VGG_LINEAR = {"0": "hidden.fc1", "3": "hidden.fc2", "6": "head"}


@dataclass(frozen=True)
class Setting:
    """The data set of a network in the authors' code, with its T and the shape of a sample."""

    data: str
    timesteps: int
    input_shape: tuple[int, int, int]  # (C, H, W)


class UnitArguments(TypedDict):
    """Arguments of the MLF units of a network."""

    thresholds: Sequence[float]
    decay: float
    surrogate_width: float


class ResNetArguments(TypedDict):
    """Arguments of a `DSResNet` that the shapes of its tensors give."""

    in_channels: int
    classes: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    input_norm: bool


def setting_of(in_channels: int, input_norm: bool) -> Setting:
    """The setting of a network, recognised by its input: colours, or events with or without a tdBN of their own."""
    if in_channels != 2:
        return Setting("CIFAR-10", 4, (in_channels, 32, 32))
    return Setting("DVS128-Gesture", 40, (2, 32, 32)) if input_norm else Setting("CIFAR10-DVS", 10, (2, 42, 42))


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """State dict in a `.pth` file, with or without the wrapper {"model": ..., "epoch": ...} and the prefix "module.".

    Raises:
        InputError: the file is absent or holds no state dict.
    """
    with open_regular(path, "torch checkpoint", "give the path of a checkpoint") as file:
        try:
            content = torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises whatever its reader meets, from struct.error to AssertionError
            raise InputError(f"{path} is not a torch checkpoint of tensors; save it again with torch.save.") from error
    for wrapper in ("model", "state_dict"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise InputError(f"{path} holds no state dict; save one as {{'model': network.state_dict()}}.")
    if not all(v.layout is torch.strided and v.device.type == "cpu" and not v.is_quantized for v in content.values()):
        raise InputError(f"{path} holds tensors that are not plain; save the state dict of the float network.")
    check_size(sum(v.numel() * v.element_size() for v in content.values()), f"The checkpoint {path}")
    return {str(name).removeprefix("module."): tensor for name, tensor in content.items()}


def is_official(state: Mapping[str, Tensor]) -> bool:
    """True for names of the authors' code."""
    return {"voting.weight", "conv1.weight"} <= set(state) or "feature.0.conv.0.weight" in state


def from_official(
    state: Mapping[str, Tensor],
    timesteps: int | None = None,
    thresholds: Sequence[float] = (0.6, 1.6, 2.6),
    decay: float = 0.25,
    surrogate_width: float = 1.0,
    downsample_sum: BlockKind = "ds",
) -> nn.Module:
    """Our network with the weights of `state`; T is by default that of the authors' data set: 4, 10 or 40.

    Raises:
        InputError: the state dict is not of that code, or a tensor is missing, left over or of the wrong shape.
    """
    if not is_official(state):
        raise InputError("The state dict is not of the MLF authors' code (no 'voting.weight'); give one that is.")
    unit = UnitArguments(thresholds=thresholds, decay=decay, surrogate_width=surrogate_width)
    try:
        return _build(state, unit, timesteps, downsample_sum)
    except KeyError as error:
        raise InputError(f"The checkpoint lacks tensor {error}; give one of the MLF authors' code.") from error
    except IndexError as error:
        raise InputError("A tensor of the checkpoint has too few axes; give one of the MLF authors' code.") from error


def _build(
    state: Mapping[str, Tensor], unit: UnitArguments, timesteps: int | None, downsample_sum: BlockKind
) -> nn.Module:
    if "voting.weight" not in state:
        first, last = state["feature.0.conv.0.weight"], state["classifier.6.weight"]
        in_channels, classes, width = first.shape[1], last.shape[0], first.shape[0]
        network: nn.Module = VGG16(in_channels, classes, width, **unit, timesteps=timesteps or 4)
        return _load(network, {_vgg_name(n): v for n, v in state.items() if "num_batches" not in n})
    resnet = _resnet_arguments(state)
    usual = setting_of(resnet["in_channels"], resnet["input_norm"]).timesteps
    network = DSResNet(**resnet, **unit, timesteps=timesteps or usual, downsample_sum=downsample_sum)
    return _load(network, {resnet_name(n): v for n, v in state.items() if "num_batches" not in n})


def resnet_name(name: str) -> str:
    """Our name of a tensor or module of the authors' ResNet, such as layer2.execute.0.bn1.bn.weight."""
    for pattern, ours in RESNET_NAMES:
        match = re.match(pattern, name)
        if match:
            place = f"stages.stage{match[1]}_block{int(match[2]) + 1}." if match.re.groups >= 2 else ""
            return place + ours.format(*match.groups()) + name[match.end() :]
    raise InputError(f"The state dict has the unknown tensor {name!r}; give a checkpoint of the MLF authors' code.")


def _vgg_name(name: str) -> str:
    kind, index, rest = name.split(".", 2)
    if kind == "classifier" and index in VGG_LINEAR:
        return f"{VGG_LINEAR[index]}.{rest}"
    if kind == "feature" and index in VGG_UNITS:
        part = {"conv.0": "conv", "conv.1.bn": "norm"}.get(rest.rpartition(".")[0])
        if part:
            return f"features.{VGG_UNITS[index]}.{part}.{rest.rpartition('.')[2]}"
    raise InputError(f"The state dict has the unknown tensor {name!r}; give a checkpoint of the MLF authors' code.")


def _resnet_arguments(state: Mapping[str, Tensor]) -> ResNetArguments:
    depth: dict[int, int] = {}
    for name in state:
        match = re.match(r"layer(\d+)\.execute\.(\d+)\.", name)
        if match:
            stage = int(match[1])
            depth[stage] = max(depth.get(stage, 0), int(match[2]) + 1)
    stages = sorted(depth)
    if not stages or stages != list(range(1, len(stages) + 1)):
        raise InputError(f"The state dict has the stages {stages}; give a checkpoint with layer1, layer2, and so on.")
    return {
        "in_channels": state["conv1.weight"].shape[1],
        "classes": state["voting.weight"].shape[0],
        "widths": tuple(state[f"layer{s}.execute.0.conv1.weight"].shape[0] for s in stages),
        "blocks": tuple(depth[s] for s in stages),
        "input_norm": "bn0.bn.running_mean" in state,
    }


def _load(network: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
    load_state(network, state, "the checkpoint", "give one of the architecture it names")
    return network
