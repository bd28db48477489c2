"""Pages that are made from the code when the documents are built, so that they cannot be out of date.

mkdocs calls `on_startup`, which lays the packages out as they are imported, and `on_files`: `profiles_page` reads
analysis/hardware/profiles/*.toml, `cli_page` the typer application, `counters_page` what benchmarks/counters/table.py
recorded, `dialects_page` the dialects of NIR and an example.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from snnhw.analysis.hardware.chips import available_chips, load_chip
from snnhw.analysis.hardware.profiles import Profile, available_profiles, load_profile
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.cli import app
from snnhw.nir.frameworks import DEFAULT_DIALECT, DIALECTS, Dialect

ROOT = Path(__file__).parents[1]
COUNTED = ROOT / "benchmarks" / "counters" / "recorded.json"
NORSE_CELLS = ROOT / "examples" / "norse_cells.py"
FORMS = {
    "euler": "r = tau / dt: the input enters unscaled",
    "euler_r1": "r = 1: R is ignored, thresholds are scaled by 1 - decay instead",
    "exponential": "decay = exp(-dt / tau): R is ignored",
}
TRAP = ROOT / "tests" / "golden" / "peer_counters.json"
PACKAGES = {"snnhw": "snnhw", "exporters": "snnhw/exporters", "analysis": "snnhw/analysis"}  # folder -> package
LAID_OUT = ROOT / "build" / "documented"  # `paths` of mkdocstrings in mkdocs.yml


def on_startup(command: str, dirty: bool) -> None:
    """Copies the modules to where their import names say: mkdocstrings reads files and knows no `package-dir`."""
    shutil.rmtree(LAID_OUT, ignore_errors=True)
    for folder, package in PACKAGES.items():
        for path in (ROOT / folder).rglob("*.py"):
            copy = LAID_OUT / package / path.relative_to(ROOT / folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages."""
    pages = {
        "profiles.md": profiles_page(),
        "cli.md": cli_page(),
        "counters.md": counters_page(),
        "dialects.md": dialects_page(),
    }
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    return files


