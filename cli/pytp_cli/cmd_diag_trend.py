# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag trend`: what the looks of the past tell, by drive x cartridge and by slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from pytp_cli import options
from pytp_cli.diag_device import open_history
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_native.errors import NothingHere

if TYPE_CHECKING:
    from pytp_native.diag.checkup import Checkup
    from pytp_native.diag.trend import Cell


def trend(ctx: typer.Context, as_json: options.Json = False) -> int:
    """What grew between looks, by drive and cartridge: retries for each terabyte, mount and 1000 data sets; and where a
    library's robot needs several attempts (as the library counts them) or failed (of the moves that pytp ordered).
    Asks no device. Exit 11: there is no history yet."""
    with Run(ctx, "diag trend", as_json=as_json) as run, open_history(run, create=False) as history:
        from pytp_native.diag.checkup import checkup

        found = checkup(history)
        if not found.past.looks:
            raise NothingHere(history.path, "there are no looks yet", "see pytp diag health")
        pairs = [_pair_object(one, found) for one in found.cells]
        blamed = _blamed(found)
        slots = _slots(found)
        run.fields.update(looks=len(found.past.looks), pairs=pairs, blame=blamed, elements=slots)
        run.say(_pairs_text(pairs) if pairs else "no drive has been seen before and after with the same cartridge")
        if blamed:
            run.say("\nwho is to blame, by the last 90 days (the table is about all looks):")
        for one in blamed:
            run.say(f"{one['kind']} {printable(one['name'])}: {one['words']}")
        if slots:
            run.say(_slots_text(slots))
    return run.exit_code


def _pair_object(one: Cell, found: Checkup) -> dict[str, Any]:
    from pytp_native.diag.blame import is_bad

    units = found.past.units
    mounts = one.grown.get("mounts", 0)
    return {
        "drive": units[one.drive].shown, "drive_serial": units[one.drive].serial,
        "cartridge": units[one.cartridge].shown, "cartridge_serial": units[one.cartridge].serial,
        "looks": one.looks, "resets": one.resets, "mounts": mounts, "terabytes": one.terabytes,
        "data_sets": one.data_sets, "retries": one.retries, "unrecovered": one.unrecovered,
        "retries_per_terabyte": one.retries / one.terabytes if one.terabytes else None,
        "retries_per_mount": one.retries / mounts if mounts else None, "retries_per_1000": one.rate, "bad": is_bad(one),
    }  # fmt: skip


def _blamed(found: Checkup) -> list[dict[str, Any]]:
    from pytp_native.diag.trend import total

    rows = []
    for kind, told in (("drive", found.blame.drives), ("cartridge", found.blame.cartridges)):
        for unit, cells in told.items():
            whole, others = total(cells), "cartridges" if kind == "drive" else "drives"
            count = f"{len(cells)} {others if len(cells) != 1 else others[:-1]}"
            when = f" in the last {whole.days} days" if whole.days is not None else ""
            words = f"{whole.retries:g} retries, {whole.unrecovered:g} not recovered, with {count}{when}"
            words += f": it is the {kind}"
            rows.append({"kind": kind, "name": found.past.units[unit].shown, "words": words})
    for one in found.blame.either:
        names = f"{found.past.units[one.drive].shown} with {found.past.units[one.cartridge].shown}"
        rows.append(
            {"kind": "pair", "name": names, "words": f"{one.retries:g} retries: drive or cartridge, try others"}
        )
    return rows


def _slots(found: Checkup) -> list[dict[str, Any]]:
    from pytp_native.diag.trend import elements

    rows = []
    for unit in found.past.units.values():
        if unit.kind == "library":
            used = elements(found.past.latest(unit.id), found.past.moves_of(unit.id))
            rows += [{"library": unit.shown, **one._asdict(), "retries_per_move": one.rate} for one in used]
    return rows


def _pairs_text(pairs: list[dict[str, Any]]) -> str:
    from pytp_cli.tables import aligned

    rows = [("DRIVE", "CARTRIDGE", "MOUNTS", "TB", "RETRIES", "/TB", "/MOUNT", "/1000 SETS", "HARD", "")]
    for one in pairs:
        told = ("retries_per_terabyte", "retries_per_mount", "retries_per_1000")
        per_tb, per_mount, per_1000 = ("-" if one[name] is None else f"{one[name]:.3g}" for name in told)
        rows.append((
            printable(one["drive"]), printable(one["cartridge"]), f"{one['mounts']:g}", f"{one['terabytes']:.3f}",
            f"{one['retries']:g}", per_tb, per_mount, per_1000, f"{one['unrecovered']:g}", "bad" if one["bad"] else "",
        ))  # fmt: skip
    return aligned(rows, right=(2, 3, 4, 5, 6, 7, 8))


def _slots_text(slots: list[dict[str, Any]]) -> str:
    from pytp_cli.tables import aligned

    rows = [("LIBRARY", "PLACE", "PICKS", "RETRIES", "PLACES", "RETRIES", "MOVES", "FAILED", "LAST FAILURE")]
    for one in slots:
        names = ("picks", "pick_retries", "places", "place_retries", "moves", "failures")
        a, b, c, d, e, f = (f"{one[name]:g}" for name in names)
        place = one["place"] or f"element {one['address']}"
        rows.append((printable(one["library"]), place, a, b, c, d, e, f, printable(one["last_failure"])))
    return "\n" + aligned(rows, right=(2, 3, 4, 5, 6, 7))
