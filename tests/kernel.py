"""A notebook executed by a kernel of the Python that a test chooses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient


def executed(cells: Iterable[str], python: Path, folder: Path, specs: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs.

    Args:
        cells: Python code; an error in one of them fails the test.
        python: that runs the kernel, with nothing of our environment's PYTHON variables.
        folder: where the notebook lies, the kernel's working directory.
        specs: folder for the description of the kernel.
    """
    (specs / "chosen").mkdir(parents=True, exist_ok=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "chosen", "language": "python"}
    (specs / "chosen" / "kernel.json").write_text(json.dumps(spec))
    known = KernelSpecManager(kernel_dirs=[str(specs)], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="chosen", kernel_spec_manager=known)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, folder / "notebook.ipynb")
    client = NotebookClient(notebook, km=manager, resources={"metadata": {"path": str(folder)}})
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return client.execute(env=clean)
