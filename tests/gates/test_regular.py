"""Only regular files are read: no waiting for a pipe, no endless device."""

from __future__ import annotations

import os
import socket

import pytest

from snnhw.errors import InputError
from snnhw.gates.regular import is_file, open_regular, read_bytes


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.mkdir("folder")
    os.symlink("/dev/zero", "device")
    os.symlink("pipe", "link-to-pipe")
    os.symlink("loop", "loop")
    os.symlink("file", "link")
    with open("file", "wb") as file:
        file.write(b"content")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        yield tmp_path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pipe", "pipe is a pipe where a card is needed; name the file"),
        ("link-to-pipe", "is a pipe where a card"),
        ("folder", "folder is a folder where a card"),
        ("device", "device is a device where a card"),
        ("socket", "socket is a socket where a card"),
        ("none", "There is no file none; look for it"),
        ("loop", "Cannot read loop: Too many levels of symbolic links; look for it"),
        ("a\0b", "is no name of a file"),
        ("\ud800", r"is no name of a file|no file"),
        ("x" * 300, "File name too long; look for it"),
        ("file/inside", "Not a directory"),
    ],
)
def test_what_is_no_regular_file_is_named(folder, name, says):
    with pytest.raises(InputError, match=says):
        open_regular(name, "card", "look for it")
    assert not is_file(name)


def test_links_are_followed(folder):
    assert read_bytes("link", "card", "look for it") == b"content" and is_file("link")


def test_more_than_the_memory_allows_is_not_read(folder, monkeypatch):
    with open("large", "wb") as file:
        file.truncate(2**31)  # takes no disk
    monkeypatch.setenv("SNNHW_MAX_GIB", "1")
    with pytest.raises(InputError, match="The card large takes 2 GiB where 1 GiB are allowed"):
        read_bytes("large", "card", "look for it")


def test_files_of_the_system_say_no_size_and_are_read(folder):
    assert read_bytes("/proc/self/cmdline", "card", "look for it")
