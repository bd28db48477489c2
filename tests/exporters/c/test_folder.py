"""The files of a program without its example."""

from snnhw.exporters.c.folder import SOURCE, write_program
from snnhw.exporters.c.program import program_of
from tests.exporters.c.built import tamed
from tests.exporters.lava.nets import residual


def test_loops_are_copied_and_the_account_stands_in_the_header(tmp_path):
    graph = tamed(residual(1)[1])
    write_program(tmp_path, graph, program_of(graph), "It takes little.")
    written = {file.name for file in tmp_path.iterdir()}
    assert written == {"network.h", "network.c", "weights.h", *(file.name for file in SOURCE.iterdir())}
    assert "It takes little." in (tmp_path / "network.h").read_text() and "example.h" not in written
