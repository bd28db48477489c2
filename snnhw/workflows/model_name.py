"""Whether a MODEL that a user names can exist at all; asked before anything heavy is imported."""

from __future__ import annotations

import os
from pathlib import Path

from snnhw.errors import unknown
from snnhw.gates.regular import open_regular
from snnhw.gates.script import is_script
from snnhw.zoo import zoo_names

FILES = {".nir": "NIR file"}


def check_model_name(source: str | Path) -> None:
    """Nothing, where `source` may be a model: a folder, a zoo network, a file of a known kind, or FILE.py:NAME.

    Raises:
        InputError: it is none of them; the nearest zoo network is offered.
    """
    path = Path(source)
    if os.path.isdir(path) or is_script(str(source)) or path.suffix in (".pth", ".pt"):
        return
    if path.suffix in FILES:
        open_regular(path, FILES[path.suffix], f"give the path of a {path.suffix} file").close()
    elif str(source) not in zoo_names():
        raise unknown("model", source, zoo_names(), "a run folder, a .nir or a .pth file, or FILE.py:NAME")
