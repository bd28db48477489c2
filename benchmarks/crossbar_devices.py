"""Accuracy of two zoo networks on memristive crossbars, against spread, bits per device, converters and wires.

Fashion-MNIST and CIFAR-10 at width 16, ten chips for each value, every chip judged by test samples of its own: the
curves of docs/devices.md. Pages, JSON and CSV go into the folder `crossbar_devices/`. Needs both data sets
(`SNNHW_DATA`); about five minutes on two cores. Names of networks may be given. The last line gives ratios.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.device import load_device
from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.studies.device_plan import DevicePlan
from snnhw.studies.device_result import DeviceCurves
from snnhw.studies.device_writing import write_curves
from snnhw.workflows.device_study import study_devices
from snnhw.workflows.load import load_model

NETWORKS = ("fashion", "cifar10")
OUT = Path("crossbar_devices")
AT_SPREAD = 0.01  # on the axes other than that of spread
PLAN = DevicePlan(
    load_crossbar("rram"),
    replace(load_device("hfox-wan2022").spread_to(AT_SPREAD), read_noise=0.0),
    spread=(0.0, 0.005, 0.01, 0.02, 0.05, 0.1),
    device_bits=(1, 2, 4, 7),
    adc_bits=(9, 7, 6, 5, 4),
    wire_ohm=(0.0, 0.5, 1.0, 2.0),  # the estimate of wires is off by less than 2 % of a current
    adc_samples=10,
)
MEASURED = ("hfox-wan2022", "hfo2-milo2021", "pcm-nandakumar2019")


def study(name: str, plan: DevicePlan) -> DeviceCurves:
    model = load_model(name)
    inputs, calibration = (load_inputs(f"{name}:{split}", None, model.timesteps, None) for split in ("test", "train"))
    return study_devices(model, inputs, calibration, plan)


def shown(found: DeviceCurves) -> None:
    for point in found.points:
        mean, lost = point.accuracy, point.lost
        print(
            f"{found.model:20} {point.axis:12} {point.value:6g}  {mean.mean:7.2%} ({mean.low:.1%} to {mean.high:.1%})"
            f"  lost {100 * lost.mean:5.1f} ({100 * lost.low:.1f} to {100 * lost.high:.1f})",
            flush=True,
        )


def as_measured(name: str) -> dict[str, float]:
    """Points lost by devices with the spread, the read noise and the wires of their own files."""
    losses = {}
    for memristor in MEASURED:
        device = load_device(memristor)
        bits = PLAN.crossbar.device_bits
        found = study(name, DevicePlan(PLAN.crossbar, device, device_bits=(bits,), samples=20))
        shown(replace(found, model=memristor))
        losses[memristor] = 100 * found.points[0].lost.mean
    return losses


def main() -> None:
    start, used, lines = time.monotonic(), time.process_time(), []
    for name in sys.argv[1:] or NETWORKS:
        try:
            found = study(name, PLAN)
        except InputError as error:
            sys.exit(str(error))
        shown(found)
        print(write_curves(found, OUT / name, force=True))
        losses = as_measured(name)
        at = {(point.axis, point.value): 100 * point.lost.mean for point in found.points}
        lines.append(
            f"{name}: spread of 5 % loses {at['spread', 0.05]:.1f} points, 4-bit converters {at['adc_bits', 4]:.1f}, "
            f"2 ohm {at['wire_ohm', 2.0]:.1f}, {MEASURED[0]} {losses[MEASURED[0]]:.1f}"
        )
    print(f"{'; '.join(lines)}; {time.monotonic() - start:.0f} s, {time.process_time() - used:.0f} s of processor time")


if __name__ == "__main__":
    main()
