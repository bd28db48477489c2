"""Files as a gate must bear them: what is valid, with bytes flipped, cut out, doubled or put in.

`SNNHW_FUZZ` says how many of them each gate meets; `make fuzz` asks for many.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

CASES = int(os.environ.get("SNNHW_FUZZ", "150"))
fuzzed = settings(
    max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@st.composite
def mutated(draw, valid: list[bytes], words: list[bytes] = ()):  # type: ignore[assignment]
    """One of the valid files after up to four changes; `words` are put in beside random bytes."""
    content = bytearray(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.integers(1, 8))
        match draw(st.sampled_from(["flip", "cut", "end", "double", "put", "number"])):
            case "flip" if content:
                content[place] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del content[place : place + length]
            case "end":
                del content[place:]
            case "double":
                content[place:place] = content[place : place + 16 * length]
            case "number":
                content[place : place + length] = draw(st.sampled_from([b"\xff", b"\0", b"\x7f"])) * length
            case _:
                content[place:place] = draw(st.binary(max_size=8) | st.sampled_from([b"", *words]))
    return bytes(content)
