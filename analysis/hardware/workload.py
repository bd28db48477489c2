"""What a measured profile is a measurement of: one network on data of one kind, told apart by its size."""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.hardware.keys import Table, number_at, refuse_unknown, text_at
from snnhw.errors import InputError


@dataclass(frozen=True)
class Workload:
    """A network by its size; dense machines do the same work for every network of that size, whatever its weights."""

    network: str
    timesteps: int
    neurons: int
    dense_macs: int  # of the ANN twin, per inference with all its passes

    @classmethod
    def of(cls, counts: NetworkCounts) -> Workload:
        """Of a counted network."""
        return cls(counts.name, counts.timesteps, counts.total("neurons"), counts.total("dense_macs"))

    def fits(self, counts: NetworkCounts) -> bool:
        """Whether `counts` are of a network of the same size, on data of the same kind."""
        other = Workload.of(counts)
        return (self.timesteps, self.neurons, self.dense_macs) == (other.timesteps, other.neurons, other.dense_macs)

    def text(self) -> str:
        """The size in words."""
        return f"T = {self.timesteps}, {self.neurons:,} neurons, {self.dense_macs:,} multiply-accumulates of the twin"


def check_workload(measured: Workload | None, counts: NetworkCounts, profile: str) -> None:
    """Nothing, where a profile may price the counts: it is no measurement, or one of a network of this size.

    Raises:
        InputError: it is a measurement of another network.
    """
    if measured is not None and not measured.fits(counts):
        raise InputError(
            f"Profile {profile!r} is a measurement of {measured.network} ({measured.text()}) and {counts.name!r} has "
            f"{Workload.of(counts).text()}; measure this network with snnhw measure, or leave the profile out."
        )


def parse_workload(data: Table, where: str) -> Workload:
    """The table [measured_on] of a profile.

    Raises:
        InputError: a key is missing, unknown or wrong.
    """
    refuse_unknown(data, set(Workload.__dataclass_fields__), where)
    numbers = {key: int(number_at(data, key, where)) for key in ("timesteps", "neurons", "dense_macs")}
    return Workload(text_at(data, "network", where), **numbers)
