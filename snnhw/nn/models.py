"""Networks by name: the class and the arguments of each. `build("ds_resnet20", timesteps=8)` changes any argument."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import nn

from snnhw.errors import InputError, unknown
from snnhw.gates.plain_text import shown
from snnhw.nn.limits import check_arguments
from snnhw.nn.resnet import DSResNet
from snnhw.nn.twin import relu_twin
from snnhw.nn.vgg import VGG16


@dataclass(frozen=True)
class Model:
    """A class of network and the arguments that make it this model."""

    network: type[nn.Module]
    arguments: Mapping[str, object] = field(default_factory=dict)


def _resnet(widths: tuple[int, ...], depth: int, **others: object) -> Model:
    """Depth d has (d - 2) / 6 blocks in each of three stages."""
    return Model(DSResNet, {"widths": widths, "blocks": ((depth - 2) // 6,) * 3, **others})


CIFAR10 = (64, 128, 256)
EVENTS = {"in_channels": 2}
MODELS: dict[str, Model] = {
    "ds_resnet8": _resnet(CIFAR10, 8),
    "ds_resnet14": _resnet(CIFAR10, 14),
    "ds_resnet20": _resnet(CIFAR10, 20),
    "ds_resnet32": _resnet(CIFAR10, 32),
    "ds_resnet44": _resnet(CIFAR10, 44),
    "ds_resnet68": _resnet(CIFAR10, 68),
    "spiking_resnet8": _resnet(CIFAR10, 8, downsample_sum="plain"),
    "spiking_resnet14": _resnet(CIFAR10, 14, downsample_sum="plain"),
    "spiking_resnet20": _resnet(CIFAR10, 20, downsample_sum="plain"),
    "spiking_resnet32": _resnet(CIFAR10, 32, downsample_sum="plain"),
    "spiking_resnet44": _resnet(CIFAR10, 44, downsample_sum="plain"),
    "spiking_resnet68": _resnet(CIFAR10, 68, downsample_sum="plain"),
    "gesture_ds_resnet20": _resnet((16, 32, 64), 20, **EVENTS, classes=11, timesteps=40, input_norm=True),
    "dvscifar10_ds_resnet14": _resnet((32, 64, 128), 14, **EVENTS, timesteps=10),
    "digits_ds_resnet8": _resnet((12, 24, 48), 8, in_channels=1),
    "mnist_ds_resnet8": _resnet((8, 16, 32), 8, in_channels=1),
    "fashion_ds_resnet8": _resnet((16, 32, 64), 8, in_channels=1),
    "nmnist_ds_resnet8": _resnet((8, 16, 32), 8, **EVENTS, timesteps=10),
    "vgg16": Model(VGG16),
}


def build(name: str, *, relu: bool = False, **arguments: object) -> nn.Module:
    """Network `name` with some arguments changed, freshly initialised; `relu` gives its ReLU twin.

    Raises:
        InputError: there is no such model or argument, those that exist are named; or a value is of the wrong kind.
    """
    model = MODELS.get(name) if isinstance(name, str) else None
    if model is None:
        raise unknown("model", name, MODELS)
    known = [p for p in inspect.signature(model.network).parameters if p != "self"]
    extra = sorted(set(arguments) - set(known))
    if extra:
        raise InputError(f"Model {name!r} has no argument {extra[0]!r}; it has {', '.join(known)}.")
    try:
        check_arguments(name, model.network, {**model.arguments, **arguments})
        network = model.network(**{**model.arguments, **arguments})
    except (TypeError, ValueError, RuntimeError, OverflowError, IndexError) as error:
        given = shown(", ".join(f"{key} = {shown(value)}" for key, value in arguments.items()), 200).strip("'")
        raise InputError(f"Model {name!r} cannot be built with {given} ({error}); correct the value.") from error
    return relu_twin(network) if relu else network
