# SPDX-License-Identifier: WTFPL OR MIT
"""Everything else is in pyproject.toml; cffi_modules and a build step cannot be said there."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

sys.path.insert(0, str(Path(__file__).resolve().parent))  # an isolated build does not have it there

from build_needs import check


class CheckedBuild(build_ext):
    """Says what is missing before anything is compiled."""

    def pre_run(self, _extension: object, _ffi: object) -> None:
        """Called by cffi before it writes the C source."""
        check()


setup(cffi_modules=["build_ffi.py:ffibuilder"], cmdclass={"build_ext": CheckedBuild})
