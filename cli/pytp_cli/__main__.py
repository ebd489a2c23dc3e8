# SPDX-License-Identifier: WTFPL OR MIT
"""`python -m pytp_cli` is `pytp`."""

import sys

from pytp_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
