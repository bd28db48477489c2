"""The energy of a network between two epochs: its prices then, and the term held against engine and counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import nn

from snnhw.data.samples import Samples
from snnhw.nn.level_gates import without_gates
from snnhw.nn.time import time_first
from snnhw.train.batches import tensors
from snnhw.train.energy import EnergyTerm, Priced, Pricing
from snnhw.train.energy_table import Part
from snnhw.train.resize import resized

PROBED = 32  # samples of an epoch's exact count


def priced_at(pricing: Pricing, network: nn.Module, data: Samples, pixels: int) -> Priced:
    """Prices of `network` for samples that are resized to `pixels`; of one with gates, those with all levels."""
    if data.values.shape[-1] != pixels:
        few = data.first(PROBED)
        data = replace(few, values=resized(tensors(few)[0], pixels).numpy())
    open_ = without_gates(network, {})
    priced = pricing.priced(open_, data)
    if open_ is network:
        return priced
    return replace(priced, of_a_level=pricing.of_a_level(open_, data.first(PROBED)))


@dataclass(frozen=True)
class Probe:
    """pJ per inference of some samples in evaluation mode: by the term, and by engine and counters.

    Both are the same number, unless a membrane lies so near to its threshold that the order of a sum in the engine
    decides differently.
    """

    by_term: Mapping[Part, float]
    by_record: Mapping[Part, float]
    row: Mapping[str, float]  # of `metrics.csv`


def probe(pricing: Pricing, network: nn.Module, data: Samples) -> Probe:
    """Energies of the first samples of `data`."""
    few = data.first(PROBED)
    term = EnergyTerm(network, pricing.priced(network, few))
    training, first = network.training, next(network.parameters())
    network.eval()
    x = tensors(few)[0].to(first.device, first.dtype)
    with torch.no_grad(), term.listening():
        network(time_first(x))
        by_term = float(term.taken(x))
    counted = pricing.counted(network, few)
    network.train(training)
    row = {"probe_energy_pj": by_term, "probe_counted_pj": counted.energy_pj}
    return Probe(term.by_part(), term.counted_by_part(counted.record), row)
