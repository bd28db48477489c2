"""Whether a network and its ANN twin are priced alike: in numbers of equal width, made in equal technology.

Whoever is cheaper only because its numbers are narrower or its transistors newer has not won. A winner may be worse off
than the loser: a network of 8 bits that needs less than a twin of 4 bits has won.
"""

from __future__ import annotations

import re

from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.hardware.profiles import TWIN_BITS, load_profile


def advantages(found: EnergyEstimate, twin: AnnEstimate, *, of_network: bool) -> tuple[str, ...]:
    """Why one of both has it easier, in words; empty where the other is at least as well off.

    Args:
        found: of the network.
        twin: the ANN twin that it is compared with.
        of_network: the advantages of the network; False: those of the twin.
    """
    return (*_narrower(found, twin, of_network), *_newer(found, twin, of_network))


def twin_bits(twin: AnnEstimate) -> int:
    """Width of the numbers of a twin: 32 of "fp32", 4 of "int4, matched"."""
    first = twin.precision.partition(",")[0]
    return TWIN_BITS.get(first) or int(re.sub(r"\D", "", first))


def _narrower(found: EnergyEstimate, twin: AnnEstimate, of_network: bool) -> tuple[str, ...]:
    own, other = found.profile.number_bits, twin_bits(twin)
    if own is None:
        return (f"how wide the numbers of {found.profile.name} are is not stated",)
    if own == other or (own < other) is not of_network:
        return ()
    return (f"the network computes in {own} bits, the twin in {other}",)


def _newer(found: EnergyEstimate, twin: AnnEstimate, of_network: bool) -> tuple[str, ...]:
    """Technologies of a twin on both sides of that of the network are in its range, so that neither is newer."""
    own = found.profile.technology_nm
    if own is None or found.profile.name in twin.profiles:
        return ()  # measured on one machine
    known = (load_profile(name).technology_nm for name in twin.profiles)
    nodes = sorted(node for node in known if node is not None)
    if not nodes:
        return ()
    if nodes[0] <= own <= nodes[-1] or (own < nodes[0]) is not of_network:
        return ()
    other = " to ".join(dict.fromkeys(f"{node:g}" for node in nodes))
    return (f"the network is priced at {own:g} nm, the twin at {other} nm",)
