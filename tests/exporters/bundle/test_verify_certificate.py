"""The certificate holds where there is NumPy alone, and 20 and more ways to tamper with a bundle are found out.

What a forger changes and hashes anew is found by the simulation; what gives the same spikes, by the digest alone.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnhw.exporters.bundle import Options, export
from snnhw.exporters.bundle import verify_certificate as program
from snnhw.exporters.bundle.verify_certificate import (
    CERTIFICATE,
    MismatchError,
    claims,
    decayed,
    digest_of,
    hash_of,
    verify,
)
from tests.nets import residual_net

Certificate = dict
DAMAGED = (OSError, ValueError, EOFError, KeyError, IndexError, zipfile.BadZipFile)
ALONE = """
import importlib.util, runpy, sys
sys.path.append(sys.argv.pop(1))
assert not any(importlib.util.find_spec(name) for name in ("snnhw", "torch", "nir", "scipy", "pandas"))
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    sample = residual_net(widths=(4,))
    folder = tmp_path_factory.mktemp("bundle") / "net"
    export(sample.graph, folder, Options(inputs=sample.inputs, calibration=sample.inputs))
    return folder


@pytest.fixture(scope="module")
def numpy_alone(tmp_path_factory) -> Path:
    """A folder of packages that holds NumPy and nothing else."""
    folder, source = tmp_path_factory.mktemp("site"), Path(np.__file__).parent
    for name in ("numpy", "numpy.libs"):
        if (source.parent / name).is_dir():
            (folder / name).symlink_to(source.parent / name)
    return folder


