"""MODEL on the command line: a run folder, a zoo name, a checkpoint of the MLF authors' code, a NIR or a Python file.

All of them become the same thing: a folded multi-level graph, with the trained module where there is one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnhw.errors import InputError, unknown
from snnhw.gates.regular import open_regular
from snnhw.gates.script import is_script, run_script
from snnhw.glance import Summarised, Summary, shape_text
from snnhw.graph.assumptions import TIMESTEPS, assumed, assumptions
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Conv2d, Graph, Linear
from snnhw.nir.reading import AS_WRITTEN, Reading, reading_given
from snnhw.passes import FLOAT, run_passes
from snnhw.rules.refuse import refuse
from snnhw.rules.structure import numbers
from snnhw.workflows.model_name import check_model_name

if TYPE_CHECKING:  # a NIR file is loaded without torch
    from torch import nn

    from snnhw.tracing.calling import Calling
    from snnhw.tracing.modules import Modules

Constants = Mapping[str, Any]  # of an official checkpoint: numbers, lists and words, as TOML has them


@dataclass(frozen=True, repr=False)
class LoadedModel(Summarised):
    """A network ready for every stage behind training."""

    name: str
    graph: Graph  # folded and multi-level, or in Loihi integers if the file was
    traced: Graph | None = None  # before folding; None without a module
    network: nn.Module | None = None
    card: Mapping[str, object] = field(default_factory=dict)
    checksum: str = ""  # sha256 of the file with the weights
    findings: tuple[Finding, ...] = ()  # what the reader had to say
    reading: Reading = AS_WRITTEN  # what the user said about it
    file: Path | None = None  # the NIR file that it was read from
    calling: Calling | None = None  # how the network is called, where it is made of a framework's modules

    @property
    def assumed(self) -> tuple[Finding, ...]:
        """Those findings that say what had to be assumed."""
        return assumed(self.findings)

    @property
    def timesteps(self) -> int | None:
        """T where the model or the user says it; None where it is assumed, so that data may say it."""
        return None if any(finding.code == TIMESTEPS for finding in self.findings) else self.graph.timesteps

    def summary(self) -> Summary:
        """Size of the network and where it comes from."""
        units = self.graph.units()
        synapses = [node for node in self.graph.nodes.values() if isinstance(node, Conv2d | Linear)]
        levels = [sum(self.graph.signal(neuron.name).levels for neuron in unit) for unit in units.values()]
        weights = sum(node.weight.size for node in synapses)
        return Summary(
            f"LoadedModel {self.name!r}",
            (
                ("input", shape_text(self.graph.input.shape)),
                *(
                    ("output" if len(self.graph.readouts) == 1 else f"output {end.name}", f"{end.size:,} values")
                    for end in self.graph.readouts
                ),
                ("time steps", str(self.graph.timesteps)),
                ("neurons", f"{sum(unit[0].size for unit in units.values()):,} in {len(units)} units"),
                ("levels", f"up to {max(levels, default=0)}"),
                ("weights", f"{weights:,} in {len(synapses)} nodes"),
                ("module", "none" if self.network is None else type(self.network).__name__),
                ("findings", str(len(self.findings))),
                *(("assumed", found.text) for found in assumptions(self.findings)),
                ("checksum", self.checksum[:12]),
            ),
        )


def model_given(value: object) -> LoadedModel:
    """`value`, which is a loaded model.

    Raises:
        InputError: it is something else, such as a graph or a torch module.
    """
    if isinstance(value, LoadedModel):
        return value
    remedy = "LoadedModel(graph.name, graph)" if isinstance(value, Graph) else "that of load_model or model_of"
    raise InputError(f"Got a {type(value).__name__} where a LoadedModel is needed; give {remedy}.")


def load_model(
    source: str | Path,
    reading: Reading = AS_WRITTEN,
    *,
    input_shape: tuple[int, ...] | None = None,
    constants: Constants | None = None,
) -> LoadedModel:
    """Model from what a user names.

    Args:
        source: run folder, zoo name, official `.pth`, `.nir`, or FILE.py:NAME, which is run (`snnhw/gates/script.py`).
        reading: what a NIR file does not say, and T in place of any model's own.
        input_shape: (C, H, W) of an official checkpoint, whose convolutions do not fix it, or of a network in a Python
            file; the same as that of `reading`.
        constants: of an official checkpoint, which does not hold them: thresholds, decay, downsample_sum.

    Raises:
        InputError: nothing of that name exists, the file is damaged, or what is given is for another kind of model.
    """
    path, reading = Path(source), reading_given(reading)
    input_shape = reading.input_shape if input_shape is None else input_shape
    if constants and path.suffix not in (".pth", ".pt"):
        raise InputError(f"{source} is no official checkpoint and holds its constants; leave --constant out.")
    is_folder = os.path.isdir(path)  # also of names that no file can have
    script = is_script(str(source)) and not is_folder
    if input_shape is not None and not script and path.suffix not in (".pth", ".pt"):
        raise InputError(f"{source} is no official checkpoint and says its own input; leave input_shape out.")
    if path.suffix == ".nir" and not is_folder:
        return _from_nir(path, reading)
    given = reading.for_files_alone()
    if given:
        raise InputError(f"{source} is no NIR file, so {', '.join(given)} would change nothing; leave it out.")
    if is_folder:
        return _from_run(path, reading)
    if script:
        return _from_script(str(source), replace(reading, input_shape=input_shape))
    if path.suffix in (".pth", ".pt"):
        return _from_official(path, reading, input_shape, constants or {})
    from snnhw.zoo import zoo_path

    check_model_name(source)
    return _from_run(zoo_path(str(source)), reading)


def load_models(sources: Sequence[str], reading: Reading = AS_WRITTEN) -> dict[str, LoadedModel]:
    """Several models by a short name; what `reading` says of NIR files is for the NIR files among them.

    Raises:
        InputError: as `load_model`, one is named twice, or none of them is a NIR file and part of `reading` is for
            these alone.
    """
    files = [source for source in sources if source.endswith(".nir")]
    scripts = any(is_script(source) for source in sources)
    loaded: dict[str, LoadedModel] = {}
    for source in sources:
        own = reading if source in files or not files else Reading(timesteps=reading.timesteps)
        own = replace(own, input_shape=reading.input_shape if is_script(source) or not scripts else None)
        short = source.rpartition(":")[2] if is_script(source) else Path(source).stem
        label = short if short not in loaded else source.strip("/.").replace("/", "_")
        if label in loaded:
            raise InputError(f"Model {source} is named twice; name every model once.")
        loaded[label] = load_model(source, own)
    return loaded


def model_of(
    network: nn.Module,
    input_shape: tuple[int, ...],
    name: str | None = None,
    modules: Modules | None = None,
    *,
    timesteps: int | None = None,
) -> LoadedModel:
    """Model from a torch module of your own, in evaluation mode from here on.

    Args:
        network: what `snnhw.tracing.trace` can read; weights are copied. Of a compiled one, what is inside.
        input_shape: of one frame, (C, H, W) or (N,).
        name: of the graph and of the files written for it; by default the name of the class.
        modules: the nodes of layers of your own, as for `snnhw.tracing.trace`.
        timesteps: T of a network of another framework whose forward does not say it (docs/modules.md).

    Raises:
        InputError: the module uses what has no node in the graph, or holds NaN, infinity or a negative variance; the
            place is named.
    """
    import torch

    from snnhw.nn.wrappers import unwrapped
    from snnhw.tracing.trace import traced

    network = unwrapped(network.eval())
    label = name or type(network).__name__
    graph, calling = traced(network, input_shape, name=label, modules=modules, timesteps=timesteps)
    refuse((finding for node in graph.nodes.values() for finding in numbers(node)), graph, "any use")
    digest = hashlib.sha256()
    for key, tensor in sorted(network.state_dict().items()):
        digest.update(key.encode() + tensor.detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
    return LoadedModel(
        graph.name,
        run_passes(graph, FLOAT),
        graph,
        network,
        checksum=digest.hexdigest(),
        findings=graph.findings,
        calling=calling,
    )


def _from_script(source: str, reading: Reading) -> LoadedModel:
    from torch import nn

    script = run_script(source, (nn.Module, LoadedModel))
    if isinstance(script.found, LoadedModel):
        said = {"--timesteps": reading.timesteps, "--input-shape": reading.input_shape}
        given = [option for option, value in said.items() if value is not None]
        if given:
            raise InputError(f"{source} is a finished model and says its own; leave {', '.join(given)} out.")
        return script.found
    shape, steps = script.frame(reading.input_shape), script.said(reading.timesteps, "timesteps")
    return called_model(script.found, shape, script.name, (reading.timesteps, steps), source)


def called_model(
    network: nn.Module,
    shape: tuple[int, ...],
    name: str | None,
    timesteps: tuple[int | None, int | None],
    source: str,
) -> LoadedModel:
    """Model from a module that its user runs: T goes into its own modules, or how often they are called.

    Args:
        network: as for `model_of`.
        shape: of one frame.
        name: of the graph.
        timesteps: T as the user insists on it, and as anything says it.
        source: what the network is called where it is refused.

    Raises:
        InputError: as `model_of`, or the forward itself says another T.
    """
    from snnhw.nn.time import set_timesteps
    from snnhw.tracing.frameworks.registry import adapter_of

    asked, steps = timesteps
    if not any(adapter_of(module) is not None for module in network.modules()):
        if asked is not None:
            set_timesteps(network, asked)
        steps = None  # its own modules say T
    try:
        return model_of(network, shape, name, timesteps=steps)
    except InputError as refused:
        if steps is None:
            raise
        try:
            model = model_of(network, shape, name)
        except InputError:
            raise refused from None
        if asked not in (None, model.graph.timesteps):
            raise InputError(f"The forward of {source} shows its input itself; leave --timesteps out.") from refused
        return model  # T is what the forward itself counts by


def _from_run(path: Path, reading: Reading) -> LoadedModel:
    from snnhw.nn.time import set_timesteps
    from snnhw.tracing.trace import trace
    from snnhw.train.run import load_run

    network, card = load_run(path)
    if card.relu:
        raise InputError(f"{path} is a ReLU network; give its spiking twin, and this one to --ann.")
    if reading.timesteps is not None:
        set_timesteps(network, reading.timesteps)
    traced = trace(network, tuple(card.input_shape), name=card.model)
    folded = run_passes(traced, FLOAT)
    return LoadedModel(
        card.model, folded, traced, network, card.to_dict(), card.weights_checksum, traced.findings, reading
    )


def _from_nir(path: Path, reading: Reading) -> LoadedModel:
    from snnhw.nir.io import read_nir

    open_regular(path, "NIR file", "give the path of a .nir file").close()
    graph = read_nir(path, reading)
    checksum = _sha256(path)
    return LoadedModel(graph.name, graph, checksum=checksum, findings=graph.findings, reading=reading, file=path)


OFFICIAL_CONSTANTS = {"thresholds": (0.6, 1.6, 2.6), "decay": 0.25, "downsample_sum": "ds"}  # as published


def _from_official(
    path: Path, reading: Reading, input_shape: tuple[int, ...] | None, constants: Constants
) -> LoadedModel:
    from snnhw.nn.official import from_official, read_checkpoint, setting_of
    from snnhw.tracing.trace import trace

    for name in constants:
        if name not in OFFICIAL_CONSTANTS:
            raise unknown("constant of a checkpoint", name, OFFICIAL_CONSTANTS)
    taken = {**OFFICIAL_CONSTANTS, **constants}
    try:
        network = from_official(read_checkpoint(path), timesteps=reading.timesteps, **taken).eval()
    except (TypeError, ValueError) as error:
        raise InputError(f"{path} cannot be read with the constants {dict(constants)} ({error}).") from error
    setting = setting_of(int(network.in_channels), getattr(network, "input_norm", None) is not None)  # type: ignore[arg-type]
    traced = trace(network, input_shape or setting.input_shape, name=path.stem)
    said = reading.timesteps is not None and input_shape is not None and set(constants) == set(OFFICIAL_CONSTANTS)
    taken_for_granted = Finding(
        "official-constants",
        "info",
        "",
        f"the checkpoint does not hold T, thresholds, decay, the kind of block and the size of the input; taken are "
        f"{traced.timesteps}, {list(taken['thresholds'])}, {taken['decay']}, {taken['downsample_sum']} and "
        f"{list(traced.input.shape)}, by default those of {setting.data}",
        "name others with --timesteps and --constant, the size with load_model(input_shape=...)",
    )
    folded, findings = run_passes(traced, FLOAT), () if said else (taken_for_granted,)
    return LoadedModel(path.stem, folded, traced, network, checksum=_sha256(path), findings=findings, reading=reading)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
