"""The command that holds four programs against each other: digits in all of them, and the table that it writes."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
PAGE = Path(__file__).parents[2] / "docs" / "witnesses.md"


@pytest.mark.lava
@pytest.mark.nengo
@pytest.mark.slow
def test_digits_are_equal_in_all(capsys, tmp_path):
    import witnesses

    (tmp_path / "page.md").write_text(f"before\n{witnesses.BEGIN}\nold\n{witnesses.END}\nbehind\n")
    assert witnesses.main(["--networks", "digits", "--table", str(tmp_path / "page.md")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("0 spikes and outputs of Lava, nengo-loihi and C differ")
    page = (tmp_path / "page.md").read_text()
    assert page.startswith("before\n") and page.endswith("\nbehind\n") and "old" not in page
    assert next(line for line in PAGE.read_text().splitlines() if line.startswith("| digits |")) in page


def test_what_differs_is_counted_and_ends_with_1(capsys):
    import witnesses

    wrong = witnesses.Row("digits", 2, 1, 1, 1, 10, 0, 3, 22, 0, 1)
    assert witnesses.main(["--networks", "digits"], lambda name, graph, images: wrong) == 1
    assert "4 spikes and outputs" in capsys.readouterr().out
    assert witnesses.main(["--networks", "mnist", "--data", "nowhere"], lambda *_: wrong) == 1
    assert "mnist left out" in capsys.readouterr().out


def test_a_population_that_one_lacks_differs_in_all_of_its_spikes():
    import witnesses

    class Record:
        def __init__(self, **raster):
            self.raster = raster

    a = Record(u=np.zeros((2, 3, 1, 4)), v=np.zeros((2, 3, 1, 5)))
    b = Record(u=np.eye(4)[None, :3, None], w=np.zeros(7))
    assert witnesses.spikes_apart(a, Record(**a.raster)) == 0
    assert witnesses.spikes_apart(a, b) == 24 + 30 + 7
    changed = a.raster["v"].copy()
    changed.flat[:2] = 1
    assert witnesses.spikes_apart(a, Record(u=a.raster["u"], v=changed)) == 2


def test_the_page_holds_every_network_and_no_difference():
    import witnesses

    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    found = {row[0]: row for row in rows if row[0] in witnesses.NETWORKS}
    assert set(found) == set(witnesses.NETWORKS)
    for row in found.values():
        cells = dict(zip(witnesses.HEADS, row, strict=True))
        assert {cells[name] for name in ("Lava", "nengo-loihi", "C", "outputs")} == {"0"}, row
