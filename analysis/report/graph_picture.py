"""A picture of the network as SVG: one box per unit with its K levels, residual streams as rails beside the boxes.

Takes the graph and its counts; gives an <svg> element that takes colours and fonts from the page around it. Where a
page has a row for each layer, a box is a link to it, and shows the energies of the profile that the page shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType

from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.analysis.counting.layers import Layer, layers
from snnhw.analysis.counting.sources import populations
from snnhw.analysis.digits import TIMES, percent
from snnhw.analysis.report.hover import CLASS
from snnhw.graph.ir import Conv2d, Graph, Linear, Product

BOX, GAP = 46, 26  # heights in CSS pixels
LANES = 84  # width left of the boxes, for arcs
JOIN = 9  # how far below the middle of a box its line leaves, and above it another arrives
CHANNEL = 7  # width of one level's mark
NARROWEST = 500  # CSS pixels of a picture that says of what a share is
FULL = 0.5  # how strongly the box is filled that spends most


@dataclass(frozen=True)
class Rail:
    """A vertical line left of the boxes (lane 0: straight down to the next box); row 0 is the input.

    A row that joins puts its values on the rail; a row that reads takes the sum of all that joined above it. A residual
    stream, which every block reads and adds to, is one rail. Of a loop, the row that joins is below the one that reads.
    """

    joins: tuple[int, ...]
    reads: tuple[int, ...]
    analog: bool = False
    lane: int = 0

    @property
    def span(self) -> tuple[int, int]:
        """First and last row."""
        return min(*self.joins, *self.reads), max(*self.joins, *self.reads)

    def sources(self, reader: int) -> frozenset[int]:
        """Rows whose sum `reader` takes."""
        above = frozenset(row for row in self.joins if row < reader)
        return above or frozenset(self.joins)


def picture_page(graph: Graph, width: int) -> tuple[str, int]:
    """A page with nothing but the picture, and its height in CSS pixels."""
    css = (Path(__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
    page = f'<style>{css}</style><figure class="picture">{graph_svg(graph, None, width)}</figure>'
    return page, (len(layers(graph)) + 1) * (BOX + GAP) + 40


@dataclass(frozen=True, eq=False)
class Heat:
    """How much of the energy on one profile each layer takes; the first profile of several is shown at the beginning.

    The layer with the largest share is filled with FULL of the colour, the others in proportion.
    """

    profile: str
    shares: Mapping[str, float]  # of the typical energy, by layer
    shown: bool = True

    def attributes(self, kind: str) -> str:
        """Those of a mark of that kind: what a script that switches profiles looks for."""
        return f'class="{kind} of{"" if self.shown else " off"}" data-profile="{escape(self.profile)}"'

    def fill(self, layer: str) -> float:
        """Opacity of the colour."""
        return FULL * self.shares[layer] / max(self.shares.values()) if self.shares.get(layer) else 0.0

    def share(self, layer: str) -> str:
        """The share in per cent; empty of a layer that takes none."""
        return percent(self.shares[layer], 0) if self.shares.get(layer) else ""

    def text(self, layer: str) -> str:
        """The same in words."""
        return f"{share} of the energy" if (share := self.share(layer)) else ""


def graph_svg(
    graph: Graph,
    counts: NetworkCounts | None,
    width: int,
    heats: Sequence[Heat] = (),
    rows_of: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The picture.

    Args:
        graph: of units with their synapses.
        counts: for the rate of every layer.
        width: CSS pixels.
        heats: for the share of the energy of every layer, one for each profile.
        rows_of: layer -> id of its row on the page, which its box links to.
    """
    rows = layers(graph)
    sources = {branch.source for row in rows for branch in row.branches}
    drawn = rails(rows, graph.input.name, {source: populations(graph, source) for source in sources})
    height = (len(rows) + 1) * (BOX + GAP) - GAP + 4
    lanes = max((rail.lane for rail in drawn), default=1)
    parts = [
        f'<svg viewBox="0 0 {width} {height}">',
        *(_rail(rail, lanes) for rail in drawn),
        _box(_Box(0, graph.input.name, f"input, {_shape(graph.input.shape)}", 0), width, (), ""),
    ]
    rates = {} if counts is None else {layer.name: _sent(layer, counts) for layer in counts.layers}
    for i, row in enumerate(rows, 1):
        rate = rates.get(row.name)
        about = ", ".join(filter(None, (_about(graph, row), rate and f"rate {rate}")))
        box = _Box(i, row.name, about, 0 if rate is None else row.levels)
        parts.append(_box(box, width, heats, rows_of.get(row.name, "")))
    return "\n".join([*parts, "</svg>"])


