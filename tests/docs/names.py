"""Whether a text between backticks names something that exists: a file, a name of the code, a verb, an option."""

from __future__ import annotations

import builtins
import importlib
import keyword
import re
from dataclasses import dataclass
from pathlib import Path

import typer

from snnhw.cli import app
from snnhw.tracing.frameworks.registry import FRAMEWORKS
from tests.docs.defined import ROOT, dotted, index

FOREIGN_MODULES = ("nir", "pytest", "torch")  # a dotted name that begins with one of them is looked up there
FOREIGN_NAMES = {
    "CubaLI": "NIR files of norse",
    "LIFCell": "norse",
    "LIFTorch": "rockpool",
    "Leaky": "snnTorch",
    "RLeaky": "snnTorch",
    "Synaptic": "snnTorch",
    "RSynaptic": "snnTorch",
    "reset_delay": "snnTorch",
    "import_from_nir": "snnTorch and SpikingJelly",
    "from_nir": "norse, sinabs, rockpool",
    "to_nir": "norse, sinabs, rockpool",
    "Loihi2SimCfg": "Lava",
    "PyLifModelBitAcc": "Lava",
    "exception_proc_model_map": "Lava",
    "select_tag": "Lava",
    "SpikingChip.sim": "SANA-FE",
    "leaky_integrate_fire": "SANA-FE",
    "Identity": "nodes of snnTorch's exporter",
    "Alpha": "snnTorch",
    "inhibition": "snnTorch",
    "state_quant": "snnTorch",
    "graded_spikes_factor": "snnTorch",
    "reset_mechanism": "snnTorch",
    "step_mode": "SpikingJelly",
    "decay_input": "SpikingJelly",
    "surrogate_function": "SpikingJelly",
    "ThresholdDependentBatchNorm": "SpikingJelly",
    "ThresholdDependentBatchNorm2d": "SpikingJelly",
    "SequentialState": "norse",
    "MultiSpike": "sinabs",
    "SumPool2d": "sinabs",
    "min_v_mem": "sinabs",
    "norm_input": "sinabs",
    "subtract_value": "sinabs",
    "spike_fn": "sinabs",
    "SingleSpike": "sinabs",
    "MaxSpike": "sinabs",
    **{name: package for package, framework in FRAMEWORKS.items() for name in framework.adapters},
}
METAVARS = {"NAME", "MODEL", "FILE", "DATA", "DIR", "HOST", "K", "MAX_BYTES"}
FILE_NAME = re.compile(
    r"[\w.<>*-]*\.(py|toml|md|json|jsonl|npz|npy|c|j2|csv|html|nir|pth|safetensors|aedat|bin|txt|yml|tex|bib|svg|pdf|parquet|rows)"
)
WORD = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
LEVEL = re.compile(r"_l[1kK]$")  # the channel of a level is called after its unit
MESSAGE = re.compile(r"\w+Error: ")


@dataclass(frozen=True)
class Place:
    """Where a text stands: its file, and what the code blocks of a document define and mention."""

    path: Path
    blocks: str = ""

    def folders(self) -> list[Path]:
        """Folders from which a path in the text may start: the root, for a docstring also those above its module."""
        if self.path.suffix != ".py":
            return [ROOT]
        return [folder for folder in self.path.parents if folder.is_relative_to(ROOT)]

    def packages(self) -> list[str]:
        """Packages in which a dotted name may start."""
        name = dotted(self.path) if self.path.suffix == ".py" else "snnhw"
        parts = name.split(".")
        return [".".join(parts[: i + 1]) for i in reversed(range(len(parts)))]

    def defined(self, name: str) -> bool:
        """Whether the code beside the text has this word: a variable of the module, or a word of a block."""
        return name in index().variables[self.path] or bool(re.search(rf"\b{name}\b", self.blocks))


def complaint(text: str, place: Place) -> str | None:
    """What is wrong with a backticked text, None if all that it names exists."""
    text = " ".join(text.split())
    if MESSAGE.match(text):  # quoted from a program
        return None
    first, *rest = text.split(" ")
    if first in ("snnhw", "make", "python") and rest:
        return _command(first, rest, place)
    if first.startswith("--") or (rest and all(word.startswith("--") for word in rest)):
        return _options([word for word in [first, *rest] if word.startswith("--")])
    if _is_path(first):
        return _path(first, place) or (_mentioned(rest, first, place) if rest else None)
    return _expression(text, place)


