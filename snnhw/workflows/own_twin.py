"""The trained ReLU twin as its owner names it: a run folder, a zoo name, a torch module, its weights, an ONNX file.

Takes what `--ann` and `--ann-weights` say; gives a torch module that is held against the spiking network: no neuron
spikes in it, and its weights have the shapes of that network.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.gates.regular import read_bytes
from snnhw.gates.script import is_script, run_script
from snnhw.graph.ir import Conv2d, Graph, Linear
from snnhw.nn.from_onnx import from_onnx
from snnhw.nn.official import read_checkpoint
from snnhw.nn.state import load_state
from snnhw.nn.units import SPIKING
from snnhw.nn.wrappers import unwrapped
from snnhw.tracing.frameworks.registry import adapter_of
from snnhw.train.run import load_run
from snnhw.workflows.load import LoadedModel
from snnhw.zoo import zoo_names, zoo_path

Shapes = Counter[tuple[int, ...]]
Twin = str | Path | nn.Module  # as its owner names it, or as it is at hand
KINDS = "a run folder, a zoo name, FILE.py:NAME or module:NAME, or an .onnx file"


@dataclass(frozen=True)
class OwnTwin:
    """A twin and where its weights come from."""

    source: Twin
    weights: Path | None = None  # state dict for the module that `source` names, .pth, .pt or .safetensors

    @property
    def name(self) -> str:
        """What messages call it."""
        source = type(self.source).__name__ if isinstance(self.source, nn.Module) else str(self.source)
        return source if self.weights is None else f"{source} with {self.weights}"


def trained_twin(given: OwnTwin | Twin, model: LoadedModel) -> nn.Module:
    """The ReLU network that is named, in evaluation mode.

    Args:
        given: the twin; a module in memory stays as it is.
        model: the spiking network that it is the twin of.

    Raises:
        InputError: it cannot be read or built, something spikes in it, or its layers are not those of `model`.
    """
    twin = given if isinstance(given, OwnTwin) else OwnTwin(given)
    network = _network(twin).eval()
    spiking = next((m for m in network.modules() if isinstance(m, SPIKING) or adapter_of(m) is not None), None)
    if spiking is not None:
        raise InputError(f"{twin.name} is a spiking network (it has a {type(spiking).__name__}); give its ReLU twin.")
    mine, theirs = _shapes(network), _expected(model)
    if theirs is not None and mine != theirs:
        more, fewer = _named(mine - theirs), _named(theirs - mine)
        raise InputError(
            f"{twin.name} has other layers than {model.name} (weights {more} in place of {fewer}); train the twin of "
            "this network."
        )
    return network


def _network(twin: OwnTwin) -> nn.Module:
    """The module with its weights."""
    source, weights = twin.source, twin.weights
    if isinstance(source, nn.Module):
        network = copy.deepcopy(unwrapped(source))
    elif is_script(str(source)) and not Path(source).is_dir():
        network = unwrapped(run_script(str(source), (nn.Module,)).found)
    else:
        if weights is not None:
            raise InputError(f"{source} has its own weights; leave --ann-weights out, or name the module FILE.py:NAME.")
        return _with_weights(source)
    if weights is not None:
        remedy = "give the state dict of the module that --ann names"
        load_state(network, _state(weights), str(weights), remedy)
    return network


def _with_weights(source: str | Path) -> nn.Module:
    """A twin that comes with its weights: an ONNX file, a run folder, a network of the zoo."""
    if Path(source).suffix == ".onnx":
        return from_onnx(source)
    named = str(source) in zoo_names() and not Path(source).is_dir()
    if not named and not Path(source).is_dir():
        raise InputError(f"There is no ReLU twin {str(source)!r}; give {KINDS}.")
    network, card = load_run(zoo_path(str(source)) if named else source)
    if not card.relu:
        raise InputError(f"{source} is a spiking network; give the run of its ReLU twin, trained with relu = true.")
    return network


def _state(path: Path) -> Mapping[str, Tensor]:
    if path.suffix != ".safetensors":
        return read_checkpoint(path)
    from safetensors.torch import load

    content = read_bytes(path, "file of weights", "give a state dict as .pth, .pt or .safetensors")
    try:
        state: Mapping[str, Tensor] = load(content)
    except Exception as error:  # of the library, which has one of its own
        raise InputError(f"{path} holds no weights in the format of safetensors; save them again.") from error
    return state


def _shapes(network: nn.Module) -> Shapes:
    """Shapes of all weights that multiply; a layer of sequences is one of images of one row."""
    layers = [m for m in network.modules() if isinstance(m, nn.Conv1d | nn.Conv2d | nn.Linear)]
    return Counter(_held(tuple(m.weight.shape)) for m in layers)


def _held(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:2], 1, shape[2]) if len(shape) == 3 else shape


def _expected(model: LoadedModel) -> Shapes | None:
    """The shapes of the spiking network; None where its graph has other weights than the network that it is of."""
    if model.network is not None:
        return _shapes(model.network)
    return _of_graph(model.graph)


def _of_graph(graph: Graph) -> Shapes | None:
    found: tuple[Conv2d | Linear, ...] = (*graph.of_type(Conv2d), *graph.of_type(Linear))
    layers = [node for node in found if not node.identity]
    folded = any(getattr(n, "unfolded", None) or getattr(n, "unfolded_inputs", None) is not None for n in layers)
    if folded or len(found) < sum(hasattr(n, "weight") for n in graph.nodes.values()):
        return None
    return Counter(tuple(int(n) for n in np.shape(node.weight)) for node in layers)


def _named(shapes: Shapes) -> str:
    first = ["x".join(map(str, shape)) for shape in list(shapes.elements())[:3]]
    return ", ".join(first) + (" and more" if shapes.total() > len(first) else "") if first else "none"
