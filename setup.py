"""Builds the core as an extension module; everything else is in pyproject.toml."""

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

prerequisites = runpy.run_path(str(Path(__file__).with_name("prerequisites.py")))


class BuildCore(build_ext):
    """Checks first that the machine has what building needs."""

    def run(self) -> None:
        if sentences := prerequisites["missing"]():
            raise SystemExit("".join(f"laiobench can't be built: {text}\n" for text in sentences))
        super().run()


setup(cffi_modules=["laiobench/native/build.py:ffibuilder"], cmdclass={"build_ext": BuildCore})
