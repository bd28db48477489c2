"""Statistics of devices, reads and converters as CrossSim draws them, into tests/golden/noise_crosssim.json.

Its models of devices and its quantizer run, which are Python on NumPy. The repository is no package of an index, so the
file that is there was made with the code of these modules alone, in the versions of `SOURCES`, in a folder of their own
without what draws and rounds nothing (factories, ranges of bit-sliced cores). On a whole checkout, which was not tried:

    git clone https://github.com/sandialabs/cross-sim
    PYTHONPATH=cross-sim python benchmarks/conformance/noise_crosssim.py
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "noise_crosssim.json"
SOURCES = {  # module -> commit of sandialabs/cross-sim
    "simulator/backend/compute.py": "9ac2c265b9f690fbf2055d0da6f3be2458d186d0",
    "simulator/devices/idevice.py": "20c408a5f99955b7a1a9a3023cee52cf714e6ebe",
    "simulator/devices/generic_device.py": "20c408a5f99955b7a1a9a3023cee52cf714e6ebe",
    "simulator/devices/device.py": "20c408a5f99955b7a1a9a3023cee52cf714e6ebe",
    "simulator/devices/custom/RRAM_Milo.py": "4907281efb9e7260d1913f3217b65ed5ec844901",
    "simulator/devices/custom/RRAM_Wan.py": "5fb61d9b79521162439bf97e4237254d1e322d0f",
    "simulator/devices/custom/PCM_Joshi.py": "0a2eb1eda183326ef4d98d792995c721105d3726",
    "simulator/circuits/adc/iadc.py": "0a2eb1eda183326ef4d98d792995c721105d3726",
    "simulator/circuits/adc/quantizer_adc.py": "20c408a5f99955b7a1a9a3023cee52cf714e6ebe",
}
VERSION = "3.0b1 (pyproject.toml at 20c408a5), RRAM_Wan, PCM_Joshi and iadc later"
SEED = 20260101
DRAWS, CHIPS = 1_000_000, 100_000  # of a device, of an array
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
RATIO = {"NormalIndependentDevice": 0.1, "NormalProportionalDevice": 0.1, "RRAMMilo": 50 / 225, "RRAMWan": 1 / 39,
         "PCMJoshi": 0.01}  # fmt: skip
G_MAX_US = {"RRAMMilo": 225.0, "RRAMWan": 39.0, "PCMJoshi": 25.0}  # others: 1, in units of it
ROWS, COLUMNS = 32, 4


def device(
    model: str, magnitude: float = 0.0, cell_bits: int = 0, *, read: bool = False
) -> Callable[[np.ndarray], np.ndarray]:
    """What a device with that error of programming, or of a read, has, for normalised conductances that it aims at."""
    from simulator.devices import device as whole

    kinds = {kind.__name__: kind for kind in whole.Device.get_all_subclasses()}
    lowest, g_max = RATIO.get(model, 0.1), G_MAX_US.get(model, 1.0)
    error = SimpleNamespace(model=model, magnitude=magnitude, enable=True)
    none = SimpleNamespace(model="IdealDevice", magnitude=0.0, enable=False)
    given = SimpleNamespace(
        Gmin_norm=lowest, Gmax_norm=1, Grange_norm=1 - lowest, clip_conductance=False, cell_bits=cell_bits, time=0,
        Rmin=1e6 / g_max, read_noise=error, programming_error=error, drift_error=none,
    )  # fmt: skip
    made = whole.Device(
        given,
        error,
        read_noise_model=kinds[model](given, error),
        programming_error_model=kinds[model](given, error),
        drift_error_model=kinds["IdealDevice"](given, none),
    )
    return made.read_noise if read else made.apply_write_error


def statistics(values: np.ndarray) -> dict[str, object]:
    """Mean, standard deviation and quantiles."""
    return {"mean": float(values.mean()), "std": float(values.std(ddof=1)),
            "quantiles": [float(q) for q in np.quantile(values, QUANTILES)]}  # fmt: skip


def devices() -> list[dict[str, object]]:
    """Devices that aim at one conductance, in units of the highest."""
    rows = []
    cases = [(model, magnitude) for model in list(RATIO)[:2] for magnitude in (0.02, 0.1)]
    for model, magnitude in [*cases, *((model, 0.0) for model in G_MAX_US)]:
        for aimed in np.linspace(RATIO[model], 1.0, 4):
            got = device(model, magnitude)(np.full(DRAWS, aimed))
            rows.append({"model": model, "magnitude": magnitude, "g_off": RATIO[model], "aimed": float(aimed),
                         "g_on_us": G_MAX_US.get(model, 1.0), **statistics(got)})  # fmt: skip
    return rows


def arrays() -> list[dict[str, object]]:
    """Currents of columns, of arrays that are programmed or read anew for every draw, for one vector of voltages."""
    levels = np.random.randint(0, 4, (ROWS, COLUMNS))
    volts = np.random.randint(0, 2, ROWS)
    rows = []
    independent, proportional = list(RATIO)[:2]
    for model, magnitude, read in ((independent, 0.05, False), (proportional, 0.05, False), (independent, 0.02, True)):
        aimed = RATIO[model] + levels / 3 * (1 - RATIO[model])
        ideal = volts @ aimed
        drawn = device(model, magnitude, read=read)
        parts = [volts @ drawn(np.tile(aimed, (CHIPS // 100, 1, 1))) for _ in range(100)]
        got = np.concatenate(parts)
        rows.append({
            "model": model, "magnitude": magnitude, "read": read, "g_off": RATIO[model], "levels": levels.tolist(),
            "volts": volts.tolist(), "root_mean_square_error": float(np.sqrt(((got - ideal) ** 2).mean())),
            "columns": [statistics(column) for column in got.T],
        })  # fmt: skip
    return rows


def converters() -> list[dict[str, object]]:
    """What codes stand for, of sums that are beyond the range too."""
    from simulator.circuits.adc.quantizer_adc import QuantizerADC
    from simulator.parameters.core_parameters import CoreStyle
    from simulator.parameters.xbar_parameters import ADCRangeLimits

    rows = []
    for bits, most in ((1, 3.0), (3, 7.0), (4, 52.0), (6, 63.0), (8, 384.0)):
        adc = SimpleNamespace(bits=bits, adc_per_ibit=False, stochastic_rounding=False, calibrated_range=[0.0, most],
                              adc_range_option=ADCRangeLimits.CALIBRATED)  # fmt: skip
        core = SimpleNamespace(style=CoreStyle.OFFSET, weight_bits=8)
        quantizer = QuantizerADC(adc, SimpleNamespace(signed=False, bits=1), core, None, 0)
        quantizer.set_limits(np.zeros((1, ROWS)))
        sums = np.random.uniform(-0.1 * most, 1.2 * most, 40)
        rows.append({"bits": bits, "most": most, "sums": sums.tolist(), "codes": quantizer.convert(sums).tolist()})
    return rows


def levels() -> list[dict[str, object]]:
    """The conductance that is aimed at for one between two levels."""
    rows = []
    for bits in (1, 2, 3, 4):
        wanted = np.random.uniform(0.1, 1.0, 20)
        got = device("NormalIndependentDevice", 0.0, bits)(wanted.copy())
        rows.append({"bits": bits, "g_off": 0.1, "wanted": wanted.tolist(), "aimed": got.tolist()})
    return rows


def main() -> None:
    """Draw everything and write the file."""
    try:
        from simulator.backend import ComputeBackend
    except ModuleNotFoundError:
        sys.exit("CrossSim is not here; the text at the top of this file says how it is had.")
    ComputeBackend(use_gpu=False)
    import simulator.devices.custom.PCM_Joshi
    import simulator.devices.custom.RRAM_Milo
    import simulator.devices.custom.RRAM_Wan  # noqa: F401  (devices are found among the classes that were imported)

    np.random.seed(SEED)  # of the generator that its models draw from
    written = {
        "repository": "https://github.com/sandialabs/cross-sim", "version": VERSION, "commits": SOURCES,
        "numpy": np.__version__, "seed": SEED, "draws": DRAWS, "chips": CHIPS, "shares": QUANTILES,
        "devices": devices(), "arrays": arrays(), "converters": converters(), "levels": levels(),
    }  # fmt: skip
    GOLDEN.write_text(json.dumps(written, indent=1) + "\n")
    print(f"CrossSim {VERSION}: {len(written['devices'])} kinds of devices, {DRAWS:,} draws each, in {GOLDEN}")


if __name__ == "__main__":
    main()
