"""How long a core takes for its work of one step, and which of compute, memory and traffic takes longest.

A core has two sides that work at the same time: neurons update and send their spikes, and spikes that arrive are looked
up in the synapse memory and added. Within a side one thing follows the other (the timing model "simple" of SANA-FE,
Boyle et al., TCAD 2025; three bottlenecks of the busiest core as in the floorline model, Yik et al., arXiv:2511.21549):

    neurons  = t_neuron * compartments + t_active * active + t_spike * spikes + t_out * packets sent
    messages = t_in * packets received + sum over kinds of t_synop(kind) * synops
    step     = max over cores of max(neurons, messages) + barrier(tiles in use)

Nothing waits for the network, so this is a lower bound: queues only add to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snnhw.analysis.hardware.profiles import Profile

Amount = npt.NDArray[np.float64]
SYNOP_TIMES = {"conv": "synop_time", "dense": "synop_time_dense", "sparse": "synop_time_sparse"}
COMPUTE, MEMORY, TRAFFIC = "compute", "memory", "traffic"
WORKING = ("synop_time", "neuron_time")  # constants without which there is no bound for the work of a core


@dataclass(frozen=True)
class CoreWork:
    """Work of cores; arrays of one shape, the last axis runs over the cores."""

    synops: Mapping[str, Amount]  # by kind of synapse memory
    received: Amount  # packets
    sent: Amount
    compartments: Amount  # each is looked at in every step
    active: Amount  # those that have something to integrate
    spikes: Amount


@dataclass(frozen=True)
class Parts:
    """Seconds that the parts of the work take; arrays as in `CoreWork`."""

    compute: Amount
    memory: Amount
    leaving: Amount
    arriving: Amount

    @property
    def neurons(self) -> Amount:
        """The side that updates neurons and sends their spikes."""
        return self.compute + self.leaving

    @property
    def messages(self) -> Amount:
        """The side that takes spikes in and adds them."""
        return self.memory + self.arriving

    @property
    def busy(self) -> Amount:
        """The longer of both sides."""
        return np.maximum(self.neurons, self.messages)

    @property
    def in_turn(self) -> Amount:
        """Both sides one after the other."""
        return self.neurons + self.messages

    def binds(self, core: int) -> str:
        """What takes longest on the longer side of a core: COMPUTE, MEMORY or TRAFFIC."""
        neurons = self.neurons[core] >= self.messages[core]
        work, travel = (self.compute, self.leaving) if neurons else (self.memory, self.arriving)
        if travel[core] > work[core]:
            return TRAFFIC
        return COMPUTE if neurons else MEMORY


def parts(work: CoreWork, profile: Profile, end: str = "typical") -> Parts:
    """What the work takes with the constants of a profile at their `end`: low, typical or high.

    What the profile has no time for takes none, which keeps the bound a lower one.
    """

    def time(name: str) -> float:
        return float(getattr(profile[name].range, end)) if name in profile else 0.0

    memory = np.zeros_like(work.compartments)
    for kind, synops in work.synops.items():
        own = SYNOP_TIMES[kind]
        memory = memory + synops * time(own if own in profile else "synop_time")
    return Parts(
        compute=work.compartments * time("neuron_time")
        + work.active * time("neuron_active_time")
        + work.spikes * time("spike_time"),
        memory=memory,
        leaving=work.sent * time("message_out_time"),
        arriving=work.received * time("message_in_time"),
    )
