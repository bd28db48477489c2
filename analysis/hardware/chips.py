"""Limits of neuromorphic chips as data: what one core and one chip hold, with the source."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from pathlib import Path

from snnhw.errors import InputError
from snnhw.gates.plain_text import shown
from snnhw.gates.shipped import names_in, read_shipped

FOLDER = Path(__file__).with_name("chips")
KNOWN = {  # what profiles and measurements may name; files of `FOLDER` hold the limits of those whose limits are public
    "loihi1": "Loihi 1",
    "loihi2": "Loihi 2",
    "truenorth": "TrueNorth",
    "speck": "Speck",
    "xylo2": "Xylo Audio 2",
    "spinnaker1": "SpiNNaker 1",
    "spinnaker2": "SpiNNaker 2",
    "darwin3": "Darwin3",
    "odin": "ODIN",
    "kraken": "Kraken",
}


def check_chip(name: str, where: str) -> str:
    """The name itself.

    Raises:
        InputError: no chip is called so.
    """
    if name not in KNOWN:
        near = difflib.get_close_matches(name, KNOWN, n=1)
        hint = f"; did you mean {near[0]!r}? Otherwise" if near else ";"
        raise InputError(f"{where}: the chip {name!r} is unknown{hint} leave 'chip' out or use {', '.join(KNOWN)}.")
    return name


@dataclass(frozen=True, kw_only=True)
class Chip:
    """Limits; None where a limit is not public."""

    name: str
    title: str
    cores_per_chip: int
    compartments_per_core: int
    memory_bits_per_core: int
    memory_holds: str
    state_bits_per_compartment: int
    weight_bits: int
    index_bits: int
    block_synapses: int
    block_overhead_bits: int
    word_bits: int
    source: str
    confidence: str
    spike_bits: int | None = None  # of the integer that one spike carries; 0: spikes are binary
    cores_per_tile: int | None = None
    in_axons_per_core: int | None = None
    out_axons_per_core: int | None = None
    decay_pairs_per_core: int | None = None
    assumes: tuple[str, ...] = ()

    def axon_bits(self, synapses: int, *, dense: bool) -> int:
        """Bits that the synapse list of one axon takes: blocks, each with a header, padded to whole words.

        Dense lists (a contiguous run of targets) store weights alone, sparse ones an index with each.
        """
        each = self.weight_bits + (0 if dense else self.index_bits)
        full, rest = divmod(synapses, self.block_synapses)
        return full * self._block_bits(self.block_synapses, each) + (self._block_bits(rest, each) if rest else 0)

    def _block_bits(self, synapses: int, each: int) -> int:
        return -(-(synapses * each + self.block_overhead_bits) // self.word_bits) * self.word_bits


def available_chips() -> tuple[str, ...]:
    """Names of the chips that come with the package."""
    return names_in(FOLDER)


def load_chip(name: str | Path) -> Chip:
    """The chip called `name`, or the one in the TOML file at that path.

    Raises:
        InputError: no such chip, a key is missing or unknown, or a limit is not a positive integer.
    """
    data, where = read_shipped("chip", name, FOLDER)
    fields = {f.name: f for f in dataclasses.fields(Chip)}
    for key in data:
        if key not in fields:
            raise InputError(f"{where}: the key {key!r} is unknown; use {', '.join(fields)}.")
    for key, field in fields.items():
        missing = key not in data and field.default is dataclasses.MISSING
        is_text = key in ("name", "title", "memory_holds", "source", "confidence")
        if missing or (is_text and not (isinstance(data[key], str) and data[key].strip())):
            raise InputError(f"{where}: has no {key!r}; add it.")
        smallest = 0 if key in ("state_bits_per_compartment", "block_overhead_bits", "spike_bits") else 1
        if key in data and key != "assumes" and not is_text and (type(data[key]) is not int or data[key] < smallest):
            raise InputError(f"{where}: {key!r} is {shown(data[key])}; give an integer of at least {smallest}.")
    assumes = data.get("assumes", [])
    if not isinstance(assumes, list) or not all(isinstance(text, str) for text in assumes):
        raise InputError(f"{where}: 'assumes' is {shown(assumes)}; give a list of texts.")
    return Chip(**{**data, "assumes": tuple(assumes)})
