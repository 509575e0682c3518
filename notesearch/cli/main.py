"""The command line, with the output that scripts rely on. It parses arguments, asks the engine and prints; it
decides nothing about searching or indexing."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

import notesearch
from notesearch import catalogue
from notesearch.api import operations as ops
from notesearch.api.operation import Progress, Report
from notesearch.api.sessions import HandedOver, Owner, open_session, owner_answers, reading
from notesearch.cli.common import SHOWN, print_json, print_line
from notesearch.cli.doctor_command import add_doctor, doctor
from notesearch.cli.generic import add_generic_commands, generic_commands
from notesearch.cli.model_commands import MODEL_COMMANDS, add_model_commands
from notesearch.config.paths import absolute, default_data_dir
from notesearch.config.settings import load_settings
from notesearch.domain import (
    IndexingState,
    IndexingStatus,
    IndexSummary,
    Match,
    MatchedBy,
    Mode,
    Passage,
    Query,
    SearchResults,
    Slowed,
)
from notesearch.domain.file_names import harmless_name, is_text
from notesearch.errors import Bug, NotesearchError, UsageError
from notesearch.wording.status_texts import links_line, others_not_read, slowed_line
from notesearch.wording.told import hint, sentence, title, told_together
from notesearch.wording.translation import N_, _, plural

# How many linked folders that are not read are named.
LINKS_TOLD = 20
DONE, NOTHING, WRONG_USE, COULD_NOT_RUN = 0, 1, 2, 3
# Seconds for the owner of the data folder to tell its state.
STATE_WITHIN = 2.0
INTERRUPTED = 130

EXAMPLES = N_(
    """\
With no command the window opens, or the one that is open comes up: notesearch [FOLDER...]
  notesearch --toggle                      show or hide quick search; bind it to a key
  notesearch --search TEXT                 the window, with a query; so does notesearch://search?q=TEXT
  notesearch --hidden                      start in the tray

examples:
  notesearch index ~/Notes                 read a folder (again) and wait until all of it can be searched
  notesearch search "why is my bread sour"
  notesearch search 'tag:travel "night train" -bus' --limit 5
  notesearch search - --json < queries.txt   a query per line in, a JSON object per line out
