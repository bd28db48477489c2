"""Hardware as data: profiles in TOML, every constant with its source; a number without one is refused.

A profile names its model (which counts it prices), its technology, what it assumes and excludes, and its constants:
value, low, high, unit, source, table, kind and confidence. Add a chip by writing such a file and giving its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from snnhw.analysis.hardware.chips import check_chip
from snnhw.analysis.hardware.constants import AREAS, KINDS, TIMES, Constant, parse_constant, width_at
from snnhw.analysis.hardware.keys import Table, number_at, refuse_unknown, table_of, text_at, texts_of
from snnhw.analysis.hardware.scopes import UNSTATED, check_scope
from snnhw.analysis.hardware.workload import Workload, parse_workload
from snnhw.errors import InputError
from snnhw.gates.shipped import names_in, read_shipped
from snnhw.glance import Summarised, Summary
from snnhw.passes import DEPLOYMENTS

FOLDER = Path(__file__).with_name("profiles")
TWIN_BITS = {"fp32": 32, "int8": 8}  # precisions of an ANN twin, and the width of their numbers
# Per model: constants that must be there, constants that may.
MODELS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "operations": (("mac", "ac"), ("neuron_update",)),
    "memory": (("add", "multiply", "ram_floor", "ram_slope", "sram_8k", "sram_32k", "sram_1m"), ()),
    "events": (
        ("synop",),
        (
            *("synop_dense", "synop_sparse", "graded_extra", "neuron_update", "neuron_active_extra", "spike_out"),
            *("message", "hop_ew", "hop_ns", "host_mac", "idle_cycle", "chip_step"),
        ),
    ),
    "movement": (("synop", "neuron_update", "move_bit"), ("host_mac", "move_bit_dense")),
    "power": (("chip_power", "step_time"), ("chip_spike",)),
    "measured": (("network_inference", "twin_inference"), ()),  # of one network, on one machine
    "crossbar": (  # analysis/crossbar prices it
        ("device_read", "driver", "adc_conversion", "shift_add", "add", "buffer_bit", "bus_bit", "neuron_update"),
        ("read_time", "adc_time", *AREAS),
    ),
    "crossbar_cycles": (  # analysis/crossbar/cycles.py prices it
        ("crossbar_read", "adc_conversion", "mux", "h_tree", "fetch", "tile_buffer", "temporary_buffer", "subtract"),
        ("neuron", "read_time"),
    ),
}
MEMORIES = ("sram_8k", "sram_32k", "sram_1m", "dram")
ALWAYS_ALLOWED = (*MEMORIES, "static_chip", *TIMES)


@dataclass(frozen=True, repr=False)
class Profile(Summarised):
    """One platform, or one technology with an accounting model."""

    name: str
    title: str
    model: str
    technology_nm: float | None  # None: not known, of a machine that was measured
    deployment: str  # how multi-level units run there unless told otherwise
    constants: Mapping[str, Constant]
    twins: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # precision -> profiles of the ANN, typical first
    voltage_v: float | None = None
    assumes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    scope: str = UNSTATED  # what its energies cover, of `scopes.SCOPES`
    chip: str = ""  # whose measurements it is held against; empty: a technology, or no measurement is known
    misses: tuple[str, ...] = ()  # measurements that lie outside what it predicts
    number_bits: int | None = None  # width of its weights; None: not stated
    measured_on: Workload | None = None  # the one network that it prices; None: any

    def summary(self) -> Summary:
        """The platform, and which constants are known of it."""
        kinds = [kind for kind in KINDS if any(constant.kind == kind for constant in self.constants.values())]
        return Summary(
            f"Profile {self.name!r}",
            (
                ("title", self.title),
                ("model", self.model),
                ("scope", self.scope),
                ("technology", "unknown" if self.technology_nm is None else f"{self.technology_nm:g} nm"),
                ("deployment", self.deployment),
                ("constants", f"{len(self.constants)}, {', '.join(kinds)}"),
                ("assumes", f"{len(self.assumes)} sentences"),
                ("excludes", f"{len(self.excludes)} sentences"),
            ),
        )

    def is_of(self, chip: str) -> bool:
        """Whether it prices the chip: the one that it names, or, if it names none, the one its name begins with."""
        return self.chip == chip if self.chip else self.name.startswith(chip)

    def __getitem__(self, name: str) -> Constant:
        """The constant called `name`."""
        if name not in self.constants:
            known = ", ".join(sorted(self.constants))
            raise InputError(f"Profile {self.name!r} has no constant {name!r}; it has {known}.")
        return self.constants[name]

    def __contains__(self, name: object) -> bool:
        """Whether the profile has the constant."""
        return name in self.constants


def available_profiles() -> tuple[str, ...]:
    """Names of the profiles that come with the package."""
    return names_in(FOLDER)


def load_profile(name: str | Path) -> Profile:
    """The profile called `name`, or the one in the TOML file at that path.

    Raises:
        InputError: no such profile, or the file breaks a rule; the message names the file, the constant and the remedy.
    """
    data, where = read_shipped("profile", name, FOLDER)
    return parse_profile(data, where)


def parse_profile(data: Table, where: str) -> Profile:
    """Profile from parsed TOML; `where` names the file in errors.

    Raises:
        InputError: a key is missing, unknown or wrong.
    """
    refuse_unknown(data, set(Profile.__dataclass_fields__), where)
    model = text_at(data, "model", where)
    if model not in MODELS:
        raise InputError(f"{where}: model {model!r} is unknown; choose one of {', '.join(MODELS)}.")
    of_machine = model == "measured"
    technology = None if of_machine and "technology_nm" not in data else number_at(data, "technology_nm", where)
    constants = {
        key: parse_constant(
            key, table_of(table, f"{where}, constant {key!r}"), technology, f"{where}, constant {key!r}"
        )
        for key, table in table_of(data.get("constants", {}), f"{where}, constants").items()
    }
    required, optional = MODELS[model]
    for key in required:
        if key not in constants:
            raise InputError(f"{where}: model {model!r} needs the constant {key!r}; add [constants.{key}].")
    for key in constants:
        if key not in (*required, *optional, *ALWAYS_ALLOWED):
            raise InputError(f"{where}: no model uses the constant {key!r}; remove or rename it.")
    widths = {c.access_bits for key, c in constants.items() if key in MEMORIES}
    if len(widths) > 1 or None in widths:
        raise InputError(f"{where}: memory energies have access widths {widths}; give all for one access_bits.")
    deployment = data.get("deployment", "channels")
    if deployment not in DEPLOYMENTS:
        raise InputError(f"{where}: deployment {deployment!r} is unknown; choose one of {', '.join(DEPLOYMENTS)}.")
    return Profile(
        name=text_at(data, "name", where),
        title=text_at(data, "title", where),
        model=model,
        technology_nm=technology,
        deployment=deployment,
        constants=constants,
        twins=_twins(table_of(data.get("twins", {}), f"{where}, twins"), where),
        voltage_v=number_at(data, "voltage_v", where) if "voltage_v" in data else None,
        assumes=texts_of(data.get("assumes", []), f"{where}: 'assumes'"),
        excludes=texts_of(data.get("excludes", []), f"{where}: 'excludes'"),
        scope=check_scope(text_at(data, "scope", where), where) if "scope" in data else UNSTATED,
        chip=check_chip(text_at(data, "chip", where), where) if "chip" in data else "",
        misses=texts_of(data.get("misses", []), f"{where}: 'misses'"),
        number_bits=width_at(data, where, "number_bits"),
        measured_on=_workload(data, where, of_machine),
    )


def _workload(data: Table, where: str, of_machine: bool) -> Workload | None:
    """The network of a measurement, which measured profiles have and no others."""
    if of_machine != ("measured_on" in data):
        remedy = "add [measured_on], as snnhw measure writes it" if of_machine else "remove [measured_on]"
        raise InputError(f"{where}: the model 'measured' and the table [measured_on] belong together; {remedy}.")
    at = f"{where}, measured_on"
    return parse_workload(table_of(data["measured_on"], at), at) if of_machine else None


def _twins(data: Table, where: str) -> Mapping[str, tuple[str, ...]]:
    """Profiles that price the ANN, by precision; each is one of the package or a path to a file."""
    found = {}
    for precision, names in data.items():
        if precision not in TWIN_BITS:
            raise InputError(f"{where}: names a twin {precision!r}; use {' or '.join(TWIN_BITS)}.")
        found[precision] = texts_of(names, f"{where}, twin {precision!r}")
        for name in found[precision]:
            if not name.endswith(".toml") and name not in available_profiles():
                raise InputError(
                    f"{where}: twin {precision!r} names the profile {name!r}, which does not exist; mend it."
                )
    return found
