"""Everything is in pyproject.toml, but for this: setuptools would pack what an earlier build left in build/lib."""

import shutil

from setuptools import setup
from setuptools.command.build import build


class CleanBuild(build):
    """Builds in an empty folder."""

    def run(self) -> None:
        """Build, without files of an earlier build."""
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(cmdclass={"build": CleanBuild})