def rails(
    rows: tuple[Layer, ...], entry: str, senders: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Rail, ...]:
    """Every branch of `rows`: reading each rail back from a row gives exactly the sources of that row.

    Args:
        rows: of the graph.
        entry: name of the input.
        senders: source of a branch -> the populations whose spikes it passes on, where it is a max pool.
    """
    place = {entry: 0, **{row.name: i for i, row in enumerate(rows, 1)}}
    found: list[Rail] = []
    for row in rows:
        reader = place[row.name]
        sources = {place[name] for b in row.branches for name in (senders or {}).get(b.source, (b.source,))}
        sources |= {place[name] for name in row.products}
        above = frozenset(source for source in sources if source < reader)
        found += [Rail((source,), (reader,)) for source in sorted(sources - above)]
        if above == {reader - 1}:
            found.append(Rail((reader - 1,), (reader,)))
        elif above:
            _take(found, above, reader)
        if row.analog and not row.products:
            found.append(Rail((0,), (reader,), analog=True))
    return _in_lanes(found)


def _take(found: list[Rail], sources: frozenset[int], reader: int) -> None:
    """Let `reader` read `sources` from a rail that has some of them and can still be joined by the others."""
    for i, rail in reversed(list(enumerate(found))):
        missing = sources - set(rail.joins)
        straight = rail.analog or _is_straight(rail) or rail.joins[0] >= rail.reads[0]
        if not straight and set(rail.joins) <= sources and all(row >= rail.reads[-1] for row in missing):
            found[i] = dataclasses.replace(rail, joins=(*rail.joins, *sorted(missing)), reads=(*rail.reads, reader))
            return
    found.append(Rail(tuple(sorted(sources)), (reader,)))


def _is_straight(rail: Rail) -> bool:
    return len(rail.joins) == 1 and rail.reads == (rail.joins[0] + 1,)


def _in_lanes(found: list[Rail]) -> tuple[Rail, ...]:
    """Rails that overlap get lanes of their own, short ones inside."""
    taken: list[list[tuple[int, int]]] = []
    placed = []
    for rail in sorted(found, key=lambda rail: (rail.span[1] - rail.span[0], rail.span, rail.analog)):
        lane = 0
        if not _is_straight(rail):
            first, last = rail.span
            free = (k for k, spans in enumerate(taken) if all(last <= a or first >= b for a, b in spans))
            lane = 1 + next(free, len(taken))
            if lane > len(taken):
                taken.append([])
            taken[lane - 1].append((first, max(last, first + 1)))
        placed.append(dataclasses.replace(rail, lane=lane))
    return tuple(placed)


def _rail(rail: Rail, lanes: int) -> str:
    colour = "var(--muted)" if rail.analog else "var(--snn)"
    style = f"fill: none; stroke: {colour}; stroke-width: 1.5" + ("; stroke-dasharray: 4 3" if rail.analog else "")
    dots = ""  # where a line meets its rail; crossings have none
    if rail.lane == 0:
        x, top, bottom = LANES + 24.0, _middle(rail.joins[0]) + BOX / 2, _middle(rail.reads[0]) - BOX / 2
        path, tips = f"M{x} {top}V{bottom - 5}", [f"{x - 4},{bottom - 7} {x + 4},{bottom - 7} {x},{bottom}"]
    else:
        x = LANES - 14 - (LANES - 18) * rail.lane / (lanes + 1)
        ins, outs = [_middle(row) + JOIN for row in rail.joins], [_middle(row) - JOIN for row in rail.reads]
        path = f"M{x:.1f} {min(ins + outs)}V{max(ins + outs)}"
        path += "".join(f"M{LANES} {y}H{x:.1f}" for y in ins) + "".join(f"M{x:.1f} {y}H{LANES - 5}" for y in outs)
        tips = [f"{LANES - 7},{y - 4} {LANES - 7},{y + 4} {LANES},{y}" for y in outs]
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y}" r="2.6" style="fill: {colour}"/>' for y in ins + outs)
    arrows = "".join(f'<polygon points="{tip}" style="fill: {colour}"/>' for tip in tips)
    return f'<path d="{path}" style="{style}; stroke-linecap: square"/>{arrows}{dots}'


