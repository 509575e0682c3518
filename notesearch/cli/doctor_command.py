"""The command `notesearch doctor`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from notesearch.api.mending import diagnose, repair
from notesearch.cli.common import print_json, print_line
from notesearch.wording.told import sentence
from notesearch.wording.translation import _

NOT_WELL = 1


def add_doctor(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Make its parser. `command(name, help)` makes an empty parser."""
    parser = command("doctor", _("check everything in the data folder"))
    parser.add_argument("--repair", action="store_true", help=_("first repair what can be repaired"))
    parser.add_argument("--json", action="store_true")


def doctor(data_dir: Path, options: argparse.Namespace) -> None:
    """Repair where that is asked for, then check, and print what was done and found."""
    mended = repair(data_dir) if options.repair else ()
    checks = diagnose(data_dir)
    if options.json:
        shown = [{"what": sentence(c.what), "found": sentence(c.found), "well": c.well} for c in checks]
        done = [{"what": sentence(m.what), "done": sentence(m.done)} for m in mended]
        repairs = {"repairs": done} if options.repair else {}
        print_json({"checks": shown, **repairs, "data_dir": str(data_dir)})
    else:
        for one in mended:
            print_line(f"{_('mended')}  {sentence(one.what)}: {sentence(one.done)}")
        for check in checks:
            print_line(
                f"{_('ok  ') if check.well else _('FAIL')}  {sentence(check.what)}: {sentence(check.found)}"
            )
    if not all(check.well for check in checks):
        raise SystemExit(NOT_WELL)