"""
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print_line(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(WRONG_USE)


def _parser() -> _Parser:
    common = _Parser(add_help=False)
    common.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help=_("keep settings, index and logs in DIR"),
    )
    parser = _Parser(
        prog="notesearch",
        parents=[common],
        epilog=_(EXAMPLES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_("Finds the passage you meant in your own notes."),
    )
    parser.add_argument("--version", action="version", version=f"notesearch {notesearch.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[common])

    add = command("add", _("add folders to be searched"))
    add.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    add.add_argument(
        "--model",
        default=catalogue.LOCAL.identifier,
        help=_("embedding model (default: %(default)s); a remote one waits for your word"),
    )
    remove = command("remove", _("stop searching folders; the notes are untouched"))
    remove.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    index = command("index", _("bring folders up to date and wait; a folder not known yet is added first"))
    index.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    index.add_argument("--json", action="store_true", help=_("print one summary object at the end"))
    index.add_argument(
        "--forget-missing",
        action="store_true",
        help=_("forget notes even when most of a folder has vanished"),
    )
    _add_searches(command)
    add_model_commands(command)
    add_generic_commands(command)
    command("status", _("what is indexed and what waits")).add_argument("--json", action="store_true")
    add_doctor(command)
    return parser


def _add_searches(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    search = command("search", _("search the notes; QUERY - reads a query per line"))
    search.add_argument("query", metavar="QUERY")
    search.add_argument(
        "--limit", type=_limit, default=10, metavar="N", help=_("rows, one per note (default: %(default)s)")
    )
    search.add_argument(
        "--in",
        dest="folder",
        type=Path,
        metavar="FOLDER",
        help=_("only notes at or under FOLDER; indexes it first if need be"),
    )
    search.add_argument("--mode", choices=[str(m) for m in Mode], default=str(Mode.HYBRID))
    search.add_argument(
        "--typing",
        action="store_true",
        help=_("the last word is unfinished, as while one types in the window"),
    )
    search.add_argument("--json", action="store_true", help=_("print JSON, an object per query"))
    similar = command("similar", _("notes near in meaning to a note"))
    similar.add_argument("file", type=Path, metavar="FILE")
    similar.add_argument("--limit", type=_limit, default=10, metavar="N")
    similar.add_argument("--json", action="store_true")


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(_("a number from 1 to 1000"))
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # Bytes that are no valid text are replaced and not refused, so that a query with one such byte still
        # finds notes. Names of files may have such bytes, too.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace" if stream is sys.stdin else SHOWN)
    try:
        options = _parser().parse_args(_with_query_last(arguments))
        data_dir = _data_dir(options)
        _commands()[options.command](data_dir, options)
        sys.stdout.flush()
    except SystemExit as ended:
        return int(ended.code or 0)
    except KeyboardInterrupt:
        print_line("\n" + _("Stopped. What was indexed is kept."), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except NotesearchError as error:
        print_line(f"notesearch: {sentence(error)}", file=sys.stderr)
        return WRONG_USE if isinstance(error, UsageError) else COULD_NOT_RUN
    return DONE


def _with_query_last(arguments: Sequence[str]) -> list[str]:
    """Put "--" before a query that begins with "-" (`search -bus`), so that it is not taken for an option.
    The only option with one dash is -h."""
    given = list(arguments)
    if "search" not in given or "--" in given:
        return given
    for place in range(given.index("search") + 1, len(given)):
        before, argument = given[place - 1], given[place]
        is_value = before.startswith("--") and "=" not in before and before != "--json"
        if (
            argument.startswith("-")
            and not argument.startswith("--")
            and argument not in ("-", "-h")
            and not is_value
        ):
            return [*given[:place], *given[place + 1 :], "--", argument]
    return given


def _data_dir(options: argparse.Namespace) -> Path:
    chosen: Path | None = getattr(options, "data_dir", None)
    return absolute(chosen) if chosen is not None else default_data_dir()


# Commands


def _add(data_dir: Path, options: argparse.Namespace) -> None:
    folders = [absolute(f) for f in options.folders]
    catalogue.model(options.model, load_settings(data_dir)[0].models)
    with _changing(data_dir) as session:
        for folder in folders:
            session.call(ops.add_folder, folder=folder, model=options.model)
    own = isinstance(session, Owner)
    for folder in folders:
        added = _("Added {folder}", folder=folder)
        later = _("It is read when Notesearch runs, or now with: notesearch index")
        print_line(f"{added}. {later}" if own else added)


@contextmanager
def _changing(data_dir: Path) -> Iterator[Owner | HandedOver]:
    """A session for changing folders. An engine opened for it embeds nothing, since the command ends at
    once."""
    with open_session(data_dir) as session:
        _say_weak_lock(session)
        if isinstance(session, Owner):
            session.call(ops.pause)
        yield session


def _say_weak_lock(session: Owner | HandedOver) -> None:
    """Say where only a file keeps other processes from writing."""
    weak = session.weak_lock
    if weak is not None:
        print_line(f"notesearch: {sentence(weak)}", file=sys.stderr)


def _remove(data_dir: Path, options: argparse.Namespace) -> None:
    folders = [absolute(f) for f in options.folders]
    with _changing(data_dir) as session:
        for folder in folders:
            session.call(ops.remove_folder, folder=folder)
    for folder in folders:
        print_line(_("Removed {folder} from the index. Its notes are untouched.", folder=folder))


def _index(data_dir: Path, options: argparse.Namespace) -> None:
    folders = [absolute(f) for f in options.folders]
    report = _reconcile(data_dir, folders, confirmed=options.forget_missing)
    summary, held = asdict(report.summary), report.held
    if options.json:
        print_json(summary)
    else:
        print_line(_summary(report.summary))
        if report.others:
            print_line(others_not_read(report.others))
    for error in report.errors:
        print_line(f"notesearch: {sentence(error)}", file=sys.stderr)
    if held:
        vanished = plural(
            "{n} note has vanished and is kept in the index. Connect the disk it is on, or forget it with: "
            "notesearch index --forget-missing",
            "{n} notes have vanished at once and are kept in the index. Connect the disk they are on, or "
            "forget them with: notesearch index --forget-missing",
            held,
        )
        print_line(f"notesearch: {vanished}", file=sys.stderr)
    if report.refused:
        refused = plural(
            "{n} passage was refused by the model, and is found by words only: notesearch status",
            "{n} passages were refused by the model, and are found by words only: notesearch status",
            report.refused,
        )
        print_line(f"notesearch: {refused}", file=sys.stderr)
    if report.unread_links:
        print_line(f"notesearch: {links_line(len(report.unread_links))}", file=sys.stderr)
        for link in report.unread_links[:LINKS_TOLD]:
            print_line(f"  {harmless_name(link)}", file=sys.stderr)
    if summary["failed"]:
        for problem in report.problems:
            print_line(
                f"notesearch: {harmless_name(problem.path)}: {sentence(problem.what)}", file=sys.stderr
            )
    if report.errors or summary["failed"]:
        raise SystemExit(NOTHING)


def _summary(done: IndexSummary) -> str:
    """What one reconcile did, in a line."""
    notes = _(
        "{added} added, {changed} changed, {moved} moved, {removed} removed, {unchanged} unchanged, "
        "{failed} failed",
        **asdict(done),
    )
    passages = plural(
        "{n} passage embedded, {reused} reused",
        "{n} passages embedded, {reused} reused",
        done.embedded,
        reused=done.reused,
    )
    return _("{notes} ({passages}) in {seconds:.1f} s", notes=notes, passages=passages, seconds=done.seconds)


def _reconcile(data_dir: Path, folders: Sequence[Path], *, confirmed: bool = False) -> ops.IndexReport:
    """Bring folders up to date, in this process or in the owner of the data folder."""
    with open_session(data_dir) as session, _progress_bar() as show:
        _say_weak_lock(session)
        own = isinstance(session, Owner)
        with _stopped_between_looks(show) if own else nullcontext(show) as progress:
            report = session.call(ops.index, folders=tuple(folders), confirmed=confirmed, progress=progress)
    if report.bug:
        raise Bug("bug.indexing", kind=report.bug)
    return report


@contextmanager
def _stopped_between_looks(show: Report) -> Iterator[Report]:
    """Ctrl+C stops the work of this process where the progress is looked at, ten times a second: elsewhere it
    could leave a lock taken. A second Ctrl+C stops it at once."""
    asked = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    def looked_at(progress: Progress) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        show(progress)

    if threading.current_thread() is not threading.main_thread():
        yield show
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield looked_at
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress_bar() -> Iterator[Report]:
    """A bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from tqdm import tqdm

    bar = tqdm(
        total=0,
        file=sys.stderr,
        leave=False,
        bar_format="{desc:<10} {bar:30} {n_fmt}/{total_fmt} {remaining}",
    )

    def show(progress: Progress) -> None:
        if bar.desc != progress.stage:
            bar.reset(progress.total)
            bar.set_description_str(progress.stage, refresh=False)
        bar.total, bar.n = progress.total, progress.done
        bar.refresh()

    try:
        yield show
    finally:
        bar.close()


