"""python -m snnhw."""

import sys
from pathlib import Path

home = Path(__file__).resolve().parents[1]
if Path(sys.path[0]).resolve() == Path.cwd() != home:
    del sys.path[0]  # the working directory: a folder `analysis` or `exporters` in it would hide ours

from snnhw.cli import main  # noqa: E402

main()
