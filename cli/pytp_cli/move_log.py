# SPDX-License-Identifier: WTFPL OR MIT
"""Every move of a robot goes into the history: `pytp diag trend` and `health` tell at which places they fail."""

from __future__ import annotations

import time
from contextlib import suppress

from pytp_native.errors import PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.run import Run
    from pytp_native.devices.changer import Changer, Order


def keep_moves(run: Run, changer: Changer) -> None:
    """Have a changer's moves recorded. A history that cannot be written is no reason to stop a robot."""

    def note(order: Order) -> None:
        from pytp_cli.diag_device import open_history
        from pytp_native.diag.history import StoredMove
        from pytp_native.diag.moves import was_refused

        if was_refused(order):
            return
        move = StoredMove(
            0, int(time.time()), order.source_address, order.target_address, str(order.source), str(order.target),
            order.barcode, order.error.fact if order.error is not None else "",
        )  # fmt: skip
        who = changer.inquiry
        with suppress(PytpError), open_history(run) as history:
            serial = changer.serial or changer.address
            history.store_move(serial, f"{who.vendor} {who.product}", who.revision, move)

    changer.note = note