def _search(data_dir: Path, options: argparse.Namespace) -> None:
    folder = absolute(options.folder) if options.folder is not None else None
    if folder is not None and not _is_indexed(data_dir, folder):
        for error in _reconcile(data_dir, [folder]).errors:
            print_line(f"notesearch: {sentence(error)}", file=sys.stderr)
    stream = options.query == "-"
    found = False
    with reading(data_dir) as session:
        for text in _lines(sys.stdin) if stream else [options.query]:
            query = Query(
                text=text, limit=options.limit, mode=Mode(options.mode), folder=folder, prefix=options.typing
            )
            results = session.call(ops.search, query=query, explain=not stream)
            found = found or bool(results.matches)
            _print_results(results, as_json=options.json)
    if not found:
        raise SystemExit(NOTHING)


def _is_indexed(data_dir: Path, folder: Path) -> bool:
    """Whether any note was read of the searched folder that contains this one. `add` alone reads nothing."""
    with reading(data_dir) as session:
        return bool(session.call(ops.is_searched, path=folder))


def _lines(stream: TextIO) -> Iterable[str]:
    for line in stream:
        yield line.rstrip("\r\n")


def _similar(data_dir: Path, options: argparse.Namespace) -> None:
    with reading(data_dir) as session:
        results = session.call(ops.similar, file=absolute(options.file), limit=options.limit)
    _print_results(results, as_json=options.json)
    if not results.matches:
        raise SystemExit(NOTHING)


