import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.data.aedat import read_aedat2, read_aedat3
from snnhw.data.datasets import load
from snnhw.errors import InputError

EVENTS = st.lists(
    st.tuples(st.integers(0, 127), st.integers(0, 127), st.integers(0, 1), st.integers(0, 5000)), max_size=40
)


def in_order(events):
    return [(x, y, p, int(t)) for (x, y, p, _), t in zip(events, np.cumsum([e[3] for e in events]), strict=True)]


def write_aedat2(path, events):
    body = b"".join(struct.pack(">II", y << 8 | (127 - x) << 1 | p, t) for x, y, p, t in events)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"#!AER-DAT2.0\r\n# five\r\n# lines\r\n# of\r\n# head\r\n" + body)


def write_aedat3(path, events, packet=7):
    body = b""
    for start in range(0, len(events), packet):
        part = events[start : start + packet]
        body += struct.pack("<HHIIIIII", 3, 0, 4, 0, 0, 1, 1, 1) + b"skip"  # a packet of another kind
        body += struct.pack("<HHIIIIII", 1, 0, 8, 4, 0, len(part), len(part), len(part))
        body += b"".join(struct.pack("<II", x << 17 | y << 2 | p << 1 | 1, t) for x, y, p, t in part)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n" + body)


def columns(events):
    return list(zip(events.x.tolist(), events.y.tolist(), events.polarity.tolist(), events.t_us.tolist(), strict=True))


@settings(max_examples=40, deadline=None)
@given(events=EVENTS)
def test_files_give_back_their_events(tmp_path_factory, events):
    folder = tmp_path_factory.mktemp("aedat")
    events = in_order(events)
    write_aedat2(folder / "two.aedat", events)
    write_aedat3(folder / "three.aedat", events)
    assert columns(read_aedat2(folder / "two.aedat")) == events
    assert columns(read_aedat3(folder / "three.aedat")) == events


def test_gestures_are_cut_by_their_labels_and_split_by_user(tmp_path):
    folder = tmp_path / "DvsGesture"
    events = [(8, 4, 1, 100), (127, 127, 0, 31_000), (0, 0, 1, 50_000), (0, 0, 1, 50_001), (1, 1, 1, 5_000_000)]
    for user in (1, 23, 24):
        write_aedat3(folder / f"user{user:02d}_led.aedat", events)
        (folder / f"user{user:02d}_led_labels.csv").write_text("class,start,end\n3,100,50000\n11,50000,6000000\n")
    train, test = load("dvsgesture", "train", tmp_path), load("dvsgesture", "test", tmp_path)
    assert train.values.shape == (4, 40, 2, 32, 32) and test.values.shape == (2, 40, 2, 32, 32)
    assert test.targets.tolist() == [2, 10] and test.classes == 11
    first, second = test.values
    assert first[0, 1, 1, 2] == 1 and first[1, 0, 31, 31] == 1 and first.sum() == 2
    assert second[0, 1, 0, 0] == 2 and second.sum() == 2  # the event after 40 steps of 30 ms is outside


def test_cifar_recordings_are_ordered_by_number(tmp_path, monkeypatch):
    monkeypatch.setattr("snnhw.data.aedat.CIFAR_TRAIN_FILES", 2)
    for label, name in enumerate(("airplane", "truck")):
        for number in (10, 9, 2):
            write_aedat2(tmp_path / f"CIFAR10DVS/{name}/cifar10_{name}_{number}.aedat", [(number, label, 1, 5)] * 300)
    train, test = load("dvscifar10", "train", tmp_path), load("dvscifar10", "test", tmp_path)
    assert train.targets.tolist() == [0, 0, 9, 9] and test.targets.tolist() == [0, 9]
    assert test.values.shape == (2, 10, 2, 42, 42)
    assert test.values[1, 0, 1, 0, int(10 / 3.04)] == 300  # beyond what 8 bits hold


def test_damaged_recordings_are_named(tmp_path):
    (tmp_path / "a.aedat").write_bytes(b"no header")
    with pytest.raises(InputError, match="no AEDAT header"):
        read_aedat3(tmp_path / "a.aedat")
    write_aedat3(tmp_path / "b.aedat", [(1, 1, 1, 1)])
    (tmp_path / "b.aedat").write_bytes((tmp_path / "b.aedat").read_bytes()[:-3])
    with pytest.raises(InputError, match="middle of a packet"):
        read_aedat3(tmp_path / "b.aedat")
    packet = struct.pack("<HHIIIIII", 1, 0, 16, 4, 0, 1, 1, 1) + bytes(16)
    (tmp_path / "c.aedat").write_bytes(b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + packet)
    with pytest.raises(InputError, match="events of 16 bytes"):
        read_aedat3(tmp_path / "c.aedat")
    (tmp_path / "DvsGesture").mkdir()
    with pytest.raises(InputError, match="holds no recording"):
        load("dvsgesture", "test", tmp_path)
    write_aedat3(tmp_path / "DvsGesture/user24_a.aedat", [(1, 1, 1, 1)])
    with pytest.raises(InputError, match=r"has no user24_a_labels\.csv"):
        load("dvsgesture", "test", tmp_path)
    tables = {"x,y,z\n": "damaged", "12,0,9\n": "classes 11", "": "lists no gesture", "\n \n": "lists no gesture"}
    for content, message in tables.items():
        (tmp_path / "DvsGesture/user24_a_labels.csv").write_text("class,start,end\n" + content)
        with pytest.raises(InputError, match=message):
            load("dvsgesture", "test", tmp_path)
