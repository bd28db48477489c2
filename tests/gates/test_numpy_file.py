"""NumPy files: plain numbers are read as they were saved, all else is one sentence, and memory is bounded."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from snnhw.errors import InputError
from snnhw.gates.numpy_file import array_from, read_arrays
from tests.fuzz import fuzzed, mutated

TYPES = [
    "?",
    "<i1",
    "<i2",
    "<i4",
    "<i8",
    "<u1",
    "<u2",
    "<u4",
    "<u8",
    "<f2",
    "<f4",
    "<f8",
    ">i2",
    ">i4",
    ">i8",
    ">u2",
    ">u4",
    ">u8",
    ">f2",
    ">f4",
    ">f8",
]


def npy(array, **options):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **options)
    return file.getvalue()


def npz(members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def declared(shape, dtype="<f8", version=1, fortran=False):
    """The head of an array without its content."""
    text = repr({"descr": dtype, "fortran_order": fortran, "shape": shape}) + "\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text.encode()


arrays = st.sampled_from(TYPES).flatmap(lambda t: npst.arrays(np.dtype(t), npst.array_shapes(min_dims=0, min_side=0)))


@fuzzed
@given(arrays, st.booleans(), st.sampled_from([None, (2, 0)]))
def test_plain_numbers_are_read_as_numpy_reads_them(tmp_path_factory, array, fortran, version):
    array = np.asfortranarray(array) if fortran else array
    path = tmp_path_factory.mktemp("a") / "file"
    for content in (npy(array, version=version), npz([("input.npy", npy(array)), ("other", b"left alone")])):
        path.write_bytes(content)
        found = read_arrays(path, ["input"], ["target"])["input"]
        assert found.dtype.isnative and found.dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found, array)


ONES = npy(np.ones((2, 3)))
STORED = npz([("input.npy", ONES)])


def spoilt_bytes():
    """Deflated content whose last byte is another, so that the checksum is wrong."""
    content = bytearray(npz([("input.npy", npy(np.arange(1000.0)))]))
    content[2000] ^= 1
    return bytes(content)


def with_flag(content, at_local, at_central, value):
    """A member's head changed in both places where a zip file keeps it."""
    changed = bytearray(content)
    central = content.index(b"PK\x01\x02")
    changed[at_local], changed[central + at_central] = value, value
    return bytes(changed)