def _status(data_dir: Path, options: argparse.Namespace) -> None:
    with reading(data_dir) as session:
        status, problems, sizes = (
            session.call(ops.status),
            session.call(ops.problems),
            session.call(ops.sizes),
        )
    # Where no process owns the data folder nothing is being done, whatever waits.
    state, slowed, memory = str(IndexingState.IDLE), None, sizes.memory_bytes
    if (owner := owner_answers(data_dir, STATE_WITHIN)) is not None:
        try:
            present = owner.call(ops.status)
            state, slowed = str(present.state), present.slowed
            memory = owner.call(ops.sizes).memory_bytes
        except NotesearchError as error:
            print_line(f"notesearch: {sentence(error)}", file=sys.stderr)
    shown = {
        "state": state,
        "documents": {
            "total": status.documents,
            "complete": status.complete,
            "waiting": status.waiting,
            "failed": status.failed,
        },
        "chunks": status.chunks,
        "embedded": status.embedded,
        "folders": [
            {
                "path": str(f.path),
                "model": f.model,
                "documents": f.documents,
                "complete": f.complete,
                "waiting": f.waiting,
                "failed": f.failed,
                "state": str(f.state),
            }
            for f in status.folders
        ],
        "problems": [
            {
                "path": str(p.path),
                "title": title(p.what),
                "hint": hint(p.what),
                "retryable": p.retryable,
            }
            for p in problems
        ],
        "data_dir": str(data_dir),
        "bytes": sizes.bytes,
        "memory_bytes": memory,
    }
    if options.json:
        print_json(shown)
    else:
        _print_status(status, slowed, shown)


def _print_status(status: IndexingStatus, slowed: Slowed | None, shown: Mapping[str, Any]) -> None:
    searchable = plural(
        "{complete:,} of {n:,} note is searchable by words and meaning; {waiting:,} wait, {failed:,} failed",
        "{complete:,} of {n:,} notes are searchable by words and meaning; {waiting:,} wait, "
        "{failed:,} failed",
        status.documents,
        complete=status.complete,
        waiting=status.waiting,
        failed=status.failed,
    )
    print_line(searchable)
    for f in status.folders:
        notes = plural("{n:,} note, {model}", "{n:,} notes, {model}", f.documents, model=f.model)
        waiting = [plural("{n:,} waiting", "{n:,} waiting", f.waiting)] if f.waiting else []
        others = (
            [plural("{n:,} other file not read", "{n:,} other files not read", f.others)] if f.others else []
        )
        links = [links_line(f.unread_links)] if f.unread_links else []
        print_line(f"  {harmless_name(f.path)}  " + ", ".join([notes, *waiting, *others, *links]))
    if slowed is not None:
        print_line(_("Indexing is {slowed}.", slowed=slowed_line(slowed)))
    for problem in shown["problems"][:20]:
        print_line(f"  {harmless_name(problem['path'])}: {problem['title']}. {problem['hint']}".rstrip())
    sizes = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in shown["bytes"].items())
    print_line(_("Index in {folder}: {sizes}", folder=shown["data_dir"], sizes=sizes))


