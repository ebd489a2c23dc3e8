# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag doctor`: is this host ready for tape."""

from __future__ import annotations

from typing import Annotated

import typer

from pytp_cli import options
from pytp_cli.joblog import state_directory
from pytp_cli.names import printable
from pytp_cli.run import Run


def doctor(
    ctx: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also list what is in order.")] = False,
    as_json: options.Json = False,
) -> int:
    """Looks at the kernel's modules and nodes, permissions, stable names, the configuration, block sizes against drive
    and host adapter, memory and disk, and says what to do about each finding. Nothing moves; no hardware is needed.
    Exit 13: there are warnings; 14: something will not work."""
    with Run(ctx, "diag doctor", as_json=as_json) as run:
        from pytp_native.diag.doctor import FAILURE, FINE, LEVELS, WARNING, examine
        from pytp_native.stream.memory import available_bytes

        state = run.config.snapshot_dir or state_directory()
        found = examine(run.config, state, available_bytes())
        run.fields["checks"] = [one._asdict() for one in found]
        for one in sorted(found, key=lambda one: -LEVELS.index(one.level)):
            if one.level != FINE or verbose:
                run.say(f"{one.level}: {printable(one.subject)}: {printable(one.fact)}")
                if one.remedy:
                    run.say(f"  {printable(one.remedy)}")
        worst = {one.level for one in found}
        if not worst & {WARNING, FAILURE}:
            run.say("nothing stands in the way")
        run.exit_code = 14 if FAILURE in worst else 13 if WARNING in worst else 0
    return run.exit_code