def profiles_page() -> str:
    """Every constant of every profile with its range, kind, confidence and source."""
    profiles = [load_profile(name) for name in available_profiles()]
    constants = sum(len(profile.constants) for profile in profiles)
    lines = [
        "# Hardware profiles",
        "",
        f"{len(profiles)} profiles with {constants} constants, generated from",
        "`analysis/hardware/profiles/*.toml`. A constant without a source is refused when the file is read.",
        "`snnhw profiles show NAME` prints one; a file of your own is given by its path (see",
        "[Adding a chip](extending.md#a-chip)).",
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
    lines += ["", f"Covers {scope_words(profile.scope)} (scope `{profile.scope}`)."]
    for verb, sentences in (
        ("Assumes", profile.assumes),
        ("Excludes", profile.excludes),
        ("Measurements that it misses", profile.misses),
    ):
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
    lines = [
        "",
        "## Limits of chips { #chips }",
        "",
        "For `snnhw map`; generated from `analysis/hardware/chips/*.toml`.",
        "",
    ]
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


def counters_page() -> str:
    """One layer and one network as other libraries count them, beside the exact numbers."""
    trap = json.loads(TRAP.read_text(encoding="utf-8"))
    rows = json.loads(COUNTED.read_text(encoding="utf-8"))["rows"]
    peers = list(next(iter(rows.values()))["counters"])
    lines = [
        "# What other counters count",
        "",
        "## One layer of multi-level spikes",
        "",
        f"A {trap['layer']}: {trap['exact']['unit_synops']:,} accumulations.",
        "What each counter reports, in accumulations and multiply-accumulates (pale; right only for analogue values):",
        "",
        _bars(trap),
        "",
        "## A small residual network",
        "",
        "2x8x8 input, T = 4, four convolutions and a read-out, one sum of spike tensors; K-level units with",
        "thresholds 0.6 k and decay 0.25. Layers behind spikes only. Made by `python benchmarks/counters/table.py`,",
        "which runs each library in an environment of its own and compares with what is recorded. *merged e*: graded",
        "events on the summed tensor, as tools see it; *e*: with the branches apart, as a chip sends them.",
        "",
        "| case | merged e | e | u | rate x FLOPs | " + " | ".join(f"{peer}, AC / MAC" for peer in peers) + " |",
        "|---|" + "---:|" * (4 + len(peers)),
    ]
    for name, row in rows.items():
        own = row["exact"]
        cells = [f"{own[key]:,}" for key in ("merged", "events", "units", "rate_x_flops")]
        cells += [f"{row['counters'][peer]['ac']:,.0f} / {row['counters'][peer]['mac']:,.0f}" for peer in peers]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    first = next(iter(rows.values()))
    counted = ", ".join(f"{peer} {c['first_ac'] + c['first_mac']:,.0f}" for peer, c in first["counters"].items())
    lines += [
        "",
        f"First layer, analogue: {first['exact']['first']:,} in-bounds multiply-accumulates; {counted}",
        "(sinabs sums the values themselves).",
        "",
    ]
    return "\n".join(lines)


def dialects_page() -> str:
    """What is written for each importer, what it cannot do, and how norse's cells run our files."""
    lines = [
        "# Writing NIR files for other frameworks",
        "",
        "Importers of NIR disagree on the time step, on R, on the threshold and on the reset.",
        f"`snnhw export MODEL -o FILE.nir --dialect NAME` (default `{DEFAULT_DIALECT}`) writes what makes one of them",
        "fire our spikes. What they then do is measured: [Which importers run our NIR files](conformance.md).",
        "",
        "| `--dialect` | dt | tau and r | thresholds | parameters of a node | reset | cannot load | beware |",
        "|---|---:|---|---|---|---|---|---|",
        *(_dialect(dialect) for dialect in DIALECTS.values()),
        "",
        "## norse, with its branches",
        "",
        "norse's own `from_nir` runs the branches of a residual network in an order that changes from run to run. Its",
        "cells under nirtorch's interpreter sum them: `examples/norse_cells.py` (norse brings torchvision, which fails",
        "beside a torch built for the CPU alone; give it an environment of its own).",
        "",
        "```python",
        NORSE_CELLS.read_text(encoding="utf-8").rstrip(),
        "```",
        "",
    ]
    return "\n".join(lines)


def _dialect(dialect: Dialect) -> str:
    threshold = "the next float32 above: it fires at >=" if dialect.fires_at_threshold else "as they are"
    parameters = "one element" if dialect.single else "one value, full arrays" if dialect.uniform else "full arrays"
    reset = "not written" if not dialect.writes_reset else "any" if dialect.resets_elsewhere else "to 0"
    lacks = [*dialect.unknown, *([] if dialect.branches else ["branches"])]
    cells = (FORMS[dialect.form], threshold, parameters, reset, ", ".join(lacks), dialect.limits)
    return f"| `{dialect.name}` | {dialect.dt:g} | {' | '.join(map(_cell, cells))} |"


def _bars(trap: dict[str, Any]) -> str:
    """A bar for each counter as SVG: accumulations full, multiply-accumulates pale."""
    bars = [("snnhw, exact", trap["exact"]["unit_synops"], 0)]
    for name, found in trap["counters"].items():
        bars.append((name, found.get("synops", found.get("acs", 0)), found.get("macs", 0)))
    scale = 420 / max(acs + macs for _, acs, macs in bars)
    height = 28 * len(bars)
    label = "; ".join(f"{name} {acs:,} accumulations, {macs:,} multiply-accumulates" for name, acs, macs in bars)
    parts = [f'<svg viewBox="0 0 760 {height}" role="img" aria-label="{label}" style="max-width:760px">']
    for i, (name, acs, macs) in enumerate(bars):
        y, full = 28 * i, acs * scale
        parts += [
            f'<text x="150" y="{y + 18}" text-anchor="end" font-size="13" fill="currentColor">{name}</text>',
            f'<rect x="160" y="{y + 5}" width="{full:.1f}" height="18" fill="#0072b2"/>',
            f'<rect x="{160 + full:.1f}" y="{y + 5}" width="{macs * scale:.1f}" height="18" fill="#b35900" '
            'fill-opacity="0.5"/>',
            f'<text x="{168 + full + macs * scale:.1f}" y="{y + 18}" font-size="13" fill="currentColor">'
            f"{acs:,} AC{f', {macs:,} MAC' if macs else ''}</text>",
        ]
    return "".join([*parts, "</svg>"])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
