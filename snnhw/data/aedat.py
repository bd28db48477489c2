"""Recordings of event cameras (AEDAT 2.0 and 3.1 files) into frames, with the windows of the MLF authors' code.

DVS128-Gesture (Amir et al., 2017): each labelled gesture is a sample, T steps of 30 ms, 128x128 pixels summed 4 by 4;
users 1-23 train, 24-29 test. CIFAR10-DVS (Li et al., 2017): the first T steps of 10 ms, pixels floor(x / 3.04); of each
class, files 0..899 in the order of their numbers train, 900..999 test.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from snnhw.data.camera import Events, bin_events
from snnhw.errors import InputError
from snnhw.gates.regular import read_bytes
from snnhw.graph.ir import Array

POLARITY_EVENT = 1
CAMERA_SIDE = 128
GESTURE_STEP_US, GESTURE_DOWNSAMPLE, GESTURE_SIDE, GESTURE_TRAIN_USERS = 30_000, 4.0, 32, 23
CIFAR_STEP_US, CIFAR_DOWNSAMPLE, CIFAR_SIDE, CIFAR_TRAIN_FILES = 10_000, 3.04, 42, 900
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def read_aedat2(path: Path) -> Events:
    """AEDAT 2.0 of a DVS128: big-endian pairs (address, us); x = 127 - bits 1..7, y = bits 8..14, p = bit 0."""
    content = _after_header(path, b"")
    words = np.frombuffer(content[: len(content) // 8 * 8], ">u4").reshape(-1, 2)
    address, t_us = words[:, 0], words[:, 1].astype(np.int64)
    return Events(CAMERA_SIDE - 1 - (address >> 1 & 0x7F), address >> 8 & 0x7F, address & 1, t_us)


def read_aedat3(path: Path) -> Events:
    """AEDAT 3.1: packets of little-endian events behind 28-byte heads; x = bits 17.., y = bits 2..14, p = bit 1."""
    content = _after_header(path, b"#!END-HEADER")
    parts, place = [np.zeros((0, 2), "<u4")], 0
    while place + 28 <= len(content):
        kind = int.from_bytes(content[place : place + 2], "little")
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        number = int.from_bytes(content[place + 20 : place + 24], "little")
        place += 28
        if place + size * number > len(content):
            raise InputError(f"{path} ends in the middle of a packet; fetch it again.")
        if kind == POLARITY_EVENT and size != 8:
            raise InputError(f"{path} has events of {size} bytes where 8 are read; convert it to AEDAT 3.1.")
        if kind == POLARITY_EVENT:
            parts.append(np.frombuffer(content, "<u4", 2 * number, place).reshape(-1, 2))
        place += size * number
    words = np.concatenate(parts)
    data, t_us = words[:, 0], words[:, 1].astype(np.int64)
    return Events(data >> 17 & 0x1FFF, data >> 2 & 0x1FFF, data >> 1 & 1, t_us)


def read_gesture(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """Samples of `userNN_*.aedat` with their `_labels.csv`: counts [N, T, 2, 32, 32] and classes 0..10."""
    frames: list[Array] = []
    targets: list[int] = []
    for path in _numbered(paths[0], "user*.aedat"):
        if (_number(path) <= GESTURE_TRAIN_USERS) != (split == "train"):
            continue
        events = read_aedat3(path)
        labels = path.with_name(f"{path.stem}_labels.csv")
        if not labels.is_file():
            raise InputError(f"{path} has no {labels.name} beside it; copy it from the data set.")
        table = read_bytes(labels, "table of labels", "copy it from the data set").decode()
        if not table.partition("\n")[2].strip():
            raise InputError(f"{labels} lists no gesture; copy it from the data set.")
        for gesture, start, end in np.loadtxt(io.StringIO(table), np.int64, skiprows=1, delimiter=",", ndmin=2):
            frames.append(
                _frames(events.between(start, end), timesteps, GESTURE_SIDE, GESTURE_STEP_US, GESTURE_DOWNSAMPLE)
            )
            targets.append(int(gesture) - 1)
    return _stacked(frames, targets, paths[0])


def read_cifar10_dvs(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """Samples of `<class>/*.aedat`: counts [N, T, 2, 42, 42] and classes 0..9 in alphabetical order."""
    frames: list[Array] = []
    targets: list[int] = []
    for label, name in enumerate(CIFAR_CLASSES):
        files = _numbered(paths[0] / name, "*.aedat")
        chosen = files[:CIFAR_TRAIN_FILES] if split == "train" else files[CIFAR_TRAIN_FILES:]
        for path in chosen:
            frames.append(_frames(read_aedat2(path), timesteps, CIFAR_SIDE, CIFAR_STEP_US, CIFAR_DOWNSAMPLE))
            targets.append(label)
    return _stacked(frames, targets, paths[0])


def _stacked(frames: list[Array], targets: list[int], folder: Path) -> tuple[Array, Array]:
    if not frames:
        raise InputError(f"{folder} holds no recording of this split; unpack the .aedat files there.")
    return np.stack(frames).astype(np.float32), np.array(targets, np.int64)


def _frames(events: Events, timesteps: int, side: int, step_us: int, downsample: float) -> Array:
    return bin_events(events, timesteps, side, step_us=step_us, downsample=downsample)


def _numbered(folder: Path, pattern: str) -> Sequence[Path]:
    """Files in the order of the last number in their names, which no file system changes."""
    return sorted(folder.glob(pattern), key=lambda path: (_number(path), path.name))


def _number(path: Path) -> int:
    numbers = re.findall(r"\d+", path.stem)
    return int(numbers[-1]) if numbers else -1


def _after_header(path: Path, last: bytes) -> bytes:
    """The bytes behind the header lines, which begin with '#' and, where `last` is given, end with that line."""
    content = read_bytes(path, "recording", "fetch it again")
    place = 0
    for line in _lines(content):
        if not line.startswith(b"#"):
            break
        place += len(line)
        if last and line.startswith(last):
            break
    if place == 0:
        raise InputError(f"{path} has no AEDAT header; fetch it again.")
    return content[place:]


def _lines(content: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(content):
        end = content.find(b"\n", place) + 1 or len(content)
        yield content[place:end]
        place = end
