"""Runs faults one after the other in this process: `python -m tests.verbs.situations ANSWERS.json SHARE OF CLOSED`.

Of every `OF` faults the one with number `SHARE` is run. CLOSED is the number of the stream with which the process was
started closed, or 0. What is wrong is written into ANSWERS.json, since the streams are what is tested.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from snnhw.__main__ import fill_standard


def tree(folder: Path) -> dict[str, object]:
    """Everything in it: what it is, and the bytes of files."""
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        plain = path.is_file() and not path.is_symlink()
        found[str(path)] = (about.st_mode, path.read_bytes() if plain else about.st_ino)
    return found


def printed_by(case, streams: list[Path]) -> tuple[object, list[str]]:
    """The exit code, and what came out of stdout and stderr."""
    from snnhw.cli import main

    kept = [os.dup(number) for number in (1, 2)]
    for number, path in zip((1, 2), streams, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["snnhw", *case.arguments]
    code: object = None
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        code = traceback.format_exc()
    finally:
        for number, old, stream in zip((1, 2), kept, (sys.stdout, sys.stderr), strict=True):
            stream.flush()
            os.dup2(old, number)
            os.close(old)
    return code, [path.read_text(errors="replace") for path in streams]


def fault_of(case, folder: Path, closed: int) -> str | None:
    """What is wrong with the refusal; None where it is as it should be."""
    os.chdir(folder / "work")
    os.environ.update(case.environment or {})
    case.make()
    before = tree(folder / "work")
    streams = [Path(os.devnull) if number == closed else folder / f"stream{number}" for number in (1, 2)]
    code, (out, err) = printed_by(case, streams)
    for name in case.environment or {}:
        del os.environ[name]
    if code not in (1, 2):
        return f"exit code {code}"
    if out or (closed != 2 and (err.count("\n") != 1 or not err.startswith("error: ") or case.says not in err)):
        return f"printed {out!r} and {err!r} where {case.says!r} is to be said"
    return None if tree(folder / "work") == before else "files have changed"


def main() -> None:
    answers, share, of, closed = Path(sys.argv[1]), *map(int, sys.argv[2:])
    fill_standard()
    from tests.verbs.cases import LIMIT_GIB, all_cases

    os.environ["SNNHW_MAX_GIB"] = LIMIT_GIB
    os.environ.pop("SNNHW_DATA", None)
    only = os.environ.get("SNNHW_CASES", "")  # begins the names, to look at some
    found, cases = {}, [pair for pair in list(all_cases().items())[share::of] if pair[0].startswith(only)]
    for name, case in cases:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "work").mkdir()
            found[name] = fault_of(case, Path(folder), closed)
            os.chdir("/")
    answers.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
