"""Values on hover: a mark of a figure carries what it shows as text.

matplotlib writes the id of an artist into its SVG. `say` puts the text there, `titled` makes of it a <title>, which
every browser shows beside the pointer, without a script too.
"""

from __future__ import annotations

import re
from typing import Any

SIGN = "value: "
CLASS = "v"  # of every mark that has a value; the script of the page shows them at once

Artist = Any  # matplotlib.artist.Artist


def say(artist: Artist, text: str) -> None:
    """Let `artist` show `text` where the figure becomes an SVG."""
    artist.set_gid(SIGN + text)


def titled(svg: str) -> str:
    """The SVG as matplotlib wrote it, escaped, with a <title> for each text that `say` left."""
    return re.sub(rf"<g id=([\"']){SIGN}(.*?)\1>", rf'<g class="{CLASS}"><title>\2</title>', svg)
