"""A picture of the network as SVG: one box per unit with its K levels, one line per branch, residual branches as arcs.

Takes the graph and its counts; gives an <svg> element that takes colours and fonts from the page around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from analysis.digits import TIMES
from analysis.layers import Layer, layers
from analysis.rows import LayerCounts, NetworkCounts
from snnhw.graph.ir import Conv2d, Graph, Linear

BOX, GAP = 46, 26  # heights in CSS pixels
LANES = 84  # width left of the boxes, for arcs
CHANNEL = 7  # width of one level's mark


@dataclass(frozen=True)
class Line:
    """A branch between two rows of the picture; row 0 is the input."""

    start: int
    end: int
    analog: bool
    lane: int = 0  # 0: straight down


def graph_svg(graph: Graph, counts: NetworkCounts, width: int) -> str:
    """The picture, `width` CSS pixels wide."""
    rows = layers(graph)
    lanes = branches(rows, graph.input.name)
    height = (len(rows) + 1) * (BOX + GAP) - GAP + 4
    parts = [
        f'<svg viewBox="0 0 {width} {height}">',
        *(_line(line, max((n.lane for n in lanes), default=1)) for line in lanes),
        _box(0, width, graph.input.name, f"input, {_shape(graph.input.shape)}", 0, None),
    ]
    counted = {layer.name: layer for layer in counts.layers}
    for i, row in enumerate(rows, 1):
        parts.append(_box(i, width, row.name, _about(graph, row), row.levels, _sent(counted.get(row.name), counts)))
    return "\n".join([*parts, "</svg>"])


def branches(rows: tuple[Layer, ...], entry: str) -> tuple[Line, ...]:
    """Every branch once, arcs in lanes so that no two of them overlap; short arcs lie inside."""
    place = {entry: 0, **{row.name: i for i, row in enumerate(rows, 1)}}
    found = {(place[b.source], place[row.name], False) for row in rows for b in row.branches}
    found |= {(0, place[row.name], True) for row in rows if row.analog}
    taken: list[list[tuple[int, int]]] = []
    lines = []
    for start, end, analog in sorted(found, key=lambda line: (line[1] - line[0], line)):
        lane = 0
        if end != start + 1:
            free = (k for k, spans in enumerate(taken) if all(end <= a or start >= b for a, b in spans))
            lane = 1 + next(free, len(taken))
            if lane > len(taken):
                taken.append([])
            taken[lane - 1].append((start, end))
        lines.append(Line(start, end, analog, lane))
    return tuple(lines)


def _line(line: Line, lanes: int) -> str:
    top, bottom = line.start * (BOX + GAP) + BOX, line.end * (BOX + GAP)
    style = "stroke: var(--muted); stroke-dasharray: 4 3" if line.analog else "stroke: var(--snn)"
    if line.lane == 0:
        x = LANES + 24
        path, tip = f"M{x} {top}V{bottom - 5}", f"{x - 4},{bottom - 7} {x + 4},{bottom - 7} {x},{bottom}"
    else:
        x = LANES - 14 - (LANES - 18) * line.lane / (lanes + 1)
        start, end = top - BOX / 2 + 7, bottom + BOX / 2 - 7
        path = f"M{LANES} {start}H{x + 8:.1f}q-8 0 -8 8V{end - 8}q0 8 8 8H{LANES - 5}"
        tip = f"{LANES - 7},{end - 4} {LANES - 7},{end + 4} {LANES},{end}"
    fill = "var(--muted)" if line.analog else "var(--snn)"
    return (
        f'<path d="{path}" style="fill: none; stroke-width: 1.5; {style}"/><polygon points="{tip}" style="fill: {fill}"/>'
    )


def _box(row: int, width: int, name: str, about: str, levels: int, rate: str | None) -> str:
    y, x = row * (BOX + GAP) + 1, LANES
    size = (width - x - 20) / 6.6
    marks = "".join(
        f'<rect x="{width - 12 - CHANNEL * (k + 1)}" y="{y + 10}" width="{CHANNEL - 2}" height="9" '
        f'style="fill: var(--level{min(levels - k, 5)})"/>'
        for k in range(levels if rate is not None else 0)
    )
    return (
        f'<rect x="{x}" y="{y}" width="{width - x - 1}" height="{BOX - 2}" rx="3" '
        'style="fill: var(--panel); stroke: var(--rule)"/>'
        f'<text x="{x + 12}" y="{y + 19}" style="font-size: 13px; font-weight: 600; fill: var(--ink)">'
        f"{escape(_fit(name, int(size) - levels))}</text>"
        f'<text x="{x + 12}" y="{y + 36}" style="font-size: 12px; fill: var(--muted)">'
        f"{escape(_fit(about if rate is None else f'{about}, rate {rate}', int(size * 1.1)))}</text>{marks}"
    )


def _about(graph: Graph, row: Layer) -> str:
    synapses = [_synapse(graph.nodes[name]) for name in row.synapses]
    kind = f", K = {row.levels}" if row.kind != "readout" else ""
    return f"{' + '.join(s for s in synapses if s) or 'identity'}, {_shape(row.shape)}{kind}"


def _synapse(node: object) -> str:
    if isinstance(node, Conv2d):
        stride = f" / {node.stride[0]}" if node.stride != (1, 1) else ""
        return f"conv {_shape(node.weight.shape[2:])}{stride}"
    return "linear" if isinstance(node, Linear) else ""


def _sent(layer: LayerCounts | None, counts: NetworkCounts) -> str | None:
    if layer is None or not layer.spikes:
        return None
    return f"{layer.rate(counts.samples, counts.timesteps):.2f}"


def _shape(shape: tuple[int, ...]) -> str:
    return TIMES.join(str(size) for size in shape)


def _fit(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
