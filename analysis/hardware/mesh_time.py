"""Time of a run on a mesh of cores, step by step, from exact counts: what SANA-FE 2.2.9 calls its simple timing model.

Takes a run of `run_stepwise` and the core of every neuron; gives what every core does in every step, and the seconds of
the steps by `core_time`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snnhw.analysis.hardware.core_time import CoreWork, parts
from snnhw.analysis.hardware.mesh import LOIHI_MESH, Mesh, NocEnergy, Traffic, carried, noc_energy, synapse_kind
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.hardware.reach import Cores, Reached, reached
from snnhw.analysis.hardware.stepwise import Activity, populations
from snnhw.graph.ir import Graph

Steps = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MeshRun:
    """Energy and time of one sample on a mesh."""

    work: CoreWork  # [steps, cores]
    traffic: Traffic
    energy: NocEnergy
    seconds: Steps  # of every step [steps]


def run_on_mesh(
    graph: Graph, activity: Activity, cores: Cores, profile: Profile, mesh: Mesh = LOIHI_MESH, *, zeros: bool = False
) -> MeshRun:
    """What SANA-FE finds for one sample, from a run of `run_stepwise`.

    Args:
        graph: the one that was run.
        activity: the run.
        cores: from `place`.
        profile: with energies and times of cores, such as loihi1-sanafe.
        mesh: that the cores lie on.
        zeros: as of the run.
    """
    found = tuple(reached(graph, cores, zeros=zeros))
    work = core_work(graph, activity, cores, found)
    events = {kind: int(synops.sum()) for kind, synops in work.synops.items()}
    traffic = carried(events, activity, found, mesh)
    seconds = step_seconds(work, profile, cores, mesh)
    return MeshRun(work, traffic, noc_energy(graph, activity, traffic, profile), seconds)


def core_work(graph: Graph, activity: Activity, cores: Cores, found: Sequence[Reached]) -> CoreWork:
    """What every core does in every step, arrays [steps, cores]; cores that hold nothing stay at zero."""
    size = 1 + max(int(at.max()) for at in cores.values())
    shape = (activity.steps, size)
    synops: dict[str, Steps] = {}
    received, sent, compartments, active, spikes = (np.zeros(shape) for _ in range(5))
    for name in populations(graph):
        at = cores[name].ravel()
        _add(synops.setdefault(synapse_kind(graph, name), np.zeros(shape)), activity.arrivals[name], at)
        _add(active, activity.updates[name], at)
        _add(spikes, activity.spikes[name], at)
        compartments += np.bincount(at, minlength=size)
    for one in found:
        fired = activity.spikes[one.sender].reshape(activity.steps, -1).astype(np.float32)
        received[:, one.targets] += fired @ one.meets.astype(np.float32)
        _add(sent, fired * one.meets.sum(axis=1, dtype=np.float32), one.homes)
    return CoreWork(synops, received, sent, compartments, active, spikes)


def _add(total: Steps, found: npt.NDArray[np.generic], at: npt.NDArray[np.int64]) -> None:
    """Adds what is found at every neuron [steps, ...] to the core of the neuron [steps, cores]."""
    flat = found.reshape(len(found), -1).astype(np.float64)
    if (np.diff(at) < 0).any():
        order = np.argsort(at, kind="stable")
        flat, at = flat[:, order], at[order]
    owners, starts = np.unique(at, return_index=True)
    total[:, owners] += np.add.reduceat(flat, starts, axis=1)


def step_seconds(work: CoreWork, profile: Profile, cores: Cores, mesh: Mesh = LOIHI_MESH) -> Steps:
    """Seconds of every step [steps], typical constants."""
    used = np.unique(np.concatenate([found.ravel() for found in cores.values()]))
    tiles = len(np.unique(used // mesh.cores_per_tile))
    return parts(work, profile).busy.max(axis=1) + profile["barrier_time"].at_tiles(tiles).typical
