"""Checks a bundle with NumPy alone: python verify_certificate.py [FOLDER] [--digest SHA256]. Ends with 0 if all holds.

Every file and array has the hash that certificate.json says, the network is simulated anew by the integer loops below,
and spikes, counts and output of every stage are what comes out. --digest is what the certificate has to be: without it
a certificate is held against its bundle alone, which whoever changes both consistently can change.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

FORMAT, CERTIFICATE = 1, "certificate.json"
DECAY_ONE, MEMBRANE_LIMIT, UNITS_PER_WEIGHT = 4096, 2**23 - 1, 64
Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]
Certificate = dict[str, Any]


class MismatchError(Exception):
    """What does not hold, as one sentence."""


def require(holds: object, sentence: str) -> None:
    """Raises `MismatchError`, unless something holds."""
    if not holds:
        raise MismatchError(sentence)


def digest_of(certificate: Certificate) -> str:
    """Of everything in a certificate but its own digest."""
    content = {key: value for key, value in certificate.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def hash_of(array: Array) -> str:
    """Of the type, the shape and the numbers of an array, in the byte order of the file."""
    kept = np.ascontiguousarray(array)
    return hashlib.sha256(f"{kept.dtype.str} {array.shape} ".encode() + kept.tobytes()).hexdigest()


def claims(spikes: Arrays) -> dict[str, dict[str, object]]:
    """What a stage says of each population: the hash of its spikes, and how many they are."""
    return {name: {"spikes": hash_of(raster), "count": int(raster.sum())} for name, raster in spikes.items()}


def decayed(state: Array, kept: Array) -> Array:
    """trunc(state * kept / 4096)."""
    return np.sign(state) * (np.abs(state) * kept // DECAY_ONE)  # type: ignore[no-any-return]


def convolved(node: dict[str, Any], weight: Array, x: Array) -> Array:
    """Cross-correlation of x [C, H, W], tap by tap."""
    (sy, sx), (py, px), (dy, dx), groups = (node[key] for key in ("stride", "padding", "dilation", "groups"))
    padded, y = np.pad(x, ((0, 0), (py, py), (px, px))), np.zeros(node["shape"], np.int64)
    given, (taken, height, width) = len(weight) // groups, weight.shape[1:]
    for ky in range(height):
        for kx in range(width):
            tap = padded[:, ky * dy :: sy, kx * dx :: sx][:, : y.shape[1], : y.shape[2]]
            for group in range(groups):
                rows = slice(group * given, (group + 1) * given)
                y[rows] += np.tensordot(weight[rows, :, ky, kx], tap[group * taken :][:taken], axes=1)
    return y


class Network:
    """The network of a certificate, and the states of one sample."""

    def __init__(self, described: dict[str, Any], arrays: Arrays) -> None:
        self.nodes: list[dict[str, Any]] = described["nodes"]
        self.steps: int = described["timesteps"]
        self.into: dict[str, list[tuple[str, int]]] = {node["name"]: [] for node in self.nodes}
        for source, target, gain in described["edges"]:
            self.into[target].append((source, gain))
        self.of = {tuple(name.split("/")): array.astype(np.int64) for name, array in arrays.items()}  # node, key

    def run(self, frames: Array) -> tuple[Arrays, Array]:
        """Spikes [T, *shape] of each population and the output of one sample [1 or T, *shape]."""
        neurons, delays = ([n for n in self.nodes if n["kind"] == kind] for kind in ("neurons", "delay"))
        v, u = ({n["name"]: self.of[n["name"], key] + np.zeros(n["shape"], np.int64) for n in neurons}
                for key in ("start", "current_start"))  # fmt: skip
        past: dict[str, list[Array]] = {node["name"]: [] for node in delays}
        fired: dict[str, list[Array]] = {node["name"]: [] for node in neurons}
        read: list[Array] = []
        for t in range(self.steps):
            sent: Arrays = {}
            for node in self.nodes:
                name = node["name"]
                if node["kind"] == "input":
                    sent[name] = frames[t % len(frames)].astype(np.int64)
                elif node["kind"] == "delay":
                    sent[name] = self.late(node, past[name], None if node["late"] else self.arriving(name, sent))
                elif node["kind"] == "neurons":
                    sent[name] = self.fire(node, u, v, self.arriving(name, sent))
                    fired[name].append(sent[name])
                elif node["kind"] == "readout":
                    read.append(self.arriving(name, sent))
                else:
                    sent[name] = self.passed(node, self.arriving(name, sent))
            for node in delays:
                past[node["name"]].append(self.arriving(node["name"], sent))
        (end,) = (n for n in self.nodes if n["kind"] == "readout")
        ends = {"sum": sum, "last": lambda steps: steps[-1], "max": lambda steps: np.max(steps, axis=0)}
        return {name: np.stack(steps) for name, steps in fired.items()}, ends[end["reduction"]](read)

    def arriving(self, name: str, sent: Arrays) -> Array:
        """The sum of all edges into a node."""
        return np.sum([sent[source] * gain for source, gain in self.into[name]], axis=0)  # type: ignore[no-any-return]

    def passed(self, node: dict[str, Any], x: Array) -> Array:
        """What a layer sends; a pool is a convolution of ones."""
        if node["kind"] == "flatten":
            return x.reshape(-1)
        weight, bias = (self.of[node["name"], key] for key in ("weight", "bias"))
        y = convolved(node, weight, x) if node["kind"] == "convolution" else (weight * x.reshape(-1)).sum(axis=1)
        return y + bias.reshape((-1,) + (1,) * (y.ndim - 1))

    def fire(self, node: dict[str, Any], u: Arrays, v: Arrays, arriving: Array) -> Array:
        """Spikes of one population; its states go on."""
        name, of = node["name"], self.of
        u[name] = decayed(u[name], of[name, "current_kept"]) + UNITS_PER_WEIGHT * arriving
        membrane = decayed(v[name], of[name, "kept"]) + u[name] + of[name, "bias"]
        membrane = np.clip(membrane, -MEMBRANE_LIMIT, MEMBRANE_LIMIT)
        spikes = membrane > of[name, "threshold"]
        v[name] = np.where(spikes, (membrane - of[name, "taken_off"]) * node["subtracts"], membrane)
        return spikes.astype(np.int64)

    def late(self, node: dict[str, Any], past: list[Array], now: Array | None) -> Array:
        """What arrived `steps` steps ago, 0 before the first."""
        steps, out = self.of[node["name"], "steps"], np.zeros(node["shape"], np.int64)
        for number in range(min(len(past), int(steps.max())) + 1):
            came = past[-number] if number else now
            out = out if came is None else np.where(steps == number, came, out)
        return out


def files_hold(folder: Path, certificate: Certificate) -> dict[str, Arrays]:
    """The arrays of every .npz file, once all files and arrays have their hashes."""
    found: dict[str, Arrays] = {}
    for name, said in certificate["files"].items():
        require((folder / name).is_file(), f"{name} is missing.")
        require(hashlib.sha256((folder / name).read_bytes()).hexdigest() == said, f"{name} has another hash.")
        if name.endswith(".npz"):
            with np.load(folder / name, allow_pickle=False) as content:
                arrays = found[name] = {key: content[key] for key in content.files}
            same = {key: hash_of(array) for key, array in arrays.items()} == certificate["arrays"][name]
            require(same, f"Arrays of {name} are not those of the certificate.")
    return found


def verify(folder: Path, digest: str = "") -> str:
    """What was checked, as one sentence; raises `MismatchError` at the first thing that does not hold."""
    certificate = json.loads((folder / CERTIFICATE).read_text(encoding="utf-8"))
    require(certificate["format"] == FORMAT, f"The certificate is of format {certificate['format']}, not {FORMAT}.")
    require(digest_of(certificate) == certificate["digest"], "The certificate was changed: its digest is another.")
    require(digest in ("", certificate["digest"]), "It is another certificate than the one with that digest.")
    files = files_hold(folder, certificate)
    stimuli, expected = files["stimuli.npz"]["stimuli"], dict(files["expected.npz"])
    network = Network(certificate["network"], files["network.npz"])
    runs = [network.run(frames) for frames in stimuli]
    spikes = {name: np.stack([fired[name] for fired, _ in runs]).astype(np.uint8) for name in runs[0][0]}
    output = np.stack([end for _, end in runs])
    require(np.array_equal(output, expected.pop("output")), "The output is not what the network gives.")
    require({f"spikes/{name}" for name in spikes} == set(expected), "The populations are not those of the network.")
    for name, raster in spikes.items():
        require(np.array_equal(raster, expected[f"spikes/{name}"]), f"The network sends other spikes of {name}.")
    kinds = [stage["arithmetic"] for stage in certificate["stages"]]
    require("integers" in kinds and kinds == sorted(kinds), "Stages are missing or not in the order of the pipeline.")
    floats = {key.partition("/")[2]: raster for key, raster in files.get("floats.npz", {}).items()}
    for stage in certificate["stages"]:
        own = spikes if stage["arithmetic"] == "integers" else floats
        require(stage["populations"] == claims(own), f"Stage {stage['name']!r} has other spikes or counts.")
    apart = sum(int((raster != spikes[name]).sum()) for name, raster in floats.items()) if floats else None
    require(certificate["rounding"] == apart, "Other spikes differ between floats and integers.")
    total = sum(int(raster.sum()) for raster in spikes.values())
    require((certificate["samples"], certificate["spikes"]) == (len(stimuli), total), "Samples or spikes miscounted.")
    return f"All holds: {len(stimuli)} samples, {len(spikes)} populations, {total} spikes, {len(kinds)} stages."


def main() -> int:
    """0 if the bundle holds, 1 with a sentence if it does not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--digest", default="", help="sha256 that the certificate has to have")
    given = parser.parse_args()
    try:
        print(verify(given.folder, given.digest.lower()))
        return 0
    except Exception as error:  # whatever a damaged or forged file leads to
        print(f"NOT verified: {error if isinstance(error, MismatchError) else f'the bundle is damaged ({error!r}).'}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
