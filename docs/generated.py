"""Pages that are made from the code when the documents are built, so that they cannot be out of date.

mkdocs calls `on_files`; `profiles_page` reads analysis/profiles/*.toml, `cli_page` the typer application.
"""

from __future__ import annotations

from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from analysis.chips import available_chips, load_chip
from analysis.profiles import Profile, available_profiles, load_profile
from snnhw.cli import app


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages."""
    for name, content in (("profiles.md", profiles_page()), ("cli.md", cli_page())):
        files.append(File.generated(config, name, content=content))
    return files


def profiles_page() -> str:
    """Every constant of every profile with its range, kind, confidence and source."""
    profiles = [load_profile(name) for name in available_profiles()]
    constants = sum(len(profile.constants) for profile in profiles)
    lines = [
        "# Hardware profiles",
        "",
        f"{len(profiles)} profiles with {constants} constants, generated from `analysis/profiles/*.toml`. A constant",
        "without a source is refused when the file is read. `snnhw profiles show NAME` prints one; a file of your own",
        "is given by its path (see [Adding a chip](extending.md#a-chip)).",
        "",
        "*Kind* says how the number came about: `measured` on silicon, `simulated` before silicon, `fitted` to",
        "measurements, `all-in` (total power over operations: nothing may be added to it), `convention` (an agreed or",
        "derived value). *Model* says what is priced: `operations` arithmetic alone, `memory` also accesses to memory",
        "(Lemaire et al. 2022), `movement` additions and travelling bits (Yan et al. 2024), `events` synops, updates",
        "and messages, `power` nothing but time.",
        "",
        "| profile | platform | model | technology, nm | constants |",
        "|---|---|---|---:|---:|",
        *(
            f"| [`{p.name}`](#{p.name}) | {_cell(p.title)} | {p.model} | {p.technology_nm:g} | {len(p.constants)} |"
            for p in profiles
        ),
    ]
    for profile in profiles:
        lines += _profile(profile)
    return "\n".join([*lines, *_chips(), ""])


def _profile(profile: Profile) -> list[str]:
    lines = ["", f"## {profile.title} {{ #{profile.name} }}", ""]
    lines.append(f"`{profile.name}`, model {profile.model}, multi-level units as {profile.deployment}.")
    for verb, sentences in (("Assumes", profile.assumes), ("Excludes", profile.excludes)):
        if sentences:
            lines += ["", f"{verb}:", "", *(f"- {sentence}" for sentence in sentences)]
    lines += ["", "| constant | value | low to high | kind | confidence | source |", "|---|---:|---|---|---|---|"]
    for name, c in profile.constants.items():
        scale = c.printed / c.range.typical if c.range.typical else 1.0
        bounds = "" if c.range.low == c.range.high else f"{c.range.low * scale:.4g} to {c.range.high * scale:.4g}"
        spread = f" Range: {c.spread}." if c.spread else ""
        width = f", {c.access_bits}-bit access" if c.access_bits else ""
        value = f"{c.printed:.6g} {'' if c.unit == '1' else c.unit}{width}".strip()
        source = _cell(f"{c.source}; {c.table}.{spread}")
        lines.append(f"| `{name}` | {value} | {bounds} | {c.kind} | {c.confidence} | {source} |")
    return lines


def _chips() -> list[str]:
    lines = ["", "## Limits of chips { #chips }", "", "For `snnhw map`; generated from `analysis/chips/*.toml`.", ""]
    lines += ["| chip | cores | compartments a core | memory a core, bits | source |", "|---|---:|---:|---:|---|"]
    for chip in map(load_chip, available_chips()):
        limits = f"{chip.cores_per_chip} | {chip.compartments_per_core} | {chip.memory_bits_per_core}"
        lines.append(f"| `{chip.name}` | {limits} | {_cell(chip.source)} (confidence {chip.confidence}) |")
    return lines


def cli_page() -> str:
    """Every verb with its arguments and options."""
    lines = [
        "# Command line",
        "",
        "`--json` prints one JSON object on stdout and nothing else. Exit codes: 0 ok, 1 findings or a mismatch, 2 bad",
        "usage or input (one sentence on stderr). `snnhw --install-completion` adds shell completion.",
    ]
    commands: Any = typer.main.get_command(app)
    for name, command in commands.commands.items():
        lines += _command(f"snnhw {name}", command)
    return "\n".join([*lines, ""])


def _command(title: str, command: Any) -> list[str]:
    lines = ["", f"## {title}", "", command.help or ""]
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            lines += ["", f"### {title} {name}", "", child.help or "", *_parameters(child)]
        return lines
    return lines + _parameters(command)


def _parameters(command: Any) -> list[str]:
    lines = ["", "| | | default |", "|---|---|---|"]
    for p in command.params:
        argument = p.param_type_name == "argument"
        name = p.name.upper() if argument else ", ".join([*p.opts, *p.secondary_opts])
        usual = "required" if p.required else "" if p.default in (None, False) else f"`{p.default}`"
        lines.append(f"| `{name}` | {_cell(p.help or '')} | {usual} |")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
