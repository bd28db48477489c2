"""What the shell offers behind TAB: models, data, profiles, chips, by what is typed already; files are the shell's own.

The option --install-completion of the command line writes the script into the shell. Each function reads names of
files alone.
"""

from __future__ import annotations

from collections.abc import Iterable


def models(incomplete: str) -> list[str]:
    """Zoo networks."""
    from snnhw.zoo import zoo_names

    return _beginning(zoo_names(), incomplete)


def data(incomplete: str) -> list[str]:
    """Data sets with their splits."""
    from snnhw.data.datasets import NAMES, SPLITS

    return _beginning((f"{name}:{split}" for name in NAMES for split in SPLITS), incomplete)


def profiles(incomplete: str) -> list[str]:
    """Hardware profiles."""
    from snnhw.analysis.hardware.profiles import available_profiles

    return _beginning(available_profiles(), incomplete)


def chips(incomplete: str) -> list[str]:
    """Chips to map on."""
    from snnhw.analysis.crossbar.array import available_crossbars
    from snnhw.analysis.hardware.chips import available_chips

    return _beginning((*available_chips(), *available_crossbars()), incomplete)


def crossbars(incomplete: str) -> list[str]:
    """Crossbars to compare on."""
    from snnhw.analysis.crossbar.array import available_crossbars

    return _beginning(available_crossbars(), incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
