"""Profiles of crossbars: the constants that a read is priced with, and what a converter of other bits costs.

The files are hardware profiles (`analysis/hardware/profiles.py`) of the model "crossbar" or "crossbar_cycles".
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.hardware.profiles import Profile, load_profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError, unknown

FOLDER = Path(__file__).with_name("profiles")
READS, CYCLES = "crossbar", "crossbar_cycles"  # models of profiles


def available_costs(model: str = READS) -> tuple[str, ...]:
    """Names of the profiles of crossbars that come with the package."""
    found = (load_profile(path) for path in sorted(FOLDER.glob("*.toml")))
    return tuple(profile.name for profile in found if profile.model == model)


def load_costs(name: str | Path, model: str = READS) -> Profile:
    """The profile of crossbars called `name`, or the one in the TOML file at that path.

    Raises:
        InputError: no such profile, or it prices something else than reads of crossbars.
    """
    if str(name) in available_costs(model):
        return load_profile(FOLDER / f"{name}.toml")
    if not str(name).endswith(".toml"):
        raise unknown("profile of crossbars", name, available_costs(model), "a .toml file")
    profile = load_profile(name)
    if profile.model != model:
        raise InputError(
            f"The profile {profile.name!r} has the model {profile.model!r} and crossbars need {model!r}; "
            f"give {' or '.join(available_costs(model))}, or a file with that model."
        )
    return profile


def conversion(costs: Profile, bits: int) -> Constant:
    """The energy of one conversion of `bits`, from that of the profile's converter.

    A successive approximation takes a step for each bit, and its capacitors double with each: typically in proportion
    to the bits, at the ends of the range by whichever of both is less or more.
    """
    return _scaled(costs["adc_conversion"], bits)


def converter_area(costs: Profile, bits: int) -> Range:
    """m2 of one converter, by the same two laws; the typical one doubles with each bit above, as capacitors do."""
    return _scaled(replace(costs["adc_area"], access_bits=costs["adc_conversion"].access_bits), bits).range


def _scaled(constant: Constant, bits: int) -> Constant:
    if constant.access_bits is None:
        raise InputError(
            f"The constant {constant.name!r} does not say of how many bits its converter is; add access_bits."
        )
    by_steps, doubling = bits / constant.access_bits, 2.0 ** (bits - constant.access_bits)
    known = constant.range
    return replace(
        constant,
        name=f"{constant.name} of {bits} bits",
        follows=constant.name,
        range=Range(
            known.low * min(by_steps, doubling), known.typical * by_steps, known.high * max(by_steps, doubling)
        ),
    )
