"""How much of a change of a product is due to each of its factors: their Shapley values, exactly.

A product f_1 * ... * f_n goes from one value to another. Each order in which the factors can change gives each of them
a part of the difference; the mean over all orders is the split that adds up and treats factors alike (Shapley 1953).
With two factors it is the change of one times the mean of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import permutations
from math import factorial, prod


def split(a: Mapping[str, Fraction], b: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """By factor: its part of prod(b) - prod(a); the parts add up to it exactly.

    Args:
        a: the factors by name, before.
        b: the same factors, after.
    """
    parts = dict.fromkeys(a, Fraction(0))
    for order in permutations(a):
        now = dict(a)
        for name in order:
            before = prod(now.values(), start=Fraction(1))
            now[name] = b[name]
            parts[name] += prod(now.values(), start=Fraction(1)) - before
    return {name: part / factorial(len(a)) for name, part in parts.items()}
