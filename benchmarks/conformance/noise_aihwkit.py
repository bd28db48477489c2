"""Means and deviations of devices as aihwkit 1.1.0 draws them, into tests/golden/noise_aihwkit.json.

Only its models of noise run, which are Python on torch, so any torch will do; its compiled part is not needed:

    pip install --no-deps aihwkit==1.1.0
    python benchmarks/conformance/noise_aihwkit.py
"""

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "noise_aihwkit.json"
DRAWS = 1_000_000
DAY = 86400.0


def statistics(conductances: torch.Tensor) -> list[float]:
    """Mean and standard deviation."""
    wide = conductances.double()
    return [float(wide.mean()), float(wide.std())]


def main() -> None:
    """Draw devices and write the file."""
    try:
        installed = version("aihwkit")
    except PackageNotFoundError:
        sys.exit("aihwkit is not installed here; the text at the top of this file says how it is.")
    from aihwkit.inference.noise.pcm import PCMLikeNoiseModel
    from aihwkit.inference.noise.reram import ReRamWan2022NoiseModel

    torch.manual_seed(1)
    rows = []
    reram = ReRamWan2022NoiseModel(g_max=40.0)
    for aimed in (1.0, 10.0, 20.0, 30.0, 40.0):
        target = torch.full((DRAWS,), aimed)
        for time in (1.0, DAY, 2 * DAY):
            got = reram.apply_drift_noise_to_conductance(target, target, time)
            rows.append({"device": "hfox-wan2022", "aimed": aimed, "time_s": time, "found": statistics(got)})
    pcm = PCMLikeNoiseModel(g_max=25.0, read_noise_scale=0.0)
    for aimed in (10.0, 18.0, 25.0):
        target = torch.full((DRAWS,), aimed)
        for waited in (0.0, DAY):
            got = pcm.apply_programming_noise_to_conductance(target.clone())
            if waited:
                exponents = pcm.generate_drift_coefficients(target)
                got = pcm.apply_drift_noise_to_conductance(got, exponents, waited)
            time = waited + pcm.t_0 if waited else 0.0
            rows.append({"device": "pcm-nandakumar2019", "aimed": aimed, "time_s": time, "found": statistics(got)})
    written = {"aihwkit": installed, "torch": torch.__version__, "draws": DRAWS, "rows": rows}
    GOLDEN.write_text(json.dumps(written, indent=1) + "\n")
    print(f"aihwkit {installed}: {len(rows)} kinds of devices, {DRAWS:,} draws each, in {GOLDEN}")


if __name__ == "__main__":
    main()
