"""What a study of devices varies, and around which chip: lists of values, number of chips, samples for each of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from snnhw.analysis.crossbar.array import MOST, Crossbar
from snnhw.analysis.crossbar.devices.chips import Conditions, Wires
from snnhw.analysis.crossbar.devices.device import SPREAD, Device
from snnhw.errors import InputError

AXES = {
    "spread": "spread of the conductances",
    "device_bits": "bits per device",
    "adc_bits": "bits of a converter",
    "wire_ohm": "resistance of a wire between two devices",
}
UNITS = {"spread": "of the range", "device_bits": "bits", "adc_bits": "bits", "wire_ohm": "ohm"}
NO_WIRES = "left out with --wires none"
MOST_BITS = {axis: MOST[axis][0] for axis in ("device_bits", "adc_bits")}


@dataclass(frozen=True)
class DevicePlan:
    """One chip, and the values that each axis takes while the others stay as they are."""

    crossbar: Crossbar
    device: Device  # with the spread that it has on all axes but that of spread
    spread: tuple[float, ...] = ()
    device_bits: tuple[int, ...] = ()
    adc_bits: tuple[int, ...] = ()
    wire_ohm: tuple[float, ...] = ()
    proportional: bool = False  # spread is a share of the conductance, not of the range
    wires: Wires = "estimate"
    time_s: float = 0.0  # after programming
    seeds: int = 10  # chips that are drawn for each point
    samples: int = 100  # for each chip
    adc_samples: int = 20  # for each chip where tiles are read one by one
    finetune: int = 0  # epochs with the noise of the devices on the weights, before chips are programmed

    def __post_init__(self) -> None:
        """Refuses values that no chip has."""
        if self.seeds < 2:
            raise InputError(f"{self.seeds} chip shows no spread over chips; give at least 2 seeds.")
        if self.samples < 1 or self.adc_samples < 1:
            raise InputError("A chip needs samples to be judged by; give at least 1 for each.")
        if self.finetune and not self.device.spreads:
            raise InputError(f"{self.device.title} has no spread to be tuned for; give one with --at-spread.")
        if not any(self.values(axis) for axis in AXES):
            raise InputError("Nothing is varied; give values of a spread, of bits or of wires.")
        if self.wires == "none" and self.wire_ohm:
            raise InputError(
                "--wires none leaves wires out, so that the resistances of --wire-ohm would change nothing; give "
                "--wires estimate or exact, or leave --wire-ohm out."
            )
        for axis in ("spread", "wire_ohm"):
            for value in self.values(axis):
                if not (math.isfinite(value) and value >= 0):
                    raise InputError(f"{value} is no {AXES[axis]}; give numbers of at least 0.")
        for axis, most in MOST_BITS.items():
            for value in self.values(axis):
                if not 1 <= value <= most:
                    raise InputError(f"{value} is no number of {AXES[axis]}; give 1 to {most}.")
        for axis in AXES:
            if len(set(self.values(axis))) < len(self.values(axis)):
                raise InputError(f"A value of the {AXES[axis]} stands twice; give each once.")

    def values(self, axis: str) -> Sequence[float]:
        """Of one axis."""
        found: Sequence[float] = getattr(self, axis)
        return found

    def unit(self, axis: str) -> str:
        """Of the values of one axis."""
        return "of the conductance" if axis == "spread" and self.proportional else UNITS[axis]

    def label(self, axis: str) -> str:
        """Of one axis, with its unit where the name does not say it."""
        return AXES[axis] if axis in MOST_BITS else f"{AXES[axis]}, {'share ' * (axis == 'spread')}{self.unit(axis)}"

    @property
    def conditions(self) -> Conditions:
        """Of the chip around which values are varied."""
        return Conditions(self.device, self.time_s, self.wires)

    @property
    def described(self) -> Device:
        """The device as tables, page and JSON show it: numbers that no point has are not those of its file."""
        found = self.device.given(NO_WIRES, wire=0.0) if self.wires == "none" else self.device
        varied = [axis for axis in AXES if self.values(axis)]
        prefix = {"spread": SPREAD, "wire_ohm": "wire"}.get(varied[0], "") if len(varied) == 1 else ""
        if not prefix or (self.finetune and prefix == SPREAD):
            return found
        unused = [key for key in found.origins or {} if key.startswith(prefix)]
        return found.told(f"in no point: --{varied[0].replace('_', '-')} gives the values", *unused)

    @property
    def needed(self) -> int:
        """Samples that the study takes: no two chips are judged by the same."""
        return self.seeds * max(self.samples_of(axis) for axis in AXES if self.values(axis))

    def samples_of(self, axis: str) -> int:
        """Samples of each chip on one axis: fewer where converters have few bits, whose tiles are read one by one."""
        few = axis == "adc_bits" or self.crossbar.adc_bits is not None
        return self.adc_samples if few else self.samples

    @property
    def others(self) -> bool:
        """Whether an axis beside that of converters has values."""
        return any(self.values(axis) for axis in AXES if axis != "adc_bits")

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "crossbar": self.crossbar.name,
            "rows": self.crossbar.rows,
            "columns": self.crossbar.columns,
            "device_bits": self.crossbar.device_bits,
            "signs": self.crossbar.signs,
            "drive": self.crossbar.drive,
            "adc_bits": self.crossbar.adc_bits,
            "device": self.described.to_dict(),
            "values": {axis: list(self.values(axis)) for axis in AXES if self.values(axis)},
            "units": {axis: self.unit(axis) for axis in AXES if self.values(axis)},
            "proportional": self.proportional,
            "wires": self.wires,
            "time_s": self.time_s,
            "seeds": self.seeds,
            "samples": self.samples,
            "adc_samples": self.adc_samples,
            "finetune": self.finetune,
        }