def _command(program: str, words: list[str], place: Place) -> str | None:
    if program == "make":
        rules = (ROOT / "Makefile").read_text(encoding="utf-8")
        return None if re.search(rf"^{words[0]}:", rules, re.MULTILINE) else f"make has no target {words[0]}"
    if program == "python":
        return _path(words[0], place) or _mentioned(words[1:], words[0], place)
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    if hasattr(command, "commands"):
        return f"snnhw has no verb {' '.join(words)}"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word not in known]
    return f"{command.name} has no option {unknown[0]}" if unknown else None


def _options(words: list[str]) -> str | None:
    commands = [*typer.main.get_command(app).commands.values()]
    commands += [child for command in commands for child in getattr(command, "commands", {}).values()]
    known = {o for command in commands for p in command.params for o in (*p.opts, *p.secondary_opts)}
    unknown = [word for word in words if word not in known]
    return f"no verb has the option {unknown[0]}" if unknown else None


def _is_path(text: str) -> bool:
    return bool(re.fullmatch(r"[\w.<>*/-]+/[\w.<>*-]*", text) or FILE_NAME.fullmatch(text))


def _path(text: str, place: Place) -> str | None:
    """A path exists from one of the folders of the place, or is a name of a file that the code reads or writes."""
    if any(_exists(folder, text) for folder in place.folders()):
        return None
    name = text.rstrip("/").split("/")[-1]
    if (text.endswith((".py", ".c", ".md", ".toml", ".j2")) and "/" in text) or name.endswith(
        (".py", ".c", ".md", ".j2")
    ):
        return f"there is no file {text}"
    literals = [part for part in re.split(r"<\w+>|\*|[A-Z]+(?=[_.])", name) if part]
    held = index().strings | index().keys
    if all(any(part in string for string in held) or part in place.blocks for part in literals):
        return None
    if place.blocks and place.defined(name.rpartition(".")[0]):  # written by a block, under the name it gives
        return None
    return f"neither a file nor a name in the code: {text}"


def _exists(folder: Path, text: str) -> bool:
    if "*" in text:
        return any(folder.glob(text))
    return (folder / text).is_dir() if text.endswith("/") else (folder / text).exists()


def _mentioned(words: list[str], file: str, place: Place) -> str | None:
    found = [folder / file for folder in place.folders() if (folder / file).is_file()]
    texts = "".join(path.read_text(encoding="utf-8") for path in found)
    missing = [word for word in words if word.startswith("--") and word not in texts]
    return f"{file} does not know {missing[0]}" if missing else None


def _expression(text: str, place: Place) -> str | None:
    bare = re.sub(r"\"[^\"]*\"|'[^']*'|<[^>]*>", " ", text)
    for match in WORD.finditer(bare):
        name = LEVEL.sub("", match[0])
        called = bare[match.end() :].startswith("(")
        if not name or name in FOREIGN_NAMES or name in METAVARS or keyword.iskeyword(name) or hasattr(builtins, name):
            continue
        if "." in name and not _resolves(name, place):
            return f"{name} does not resolve"
        if "." not in name and (called or match[0] == bare or _looks_like_code(name)) and not _known(name, place):
            return f"nothing is called {name}"
    return None


def _looks_like_code(name: str) -> bool:
    return "_" in name.strip("_") or name.startswith("_") or (len(name) > 1 and name[0].isupper())


def _known(name: str, place: Place) -> bool:
    beside = any(f"{package}.{name}" in index().modules for package in ["snnhw", *place.packages()])
    return len(name) == 1 or beside or name in index().everything() or place.defined(name)


def _resolves(name: str, place: Place) -> bool:
    parts = name.split(".")
    if parts[0] in FOREIGN_MODULES:
        value: object = importlib.import_module(parts[0])
        for part in parts[1:]:
            value = getattr(value, part, None)
        return value is not None
    attributes = set().union(*index().members.values())
    for package in ["", *place.packages()]:
        for length in range(len(parts), 0, -1):
            module = ".".join([*filter(None, [package]), *parts[:length]])
            if module in index().modules and _inside(index().modules[module], parts[length:]):
                return True
    if parts[0] in index().members:
        return parts[1] in index().members_of(parts[0]) and attributes.issuperset(parts[2:])
    return place.defined(parts[0]) and attributes.issuperset(parts[1:])


def _inside(bound: set[str], rest: list[str]) -> bool:
    if not rest:
        return True
    return rest[0] in bound and (len(rest) == 1 or rest[1] in index().members_of(rest[0]))
