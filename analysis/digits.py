"""Numbers as text, with no more digits than they can bear.

The ends of a range get two significant digits, which is what the constants behind them have. The typical value gets no
digit finer than a tenth of the leading digit of the range's width (GUM, JCGM 100:2008, 7.2.6), and at least one.
"""

from __future__ import annotations

from snnhw.analysis.ranges import Range

PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f"))
PREFIXED = ("J", "W", "s", "J s")
LARGE = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"))
DIGITS = 2
DASH = "\u2013"
TIMES = "\u00d7"
THIN = "\u202f"  # narrow no-break space, between thousands and before units


def significant(value: float, digits: int = DIGITS) -> str:
    """`value` with `digits` significant digits, without exponent: 0.0347 -> "0.035", 348 -> "350"."""
    return _at(value, _position(value, digits) - digits + 1)


def range_text(found: Range, unit: str = "") -> str:
    """The interval: "0.35–0.92 µJ"; one number where both ends print alike.

    Args:
        found: in SI units.
        unit: one of PREFIXED takes an SI prefix, "" and any other text is put behind as it is.
    """
    scale, name = _unit(found.high, unit)
    low, high = significant(found.low / scale), significant(found.high / scale)
    return (low if low == high else f"{low}{DASH}{high}") + _behind(name)


def typical_text(found: Range, unit: str = "") -> str:
    """The typical value, as precise as the width of the range allows; arguments as in `range_text`."""
    scale, name = _unit(found.high, unit)
    value, width = found.typical / scale, (found.high - found.low) / scale
    finest = _position(value) - DIGITS + 1
    if width:
        finest = min(max(finest, _position(width) - 1), _position(value))
    return _at(value, finest) + _behind(name)


def tick_text(value: float, unit: str, digits: int = 1) -> str:
    """A round value on an axis, with as many significant digits as tell it from its neighbours: "10 nJ", "1.5 µJ"."""
    scale, name = _unit(value, unit)
    return significant(value / scale, digits).removesuffix(".0") + _behind(name)


def ratio_text(found: Range) -> str:
    """A ratio of energies: "0.21–0.64 ×"."""
    return range_text(found, TIMES)


def count_text(value: float) -> str:
    """An exact count, thousands apart; a mean that is no integer is rounded to one, below 100 to one decimal.

    One below a tenth shows two significant digits, so that little never prints as nothing.
    """
    if 0 < value < 0.1:
        return significant(value)
    text = f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:,.1f}"
    return text.replace(",", THIN)


def short_count(value: float) -> str:
    """A count of two to three digits with k, M, G: 23757 -> "24 k"."""
    scale, name = next(((s, n) for s, n in reversed(LARGE) if float(f"{value:.2e}") >= s), LARGE[0])
    scaled = value / scale
    text = significant(scaled, 3 if abs(scaled) >= 100 else DIGITS) if name or value != round(value) else f"{value:.0f}"
    return text + _behind(name)


def percent(share: float, decimals: int = 1) -> str:
    """A share as per cent; one that is not zero never prints as zero, one below 1 never as 100."""
    shown = f"{100 * share:.{decimals}f}"
    least = 10**-decimals
    if share > 0 and float(shown) == 0:
        shown = f"<{THIN}{least:.{decimals}f}"
    elif share < 1 and float(shown) == 100:
        shown = f">{THIN}{100 - least:.{decimals}f}"
    return f"{shown}{THIN}%"


def _unit(value: float, unit: str) -> tuple[float, str]:
    if unit not in PREFIXED:
        return 1.0, unit
    scale, prefix = next(((s, p) for s, p in PREFIXES if _rounded(value) >= s), PREFIXES[-1] if value else PREFIXES[0])
    return scale, prefix + unit


def _behind(unit: str) -> str:
    return f"{THIN}{unit}" if unit else ""


def _rounded(value: float) -> float:
    """`value` as it will be printed, a hair above so that 9.996e-7 and 1e-6 both count as a whole micro."""
    return float(f"{value:.{DIGITS - 1}e}") * (1 + 1e-9)


def _position(value: float, digits: int = DIGITS) -> int:
    """Power of ten of the leading digit once `value` is rounded to `digits` digits; 0 for zero."""
    return int(f"{value:.{digits - 1}e}".split("e")[1]) if value else 0


def _at(value: float, position: int) -> str:
    """`value` rounded to a multiple of 10^position."""
    decimals = max(0, -position) if value else 0
    return f"{round(value, -position):,.{decimals}f}".replace(",", THIN)
