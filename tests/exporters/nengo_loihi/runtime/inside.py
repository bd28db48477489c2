"""Programs that run in the interpreter of nengo-loihi beside the worker."""

import json
import subprocess
import textwrap

from snnhw.exporters.interpreter import environment_of
from snnhw.exporters.nengo_loihi.env import find_interpreter
from snnhw.exporters.nengo_loihi.session import WORKER


def said(program: str, *arguments: object) -> object:
    """What a program prints in JSON; it imports the runtime as `runtime`."""
    begin = (
        f"import json, sys, warnings; warnings.simplefilter('ignore'); sys.path.insert(0, {str(WORKER.parents[1])!r})\n"
    )
    python = find_interpreter()
    command = [python, "-c", begin + textwrap.dedent(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment_of(python), check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