def run_alone(bundle: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-c", ALONE, str(site), str(bundle / "verify_certificate.py"), *arguments]
    return subprocess.run(command, cwd=bundle, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.slow
def test_it_holds_with_numpy_alone_and_only_with_its_digest(bundle, numpy_alone):
    done = run_alone(bundle, numpy_alone)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("All holds: 3 samples, ")
    digest = json.loads((bundle / CERTIFICATE).read_text())["digest"]
    assert run_alone(bundle, numpy_alone, "--digest", digest.upper()).returncode == 0
    done = run_alone(bundle, numpy_alone, "--digest", digest[::-1])
    assert done.returncode == 1 and "NOT verified: It is another certificate" in done.stdout


def test_the_program_is_short_and_imports_nothing_of_ours():
    lines = Path(program.__file__).read_text().splitlines()
    assert len(lines) < 200 and not any("import" in line and "snnhw" in line for line in lines)
    assert {line.split()[1] for line in lines if line.startswith(("import ", "from "))} == {
        *("argparse", "hashlib", "json", "sys", "pathlib", "typing", "numpy")
    }


def test_decays_truncate_towards_zero():
    states, kept = np.array([-5, -4096, 7, 4097, 0]), np.array([4095, 1, 2048, 4096, 9])
    assert decayed(states, kept).tolist() == [int(s * k / 4096) for s, k in zip(states, kept, strict=True)]


def arrays_of(folder: Path, name: str) -> dict[str, np.ndarray]:
    with np.load(folder / name) as content:
        return {key: content[key] for key in content.files}


def changed(name: str, key: str, change: Callable[[np.ndarray], object]) -> Callable[[Path, Certificate], None]:
    """An array of a file after `change`, which works in place or gives another."""

    def tamper(folder: Path, certificate: Certificate) -> None:
        arrays = arrays_of(folder, name)
        (found,) = [full for full in arrays if full == key or full.endswith(key)][:1]
        given = change(arrays[found])
        arrays[found] = arrays[found] if given is None else given
        np.savez_compressed(folder / name, **arrays)

    return tamper


def said(change: Callable[[Certificate], object]) -> Callable[[Path, Certificate], None]:
    return lambda folder, certificate: change(certificate) and None


def flip(array: np.ndarray) -> None:
    """The lowest bit of the first number that is not 0, or of the first."""
    place = int(np.argmax(array.reshape(-1) != 0))
    array.reshape(-1)[place] ^= 1


def grow(array: np.ndarray) -> np.ndarray:
    return array + 1000


def rewritten(folder: Path, certificate: Certificate) -> None:
    """All hashes, claims and counts anew, as whoever forges a bundle would."""
    for name in certificate["files"]:
        if (folder / name).is_file():
            certificate["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    for name in certificate["arrays"]:
        try:
            certificate["arrays"][name] = {key: hash_of(array) for key, array in arrays_of(folder, name).items()}
        except DAMAGED:
            continue
    for stage in certificate["stages"]:
        file = "floats.npz" if stage["arithmetic"] == "float64" else "expected.npz"
        try:
            rasters = {k.partition("/")[2]: a for k, a in arrays_of(folder, file).items() if k.startswith("spikes/")}
        except DAMAGED:
            continue
        if stage.pop("kept", None) is None:
            stage["populations"] = claims(rasters)
    certificate["digest"] = digest_of(certificate)


def cut(name: str) -> Callable[[Path, Certificate], None]:
    def tamper(folder: Path, certificate: Certificate) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return tamper


def first_population(certificate: Certificate, stage: int = -1) -> dict:
    return next(iter(certificate["stages"][stage]["populations"].values()))


def swap_stages(certificate: Certificate) -> None:
    stages = certificate["stages"]
    stages[0]["populations"], stages[1]["populations"] = stages[1]["populations"], stages[0]["populations"]
    for stage in stages:
        stage["kept"] = True


SPIKES = "_l1"
NAIVE: dict[str, Callable[[Path, Certificate], None]] = {
    "a bit of a weight": changed("network.npz", "/weight", flip),
    "a bit of a threshold": changed("network.npz", "/threshold", flip),
    "a bit of a stimulus": changed("stimuli.npz", "stimuli", flip),
    "a spike": changed("expected.npz", SPIKES, flip),
    "the output": changed("expected.npz", "output", flip),
    "a spike of the floats": changed("floats.npz", SPIKES, flip),
    "a byte of the NIR file": lambda folder, _: (
        (folder / "network.nir").write_bytes((folder / "network.nir").read_bytes()[:-1] + b"?") and None
    ),
    "a file that is cut": cut("expected.npz"),
    "a certificate that is cut": cut(CERTIFICATE),
    "a file that is missing": lambda folder, _: (folder / "stimuli.npz").unlink(),
    "a count": said(lambda c: first_population(c).update(count=first_population(c)["count"] + 1)),
    "a version": said(lambda c: c["versions"].update(numpy="9.9.9")),
    "a hash": said(lambda c: c["files"].update({"network.nir": "0" * 64})),
    "another format": said(lambda c: c.update(format=2)),
    "the digest": said(lambda c: c.update(digest="0" * 64)),
}
FORGED: dict[str, Callable[[Path, Certificate], None]] = {  # with all hashes anew
    "weights": changed("network.npz", "/weight", lambda w: -w),
    "thresholds": changed("network.npz", "/threshold", grow),
    "decays": changed("network.npz", "/kept", lambda kept: kept * 0),
    "biases": changed("network.npz", "_l1/bias", lambda bias: bias + 4000),
    "stimuli": changed("stimuli.npz", "stimuli", lambda x: -x),
    "a spike": changed("expected.npz", SPIKES, flip),
    "the output": changed("expected.npz", "output", flip),
    "a spike of the floats": changed("floats.npz", SPIKES, flip),
    "swapped stages": said(swap_stages),
    "stages in another order": said(lambda c: c["stages"].reverse()),
    "no stage in integers": said(lambda c: c.update(stages=c["stages"][:1])),
    "a gain of an edge": said(lambda c: c["network"]["edges"][-1].__setitem__(2, 2)),
    "an edge that is missing": said(lambda c: c["network"]["edges"].pop()),
    "another number of steps": said(lambda c: c["network"].update(timesteps=1)),
    "samples that were not run": said(lambda c: c.update(samples=1000)),
    "spikes that were not sent": said(lambda c: c.update(spikes=c["spikes"] + 1)),
    "no loss by rounding": said(lambda c: c.update(rounding=-1)),
    "a population less": lambda folder, _: _without(folder, SPIKES),
    "a file that is cut": cut("expected.npz"),
    "another reset": said(lambda c: [n.update(subtracts=1) for n in c["network"]["nodes"] if n["kind"] == "neurons"]),
}


def _without(folder: Path, ending: str) -> None:
    arrays = arrays_of(folder, "expected.npz")
    arrays.pop(next(key for key in arrays if key.endswith(ending)))
    np.savez_compressed(folder / "expected.npz", **arrays)


def tampered(bundle: Path, folder: Path, tamper: Callable[[Path, Certificate], None], *, forged: bool) -> Path:
    shutil.copytree(bundle, folder)
    certificate = json.loads((folder / CERTIFICATE).read_text())
    tamper(folder, certificate)
    if forged:
        rewritten(folder, certificate)
    if (folder / CERTIFICATE).read_bytes() == (bundle / CERTIFICATE).read_bytes():  # it was not cut
        (folder / CERTIFICATE).write_text(json.dumps(certificate))
    return folder


def test_forging_nothing_holds(bundle, tmp_path):
    """The table's own hashing is right, so that what it finds is the tampering."""
    folder = tampered(bundle, tmp_path / "same", lambda folder, certificate: None, forged=True)
    assert verify(folder) == verify(bundle)


@pytest.mark.parametrize("kind", NAIVE)
def test_tampering_is_found(bundle, tmp_path, kind):
    folder = tampered(bundle, tmp_path / "net", NAIVE[kind], forged=False)
    expected = json.JSONDecodeError if kind == "a certificate that is cut" else MismatchError
    with pytest.raises(expected):
        verify(folder)


@pytest.mark.parametrize("kind", FORGED)
def test_forging_with_all_hashes_anew_is_found(bundle, tmp_path, kind):
    folder = tampered(bundle, tmp_path / "net", FORGED[kind], forged=True)
    with pytest.raises((MismatchError, *DAMAGED)):
        verify(folder)


@pytest.mark.parametrize(
    "tamper",
    [
        said(lambda c: c["versions"].update(numpy="9.9.9")),
        lambda folder, _: (folder / "network.nir").write_bytes(b"another network") and None,
    ],
)
def test_what_gives_the_same_spikes_is_found_by_the_digest_alone(bundle, tmp_path, tamper):
    """The simulation sees neither versions nor the NIR file, which NumPy cannot read."""
    folder = tampered(bundle, tmp_path / "net", tamper, forged=True)
    assert verify(folder).startswith("All holds")
    with pytest.raises(MismatchError, match="It is another certificate than the one with that digest"):
        verify(folder, json.loads((bundle / CERTIFICATE).read_text())["digest"])


def test_a_damaged_bundle_ends_with_a_sentence(bundle, tmp_path):
    for kind in ("a certificate that is cut", "a file that is missing"):
        folder = tampered(bundle, tmp_path / kind, NAIVE[kind], forged=False)
        done = subprocess.run([sys.executable, str(folder / "verify_certificate.py")], capture_output=True, text=True)
        assert done.returncode == 1 and done.stdout.startswith("NOT verified: ") and done.stderr == ""