FAULTS = {
    "24 GiB": (declared((3 * 2**30,)) + bytes(100), "where 1 GiB are allowed"),
    "2.8 PiB": (declared((350, 2**40)) + bytes(100), "takes 2.734 PiB where 1 GiB are allowed"),
    "beyond numbers": (declared((2**70, 10**300)) + bytes(100), "takes more than any machine has"),
    "empty and huge": (declared((0, 2**62, 2**62)), "damaged|is no NumPy array"),
    "cut": (ONES[:-1], "declares 48 bytes and holds 47"),
    "longer": (ONES + b"x", "declares 48 bytes and holds 49"),
    "negative": (declared((-1, 2)) + bytes(8), r"its shape is \[-1, 2\]"),
    "truth": (declared((True, 2)) + bytes(8), "its shape is"),
    "header": (b"\x93NUMPY\2\0\xff\xff\xff\xff" + b"{" * 100, "its header takes 4294967295 bytes"),
    "deep header": (b"\x93NUMPY\1\0" + struct.pack("<H", 9000) + b"[" * 9000, "is no NumPy array"),
    "code in the header": (
        b"\x93NUMPY\1\0" + struct.pack("<H", 30) + b"__import__('os').abort()      ",
        "no NumPy array",
    ),
    "version 9": (b"\x93NUMPY\x09\0" + ONES[8:], "does not begin as one of numbers does"),
    "long double": (npy(np.ones(2, np.longdouble)), "holds float128"),
    "complex": (npy(np.ones(2, complex)), "holds complex128"),
    "text": (npy(np.array(["a"])), "holds <U1"),
    "objects": (npy(np.array([{}], object)), "holds object"),
    "fields": (npy(np.zeros(2, "i4,f4")), "give numbers of up to 64 bits"),
    "dates": (npy(np.zeros(2, "M8[s]")), "give numbers of up to 64 bits"),
    "neither true nor false": (declared((2,), "|b1") + b"\1\7", "neither true nor false"),
    "no numpy": (b"pictures", "is no NumPy file of plain arrays"),
    "nothing": (b"", "is no NumPy file of plain arrays"),
    "empty zip": (npz([]), "has no array 'input'"),
    "other names": (npz([("pictures.npy", ONES)]), "has no array 'input'"),
    "no array": (npz([("input", b"just bytes")]), "Array 'input' of .* is no NumPy array"),
    "no array either": (npz([("input.npy", b"just bytes")]), "Array 'input' of .* is no NumPy array"),
    "bomb": (
        npz([("input.npy", declared((2**28,)) + bytes(2**26))], compression=zipfile.ZIP_DEFLATED),
        "takes 2 GiB where 1 GiB are allowed",
    ),
    "bomb that lies": (
        npz([("input.npy", declared((2**20,)) + bytes(2**26))], compression=zipfile.ZIP_DEFLATED),
        "declares 8388608 bytes and holds",
    ),
    "twice": (b"", "is there 2 times"),
    "encrypted": (with_flag(STORED, 6, 8, 1), "Array 'input' of .* is encrypted"),
    "compressed by a method of none": (with_flag(STORED, 8, 10, 77), "no NumPy file of plain arrays"),
    "checksum": (spoilt_bytes(), "damaged"),
    "half a zip": (STORED[: len(STORED) // 2], "no NumPy file of plain arrays"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence(tmp_path, monkeypatch, fault):
    monkeypatch.setenv("SNNHW_MAX_GIB", "1")
    content, says = FAULTS[fault]
    if fault == "twice":
        content = npz([("input.npy", ONES), ("input.npy", ONES)])
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match=says) as refused:
        read_arrays(tmp_path / "a.npz", ["input"])
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 1000


@fuzzed
@given(
    mutated(
        [
            ONES,
            STORED,
            npz([("input.npy", npy(np.arange(300.0)))], compression=zipfile.ZIP_DEFLATED),
            npy(np.eye(2, dtype=">f4")),
        ],
        [b"PK\x03\x04", b"PK\x01\x02", b"<f8", b"|O", b"(2, ", b"9" * 30],
    )
)
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("f", numbered=True) / "a"
    path.write_bytes(content)
    try:
        found = read_arrays(path, ["input"])
    except InputError as refused:
        assert "\n" not in str(refused)
    else:
        assert found["input"].dtype.kind in "biuf"
    path.unlink()
    path.parent.rmdir()


MEASURED = """
import resource, sys
from snnhw.errors import InputError
from snnhw.gates.numpy_file import read_arrays
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_arrays(sys.argv[1], ["input"])
except InputError as refused:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("kind", ["npy", "stored", "deflated"])
def test_what_is_declared_and_not_there_takes_no_memory(tmp_path, kind):
    """900 MiB are declared, which the limit allows, and a few bytes are there; the growth is measured, in MiB."""
    content = declared((900 * 2**17,)) + bytes(100)
    if kind != "npy":
        method = zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED
        content = npz([("input.npy", content)], compression=method)
    (tmp_path / "a").write_bytes(content)
    environment = {**os.environ, "SNNHW_MAX_GIB": "1"}
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "a")], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0 and int(done.stdout) < 50, done.stderr


def test_a_stream_of_unknown_length_is_read_to_its_end():
    assert array_from(io.BytesIO(ONES), "it").tolist() == np.ones((2, 3)).tolist()
    with pytest.raises(InputError, match="it declares 48 bytes and holds more; fetch it"):
        array_from(io.BytesIO(ONES + ONES), "it", mend="fetch it")
