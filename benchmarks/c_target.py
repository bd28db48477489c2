"""The C program of zoo networks: spikes against the engine, flash and RAM, and time for an image on one core.

Each network is quantised, written as C in both forms (every value, or what is not 0) and compiled. The harness of the
export compares every spike of every population with the engine; then images run again without it and are timed, beside
the integer engine on the same images and one thread. Networks whose data are not at hand (--data or SNNHW_DATA) are
left out. The last line is time of the engine over time of C, above 1 where C is faster.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.exporters.c import Options, export
from snnhw.exporters.c.size import STRICT, sizes
from snnhw.graph.ir import Array, Graph
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import load_model

NETWORKS = ("digits", "mnist", "nmnist", "fashion", "cifar10")
CALIBRATION, IMAGES, COMPARED, SECONDS = 64, 32, 2, 2.0
COMPARISON = re.compile(r"(\d+) neuron-steps with (\d+) spikes compared, (\d+) differ; (\d+) outputs differ")
TIMER = f"""
#include <stdio.h>
#include <time.h>

#include "network.h"

#include "example.h"

int main(void)
{{
    static network_output_t output[NETWORK_OUTPUT_SIZE];
    long images = 0, differing = 0, sum = expected_spikes[0] + populations[0].first;
    const clock_t start = clock();
    while (clock() - start < {SECONDS} * CLOCKS_PER_SEC || images == 0) {{
        for (long n = 0; n < SAMPLES; n++) {{
            network_reset();
            for (long t = 0; t < NETWORK_TIMESTEPS; t++)
                network_step(stimuli + (n * FRAMES + (FRAMES > 1 ? t : 0)) * NETWORK_INPUT_SIZE, output);
            for (int i = 0; i < NETWORK_OUTPUT_SIZE; i++)
                differing += output[i] != expected_output[n * NETWORK_OUTPUT_SIZE + i];
            images++;
        }}
    }}
    printf("%.9g %ld %ld\\n", (double)(clock() - start) / CLOCKS_PER_SEC / (double)images, differing, sum);
    return differing != 0;
}}
"""


def integers(name: str, data: str | None) -> tuple[Graph, Array]:
    """The network in integers, and images of its test set."""
    model = load_model(name)
    source = re.sub("_.*", "", name)
    train, test = (
        load_inputs(f"{source}:{split}", data, model.timesteps, None).first(n)
        for split, n in (("train", CALIBRATION), ("test", IMAGES))
    )
    return compile_loihi(for_data(model, train, test).graph, train.values).graph, test.values


def compared(folder: Path) -> tuple[int, int]:
    """(neuron-steps, differing spikes and outputs) by the harness in an exported folder."""
    done = subprocess.run(["make", "-s", "test"], cwd=folder, capture_output=True, text=True, check=False)
    found = COMPARISON.search(done.stdout)
    if found is None:
        raise InputError(f"The program in {folder} was not built: {done.stderr.strip()}")
    return int(found[1]), int(found[3]) + int(found[4])


def timed(folder: Path) -> float:
    """Seconds for one image in C, with -O3 for this processor."""
    (folder / "timer.c").write_text(TIMER)
    flags = [*STRICT, "-O3", "-march=native", "timer.c", "network.c", "-o", "timer"]
    subprocess.run(["cc", *flags], cwd=folder, check=True)
    done = subprocess.run(["./timer"], cwd=folder, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[0])


def engine(graph: Graph, images: Array) -> float:
    """Seconds for one image in the integer engine, the images as one batch, the best of three runs."""
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        simulate(graph, images)
        best = min(best, time.perf_counter() - start)
    return float(best) / len(images)


def row(name: str, data: str | None) -> tuple[str, int]:
    """Prints the line of one network; gives its part of the last line, and how much differs."""
    graph, images = integers(name, data)
    cells, wrong, ratios = [], 0, []
    ours = engine(graph, images)
    for events in (False, True):
        with tempfile.TemporaryDirectory(prefix="snnhw-c-") as made:
            folder = Path(made) / "net"
            export(graph, folder, Options(inputs=images[:COMPARED], events=events))
            steps, differing = compared(folder)
            wrong += differing
            seconds = timed(folder)
            ratios.append(ours / seconds)
            if not cells:
                cells += [f"{steps:>12,}", f"{differing:>9,}", *_sizes(folder)]
            else:
                cells[1] = f"{wrong:>9,}"
            cells.append(f"{seconds * 1e3:>10.2f}")
    print(" ".join([f"{name:8}", *cells, f"{ours * 1e3:>10.2f}"]), flush=True)
    return f"{name} {ratios[0]:.2f} dense and {ratios[1]:.2f} event-driven", wrong


def _sizes(folder: Path) -> list[str]:
    """Flash and RAM in kB, of each compiler at hand."""
    found = [f"{size.flash_bytes / 1e3:.0f} + {size.ram_bytes / 1e3:.0f} ({size.compiler})" for size in sizes(folder)]
    return [f"{', '.join(found):>20}"]


def main() -> int:
    """Print the table; 1 where a spike differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="default: all")
    parser.add_argument("--data", default=None, help="folder with the data sets (default: SNNHW_DATA)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = (f"{'compared':>12}", f"{'differing':>9}", f"{'flash + RAM kB, -Os':>20}", f"{'dense ms':>10}")
    print(" ".join([f"{'network':8}", *heads, f"{'events ms':>10}", f"{'engine ms':>10}"]), flush=True)
    lines, wrong = [], 0
    for name in given.networks:
        try:
            line, differing = row(name, given.data)
        except InputError as error:
            print(f"{name} left out: {error}", flush=True)
            continue
        lines.append(line)
        wrong += differing
    print("engine over C: " + "; ".join(lines) + f"; {wrong} spikes or outputs differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
