"""What the packages define, read from their sources, and the texts in them that name such things.

Nothing is imported for the index, so that it also knows the modules that only Lava's interpreter can import.
"""

from __future__ import annotations

import ast
import json
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import snnhw
from snnhw.gates.plain_text import tomllib

ROOT = Path(__file__).parents[2]
PACKAGES = ("snnhw", "exporters", "analysis")


@dataclass
class Index:
    """Names by the place where they are defined."""

    modules: dict[str, set[str]] = field(default_factory=dict)  # dotted name -> what is bound at its top level
    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # class -> fields, methods
    bases: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parameters: set[str] = field(default_factory=set)  # of functions, with the names of these
    variables: dict[Path, set[str]] = field(default_factory=lambda: defaultdict(set))  # file -> what it assigns to
    keys: set[str] = field(default_factory=set)  # strings that are identifiers; keys of TOML and JSON files
    strings: set[str] = field(default_factory=set)  # every other string, such as names of files and options

    def everything(self) -> set[str]:
        """Every name that a bare word may be, modules apart."""
        tables = (*self.modules.values(), *self.members.values())
        return set(self.members).union(self.parameters, self.keys, *tables)

    def members_of(self, name: str) -> set[str]:
        """Fields and methods of a class and of its bases."""
        return self.members[name].union(*(self.members_of(base) for base in self.bases[name] if base in self.members))


def sources() -> Iterator[Path]:
    """Every module of the packages."""
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def dotted(path: Path) -> str:
    """Import name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts if parts[0] == "snnhw" else ("snnhw", *parts))


@cache
def index() -> Index:
    """All that the three packages define."""
    found = Index()
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found.modules[dotted(path)] = set(_bound(tree.body))
        _collect(found, path, tree)
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*")):
        if path.suffix == ".toml":
            found.keys |= _keys(tomllib.loads(path.read_text(encoding="utf-8"))) | {path.stem}
        elif path.suffix == ".json":
            found.keys |= _keys(json.loads(path.read_text(encoding="utf-8")))
    found.modules["snnhw"] |= set(snnhw.__all__)
    pytest_options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"][
        "ini_options"
    ]
    found.keys |= {marker.partition(":")[0] for marker in pytest_options["markers"]}
    return found


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.If | ast.Try):
            yield from _bound([*node.body, *node.orelse])


def _collect(found: Index, path: Path, tree: ast.Module) -> None:
    documentation = {id(text) for node in ast.walk(tree) for text in _docstring_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.members[node.name] |= set(_bound(node.body)) | {
                part.attr
                for part in ast.walk(node)
                if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
            }
            found.bases[node.name] |= {base.id for base in node.bases if isinstance(base, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.arg):
            name = node.arg if isinstance(node, ast.arg) else node.name
            found.parameters.add(name)
            found.variables[path].add(name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.variables[path].add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            (found.keys if node.value.isidentifier() else found.strings).add(node.value)


def _docstring_nodes(node: ast.AST) -> Iterator[ast.Constant]:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        yield body[0].value


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_keys, value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list) else set()


def docstrings(path: Path) -> Iterator[str]:
    """Docstrings of a module, its classes and its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""


def comments(path: Path) -> Iterator[str]:
    """Comments of a module."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.string
