"""Why a layer does something else than its partner: what of it differs, and how much of its counts is due to what.

Takes a pair of rows and the runs that they are of; gives sentences, and splits of the differences that add up to them
exactly. Spikes sent are neurons times steps times rate; synops are the spikes that arrive times the synapses that each
of them meets. A cause that no file names, such as other samples, shows as a rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from snnhw.analysis.difference.factors import split
from snnhw.analysis.difference.matching import Pair
from snnhw.analysis.difference.side import Row, Side, per_inference
from snnhw.analysis.digits import count_text, significant

Shown = str | None
ARROW = "->"
SHORT = 8  # digits of a checksum
UNTOLD = "perhaps weights: the checksums of the networks differ, and one of the files does not hold weights by layer"
FINER = range(2, 8)  # digits of two rates, as many as tell them apart


@dataclass(frozen=True)
class Reason:
    """One thing that differs in a layer."""

    what: str  # a key of `ASKED`
    text: str

    def to_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return {"what": self.what, "text": self.text}


def reasons(pair: Pair, a: Side, b: Side) -> tuple[Reason, ...]:
    """What differs in a pair; of a row that stands alone, that it does."""
    if pair.a is None or pair.b is None:
        return (Reason("only", pair.how),)
    found = []
    for what, ask in ASKED.items():
        text = ask(pair.a, pair.b, a, b)
        if text is not None:
            found.append(Reason(what, text))
    return tuple(found)


def rate(row: Row, side: Side) -> Fraction | None:
    """Unit spikes per neuron and step; None where nothing fires or the file does not say T."""
    if side.samples is None or side.timesteps is None or not row.count("neurons") or row.kind == "readout":
        return None
    return Fraction(row.count("spikes"), row.count("neurons") * side.samples * side.timesteps)


def because(pair: Pair, a: Side, b: Side) -> dict[str, dict[str, Fraction]]:
    """By count and cause: its part of the difference per inference; only of counts that differ."""
    if pair.a is None or pair.b is None or a.samples is None or b.samples is None:
        return {}
    before, after = _factors(pair.a, a, a.samples), _factors(pair.b, b, b.samples)
    found = {key: split(before[key], after[key]) for key in before if key in after and before[key] != after[key]}
    return {key: parts for key, parts in found.items() if any(parts.values())}


def _factors(row: Row, side: Side, samples: int) -> dict[str, dict[str, Fraction]]:
    """The factors of each count per inference that has some."""
    found = {}
    firing = rate(row, side)
    if firing is not None and side.timesteps is not None:
        found["spikes"] = {
            "neurons": Fraction(row.count("neurons")),
            "time steps": Fraction(side.timesteps),
            "rate": firing,
        }
    met = row.count("met_synops")
    if row.arriving and not met:  # the pairs that meet in a product are no spikes times synapses
        found["unit_synops"] = {
            "spikes that arrive": per_inference("spikes", row.arriving, samples),
            "synapses of a spike": Fraction(row.count("unit_synops"), row.arriving),
        }
    return found


def _differs(name: str, value: Callable[[Row], object]) -> Callable[[Row, Row, Side, Side], Shown]:
    """Says a value of both rows where it differs."""

    def ask(a: Row, b: Row, _a: Side, _b: Side) -> Shown:
        before, after = value(a), value(b)
        return None if before == after else f"{name} {_text(before)} {ARROW} {_text(after)}"

    return ask


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "x".join(map(str, value)) or "none"
    return count_text(value) if isinstance(value, int) else str(value)


def _steps(_x: Row, _y: Row, a: Side, b: Side) -> Shown:
    known = a.timesteps is not None and b.timesteps is not None
    fires = known and a.timesteps != b.timesteps and _x.kind
    return f"T {a.timesteps} {ARROW} {b.timesteps}" if fires else None


def _rate(x: Row, y: Row, a: Side, b: Side) -> Shown:
    before, after = rate(x, a), rate(y, b)
    if before is None or after is None or before == after:
        return None
    for digits in FINER:
        first, second = (significant(float(r), digits) for r in (before, after))
        if first != second:
            break
    return f"rate {first} {ARROW} {second}"


def _arriving(x: Row, y: Row, a: Side, b: Side) -> Shown:
    if not x.arriving or not y.arriving or a.samples is None or b.samples is None:
        return None
    before, after = (per_inference("spikes", n, s) for n, s in ((x.arriving, a.samples), (y.arriving, b.samples)))
    if before == after:
        return None
    return f"spikes that arrive {count_text(float(before))} {ARROW} {count_text(float(after))}"


def _weights(x: Row, y: Row, a: Side, b: Side) -> Shown:
    mine, theirs = x.parameters, y.parameters
    if mine is None or theirs is None:
        known = a.weights_checksum and b.weights_checksum and x.count("params")
        differ = known and a.weights_checksum != b.weights_checksum
        return UNTOLD if differ else None
    if mine.sha256 == theirs.sha256:
        return None
    parts = [_moved("", mine.weights, theirs.weights), _moved("non-zero ", mine.nonzero, theirs.nonzero)]
    parts.append(f"sha256 {mine.sha256[:SHORT] or 'none'} {ARROW} {theirs.sha256[:SHORT] or 'none'}")
    return f"weights ({', '.join(parts)})"


def _moved(name: str, a: int, b: int) -> str:
    return f"{name}{_text(a)}" if a == b else f"{name}{_text(a)} {ARROW} {_text(b)}"


def _neuron(x: Row, y: Row, _a: Side, _b: Side) -> Shown:
    if x.parameters is None or y.parameters is None or x.parameters.neuron == y.parameters.neuron:
        return None
    mine, theirs = x.parameters.neuron, y.parameters.neuron
    gone, new = ([part for part in one if part not in other] for one, other in ((mine, theirs), (theirs, mine)))
    return f"neuron ({'; '.join(gone) or 'none'} {ARROW} {'; '.join(new) or 'none'})"


def _wiring(x: Row, y: Row, _a: Side, _b: Side) -> Shown:
    if x.parameters is None or y.parameters is None or x.parameters.wiring == y.parameters.wiring:
        return None
    mine, theirs = (" and ".join(row.parameters.wiring) or "none" for row in (x, y) if row.parameters)
    return f"wiring ({mine} {ARROW} {theirs})"


def _bits(row: Row) -> object:
    """Bits of a weight."""
    params = row.count("params")
    return f"{significant(row.count('weight_bits') / params)} bits" if params else "no weights"


ASKED: Mapping[str, Callable[[Row, Row, Side, Side], Shown]] = {
    "kind": _differs("kind", lambda row: row.kind),
    "shape": _differs("shape", lambda row: row.shape),
    "levels": _differs("K", lambda row: row.levels),
    "steps": _steps,
    "neuron": _neuron,
    "wiring": _wiring,
    "weights": _weights,
    "synapses": _differs("synapses that spikes use", lambda row: row.count("synapses")),
    "bits": _differs("a weight has", _bits),
    "rate": _rate,
    "arriving": _arriving,
}
