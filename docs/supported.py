"""The page on what runs where, made when the documents are built from what the verbs did with one example each."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from snnhw.workflows.support import GROUPS, TARGETS, Support, support


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated page."""
    files.append(File.generated(config, "supported.md", content=supported_page(support())))
    return files


def supported_page(rows: tuple[Support, ...]) -> str:
    """One table for each group of examples, and the sentence of every refusal."""
    lines = [
        "# What runs where",
        "",
        "Made from the code: each line is a small network with the layer, call or neuron in it, given to every target.",
        "*no* means that the target refuses it; [Why](#why) has the sentence. `snnhw check` says the same of a network",
        "of yours before anything is written.",
        "",
        "*Nodes* are what the graph holds for it. Wires join, pad or move values; they go into the weights behind them",
        "where these can say the same. A max pool and a norm by its own statistics are operations of a host: they are",
        "counted as `host_operations`, and no profile has a price for them. A max pool of spikes sends the largest sum",
        "of levels; it has no synapses, and what it sends is counted where it arrives. Hardware computes it with",
        "neurons, which are counted once the network is compiled ([What a target refuses](checks.md#pools)). Spikes",
        "that an upsampling copies count once for each copy, as in the module.",
        "",
        "Refused by the tracer itself: pools whose windows reach beyond the image (`ceil_mode`), upsampling that",
        "interpolates, padding by other values than zeros, convolutions in three dimensions, products of two values.",
    ]
    for group in GROUPS:
        lines += ["", f"## {group}", "", _line("", "nodes", *TARGETS), _line("---", "---", *("---" for _ in TARGETS))]
        lines += [_row(row) for row in rows if row.group == group]
    lines += ["", "## Why", ""]
    for row in rows:
        if row.refused:
            lines += [
                f"- **{_cell(row.name)}**",
                *(f"    - {_cell(f'{at}: {why}')}" for at, why in row.refused.items()),
            ]
    return "\n".join([*lines, ""])


def _row(row: Support) -> str:
    nodes = ", ".join(row.nodes) or "none"
    return _line(_cell(row.name), nodes, *("no" if target in row.refused else "yes" for target in TARGETS))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("[", "\\[")
