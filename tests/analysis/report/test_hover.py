"""The text that a mark carries becomes the title of its group, and nothing else changes."""

from __future__ import annotations

from snnhw.analysis.report.hover import CLASS, SIGN, say, titled


class Mark:
    def set_gid(self, gid):
        self.gid = gid


def test_what_is_said_is_the_id_and_the_id_becomes_the_title():
    mark = Mark()
    say(mark, "one &lt; two")
    assert titled(f'<g id="{mark.gid}"><path/></g>') == f'<g class="{CLASS}"><title>one &lt; two</title><path/></g>'
    assert titled(f"""<g id='{SIGN}a "b"'>""") == f'<g class="{CLASS}"><title>a "b"</title>'  # quoted so by matplotlib


def test_other_ids_stay():
    svg = f'<g id="axes_1"><path id="{SIGN}no"/></g>'
    assert titled(svg) == svg