def _middle(row: int) -> float:
    return row * (BOX + GAP) + BOX / 2


@dataclass(frozen=True)
class _Box:
    """What stands in a box."""

    row: int
    name: str
    about: str
    levels: int


def _box(box: _Box, width: int, heats: Sequence[Heat], target: str) -> str:
    y, x = box.row * (BOX + GAP) + 1, LANES
    size = (width - x - 20) / 6.6
    shape = f'<rect x="{x}" y="{y}" width="{width - x - 1}" height="{BOX - 2}" rx="3" '
    parts = [f'{shape}class="panel"/>']
    for heat in heats:
        if fill := heat.fill(box.name):
            parts.append(f'{shape}{heat.attributes("heated")} fill-opacity="{fill:.2f}"/>')
    name = escape(_fit(box.name, int(size) - box.levels))
    parts.append(f'<text x="{x + 12}" y="{y + 19}" class="name">{name}</text>')
    shares = {heat: heat.text(box.name) if width > NARROWEST else heat.share(box.name) for heat in heats}
    room = int(size * 1.1) - max(map(len, shares.values()), default=0)
    parts.append(f'<text x="{x + 12}" y="{y + 36}" class="about">{escape(_fit(box.about, room))}</text>')
    for heat, text in shares.items():
        if text:
            place = f'x="{width - 12}" y="{y + 36}"'
            parts.append(f"<text {place} {heat.attributes('about end')}>{escape(text)}</text>")
    parts += [
        f'<rect x="{width - 12 - CHANNEL * (k + 1)}" y="{y + 10}" width="{CHANNEL - 2}" height="9" '
        f'class="level{min(box.levels - k, 5)}"/>'
        for k in range(box.levels)
    ]
    energies = "; ".join(f"{text} on {heat.profile}" for heat in heats if (text := heat.text(box.name)))
    said = escape(", ".join(filter(None, (box.name, box.about, energies))))
    marks = f"<title>{said}</title>{''.join(parts)}"
    attributes = f'class="{CLASS} box" data-layer="{escape(box.name)}"'
    return f'<a href="#{target}" {attributes}>{marks}</a>' if target else f"<g {attributes}>{marks}</g>"


def _about(graph: Graph, row: Layer) -> str:
    product = graph.nodes.get(row.name)
    if isinstance(product, Product):
        return f"product over {product.inner}, {_shape(row.shape)}"
    synapses = [_synapse(graph.nodes[name]) for name in row.synapses]
    kind = f", K = {row.levels}" if row.kind != "readout" else ""
    return f"{' + '.join(s for s in synapses if s) or 'identity'}, {_shape(row.shape)}{kind}"


def _synapse(node: object) -> str:
    if isinstance(node, Conv2d):
        stride = f" / {node.stride[0]}" if node.stride != (1, 1) else ""
        return f"conv {_shape(node.weight.shape[2:])}{stride}"
    return "linear" if isinstance(node, Linear) else ""


def _sent(layer: LayerCounts, counts: NetworkCounts) -> str | None:
    if not layer.spikes:
        return None
    return f"{layer.rate(counts.samples, counts.timesteps):.2f}"


def _shape(shape: tuple[int, ...]) -> str:
    return TIMES.join(str(size) for size in shape)


def _fit(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