def _commands() -> dict[str, Callable[[Path, argparse.Namespace], None]]:
    """The function that runs each command, by the command's name."""
    return {
        "add": _add,
        "remove": _remove,
        "index": _index,
        "search": _search,
        "similar": _similar,
        "status": _status,
        "doctor": doctor,
        **MODEL_COMMANDS,
        **generic_commands(),
    }


# Printing


def _print_results(results: SearchResults, *, as_json: bool) -> None:
    if as_json:
        elapsed = {k: round(v, 2) for k, v in asdict(results.elapsed).items()}
        searched = {"documents": results.searched, "of": results.of}
        print_json(
            {
                "query": results.query.text,
                "elapsed_ms": elapsed,
                "searched": searched,
                "results": [_match(m) for m in results.matches],
            }
        )
        return
    if results.searched < results.of:
        part = plural(
            "Searched {some:,} of {n:,} note; {waiting:,} wait, {failed:,} failed.",
            "Searched {some:,} of {n:,} notes; {waiting:,} wait, {failed:,} failed.",
            results.of,
            some=results.searched,
            waiting=results.waiting,
            failed=results.failed,
        )
        print_line(part, file=sys.stderr)
    if results.notices:
        print_line(told_together(results.notices), file=sys.stderr)
    bold, dim, plain = (
        ("\033[1m", "\033[2m", "\033[0m")
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        else ("", "", "")
    )
    for match in results.matches:
        day = datetime.fromtimestamp(match.modified).strftime("%Y-%m-%d")
        print(f"{bold}{match.title}{plain}  {dim}{day}  {match.matched_by}{plain}")
        print_line(f"  {harmless_name(match.path)}:{match.best.line}")
        said = sentence(match.problem) if match.problem else _marked(match.best, bold, plain)
        print(f"  {said}\n")
    if not results.matches:
        print_line(_("Nothing found."), file=sys.stderr)


def _marked(passage: Passage, bold: str, plain: str) -> str:
    text, last = "", 0
    for start, end in passage.highlights or ([passage.best_sentence] if passage.best_sentence else []):
        text += passage.snippet[last:start] + bold + passage.snippet[start:end] + plain
        last = end
    return text + passage.snippet[last:]


def _match(match: Match) -> dict[str, Any]:
    common = {
        "path": str(match.path),
        "title": match.title,
        "rank": match.rank,
        "score": round(match.score, 5),
    }
    if not is_text(str(match.path)):
        # The path shows signs of replacement: by this address the file can be opened.
        common["uri"] = match.path.as_uri()
    if match.part:
        common["part"] = match.part
    if match.problem is not None:
        common["problem"] = {"code": match.problem.code, "text": sentence(match.problem)}
    common["modified"] = datetime.fromtimestamp(match.modified).astimezone().isoformat(timespec="seconds")
    return {
        **common,
        **_passage(match.best),
        "passages": [{**common, **_passage(p), "score": round(p.score, 5)} for p in match.passages],
    }


def _passage(passage: Passage) -> dict[str, Any]:
    spans = passage.highlights
    if passage.matched_by is MatchedBy.MEANING and not spans and passage.best_sentence is not None:
        spans = (passage.best_sentence,)
    return {
        "heading": list(passage.heading),
        "line": passage.line,
        "start": passage.start,
        "end": passage.end,
        "snippet": passage.snippet,
        "highlights": [list(span) for span in spans],
        "matched_by": str(passage.matched_by),
    }
