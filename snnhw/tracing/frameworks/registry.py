"""Which framework a module comes from, read off the name of its class and of the package that defines it."""

from __future__ import annotations

from torch import nn

from snnhw.tracing.frameworks.adapter import Adapter, Framework
from snnhw.tracing.frameworks.norse import NORSE
from snnhw.tracing.frameworks.sinabs import SINABS
from snnhw.tracing.frameworks.snntorch import SNNTORCH
from snnhw.tracing.frameworks.spikingjelly import SPIKINGJELLY
from snnhw.tracing.kinds import class_of, kind_of

FRAMEWORKS: dict[str, Framework] = {  # by the package that defines the class
    "norse": NORSE,
    "sinabs": SINABS,
    "snntorch": SNNTORCH,
    "spikingjelly": SPIKINGJELLY,
}


def adapter_of(module: nn.Module) -> Adapter | None:
    """What `module` is; None where it is of no framework, or computes otherwise than the class it is made from."""
    for kind in class_of(module).__mro__:
        framework = FRAMEWORKS.get(_package(kind))
        if framework is not None and kind.__name__ in framework.adapters:
            return framework.adapters[kind.__name__] if kind_of(module, {kind}) is not None else None
    return None


def refusal_of(module: nn.Module) -> str | None:
    """Why `module`, of a framework, has no node and must not be looked into; None where it is free of state."""
    for kind in class_of(module).__mro__:
        framework = FRAMEWORKS.get(_package(kind))
        if framework is None or adapter_of(module) is not None:
            continue
        if kind.__name__ in framework.adapters:
            return f", a {kind.__name__} of {_package(kind)} that computes in its own way"
        if kind.__name__ in framework.refused:
            return f" of {_package(kind)}, {framework.refused[kind.__name__]}"
        if kind.__name__ in framework.stateful:
            return f" of {_package(kind)}, whose neurons with a node are {', '.join(framework.neurons)}"
    return None


def reset_of(module: nn.Module) -> str | None:
    """The name of the method that starts a neuron of a framework anew; None of other modules."""
    adapter = adapter_of(module)
    if adapter is None or adapter.cell is None:
        return None
    packages = (_package(kind) for kind in class_of(module).__mro__)
    return next(FRAMEWORKS[package].reset for package in packages if package in FRAMEWORKS)


def _package(kind: type) -> str:
    return kind.__module__.partition(".")[0]
