"""Options of pytest for an environment whose Triton is older than the kernels need, where nothing runs them.

`make test-torch` asks: a release of torch brings a Triton of its own. What is left out is said on stderr.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

from snnhw.nn.kernels.gpu import OLDEST


def main() -> None:
    """Print the options, none where Triton is new enough."""
    release = version("triton")
    if tuple(int(part) for part in release.split(".")[:2]) < OLDEST:
        needed = ".".join(map(str, OLDEST))
        print(f"Triton {release} is older than {needed}: tests of its kernels are left out", file=sys.stderr)
        print("--ignore-glob=tests/nn/kernels/test_*gpu.py --ignore-glob=tests/nn/kernels/test_*triton.py")


if __name__ == "__main__":
    main()
