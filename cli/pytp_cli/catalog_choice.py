# SPDX-License-Identifier: WTFPL OR MIT
"""Where the catalog is: snapshot_dir of the configuration, else the user's state directory."""

from __future__ import annotations

import os

from pytp_cli.joblog import state_directory
from pytp_native.errors import NothingHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.run import Run
    from pytp_native.catalog.store import Catalog


def open_catalog(run: Run, *, create: bool = True) -> Catalog:
    """Open the catalog that applies. NothingHere when there is none and `create` is not set; CatalogError."""
    from pytp_native.catalog.store import FILE_NAME, Catalog

    path = os.path.join(run.config.snapshot_dir or state_directory(), FILE_NAME)
    return Catalog(path, create=create)


def open_if_there(run: Run) -> Catalog | None:
    """Open the catalog to ask it; None when there is none."""
    try:
        return open_catalog(run, create=False)
    except NothingHere:
        return None
