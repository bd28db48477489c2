"""A million samples priced on twenty profiles from stored counts, beside counting them again.

One network of binary spikes, whose counts of 1,000 samples are taken a thousand times over. Prints the seconds that
each step of pricing takes, then what it takes to run the samples through NeuroBench's counters and through ours,
measured on 1,000 samples and scaled; the last line gives the ratios. NeuroBench runs in an environment of its own, made
under .venv/counters on the first run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from counters.environments import version
from counting import STEPS, network, theirs

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.demand import demand
from snnhw.analysis.counting.sample_counts import SampleCounter
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.stored.header import Header
from snnhw.analysis.stored.places import stored_layout
from snnhw.analysis.stored.pricing import energies_of, prices
from snnhw.analysis.stored.table import StoredCounts, cut, read_counts, write_table
from snnhw.simulation.engine import simulate, simulate_in_batches
from snnhw.simulation.frames import check_inputs

COUNTED, SAMPLES = 1_000, 1_000_000
CHANNELS, SIZE, RATE = 16, 16, 0.1  # of the network; share of ones among its events


def counted(graph: Any, events: Any) -> tuple[Any, Any]:
    """(demand, int64 [columns, N]) of the events, as a report counts them."""
    wanted = demand(graph, graph.timesteps, stepped=True)
    counter, rows, done = SampleCounter(graph, wanted), [], 0
    for record in simulate_in_batches(graph, events, raster=True):
        batch = events[done : done + record.samples]
        rows.append(counter.rows(record, check_inputs(graph, batch)))
        done += record.samples
    return wanted, np.ascontiguousarray(np.concatenate(rows).T)


def stored_of(graph: Any, wanted: Any, values: Any, samples: int) -> StoredCounts:
    """Stored counts of `samples` samples, those that were counted again and again; of no chip."""
    layout = replace(stored_layout(graph, simulate(graph, EMPTY), ()), samples=samples)
    header = Header(
        *(graph.name, "0" * 64, "0" * 64, "events", "0" * 64, samples, "events 0..1", "levels", "float", ""),
        {}, (), False, 64, wanted, layout,
    )  # fmt: skip
    return StoredCounts(header, np.arange(samples), np.tile(values, samples // values.shape[1]))


EMPTY = np.zeros((1, STEPS, 2, SIZE, SIZE), np.float32)


def timed(what: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """(seconds, what it gave); the least of several times, since others may work on the machine."""
    least = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        found = what()
        least = min(least, time.perf_counter() - start)
    return least, found


def main() -> None:
    torch.set_num_threads(1)
    names = available_profiles()
    profiles = [load_profile(name) for name in names]
    graph = network(1, False, CHANNELS, SIZE)
    events = (np.random.default_rng(0).random((COUNTED, STEPS, 2, SIZE, SIZE)) < RATE).astype(np.float32)
    simulate(graph, events[:64])  # warms up
    again, (wanted, values) = timed(lambda: counted(graph, events))
    stored = stored_of(graph, wanted, values, SAMPLES)
    print(f"{SAMPLES:,} samples of {len(wanted.columns)} numbers on {len(profiles)} profiles, low, typical and high")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.parquet"
        pieces = [(stored.samples, stored.values)]
        wrote, _ = timed(lambda: write_table(path, stored.header, cut(stored.header, pieces)))
        size = path.stat().st_size
        read, back = timed(lambda: read_counts(path))
    assert np.array_equal(back.values, stored.values)
    peer = theirs("neurobench", graph, events, residual=False)
    slow = peer["seconds"] * SAMPLES / COUNTED
    made, matrix = timed(lambda: prices(wanted, profiles, [None] * len(profiles)), 5)
    priced, energies = timed(lambda: energies_of(stored.values, matrix), 5)
    whole, counts = timed(lambda: stored.counts)
    again *= SAMPLES / COUNTED
    exact = [estimate(counts, profile).per_inference.ends for profile in profiles]
    off = np.abs(energies.mean(axis=1) / np.ravel(exact) - 1).max()
    ours = wanted.counts(values.sum(axis=1), COUNTED)
    assert counts.samples == SAMPLES and off < 1e-9
    assert count(graph, simulate(graph, events)) == ours and round(peer["ac"]) == ours.total("unit_synops")
    rows = (
        (f"table written, {stored.values.size:,} rows, {size / 1e6:.0f} MB", wrote),
        ("table read and checked", read),
        ("prices of every number on every profile", made),
        ("energies of every sample on every profile", priced),
        ("counts of all samples, exact, for the estimates of a report", whole),
        (f"counted again by {version('neurobench')}, scaled from {COUNTED:,}", slow),
        (f"counted again by snnhw, scaled from {COUNTED:,}", again),
    )
    for what, seconds in rows:
        print(f"{what:64} {seconds:10.2f} s")
    print(f"largest difference of a mean from the estimate of the report: {off:.1e}")
    repriced = made + priced
    print(
        f"re-priced in {repriced:.2f} s, {slow / repriced:,.0f} times faster than NeuroBench counts again and "
        f"{again / repriced:,.0f} times faster than snnhw does; with reading the file {read + repriced:.2f} s"
    )


if __name__ == "__main__":
    main()
