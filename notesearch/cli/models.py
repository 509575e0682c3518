"""The commands about models, providers and keys: models, use, key."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path

from notesearch import catalogue
from notesearch.api import operations as ops
from notesearch.api.sessions import Owner, Session, open_session, tell_owner
from notesearch.cli.common import absolute_path, print_json
from notesearch.config.settings import load_settings
from notesearch.domain import Estimate
from notesearch.errors import KeyringLocked, UsageError

Command = Callable[[Path, argparse.Namespace], None]


def add_model_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Their parsers; `command(name, help)` makes one."""
    use = command(
        "use", "choose the embedding model of a folder; says first what is sent where, and what it costs"
    )
    use.add_argument(
        "model",
        nargs="?",
        metavar="PROVIDER/MODEL",
        help="local/all-minilm-l6-v2, aimlapi/voyage-2, ...; notesearch models lists them",
    )
    use.add_argument(
        "--in", dest="folder", type=Path, metavar="FOLDER", help="of this folder only (default: of all)"
    )
    use.add_argument(
        "--base-url", metavar="URL", default="", help="where the provider is; kept in the settings"
    )
    use.add_argument("--yes", action="store_true", help="the cost, and what is sent, are agreed to")
    use.add_argument(
        "--forget-former",
        action="store_true",
        help="without a model: drop what former models have left, to which nobody goes back",
    )
    key = command(
        "key",
        "set, test or forget the key of a provider; it is read from the terminal or from standard input",
    )
    key.add_argument("action", choices=("set", "test", "forget"))
    key.add_argument(
        "provider", metavar="PROVIDER", help="aimlapi, openai, or the name of a server of your own"
    )
    command("models", "the embedding models").add_argument("--json", action="store_true")


def _models(data_dir: Path, options: argparse.Namespace) -> None:
    models = [
        {
            "model": m.identifier,
            "title": m.title,
            "dimensions": m.dimensions,
            "context": m.context,
            "remote": m.remote,
            "price": m.price,
            "best_for": m.best_for,
            "retired": m.retired,
        }
        for m in (*catalogue.MODELS, *load_settings(data_dir)[0].models)
    ]
    if options.json:
        print_json({"models": models})
        return
    for m in models:
        price = (
            "free, on this computer"
            if not m["remote"]
            else "price unknown"
            if m["price"] is None
            else f"${m['price']:g} per million tokens"
        )
        print(
            f"{m['model']}  {m['title']}, {m['dimensions']} dimensions, {price}"
            + (f" ({m['retired']})" if m["retired"] else "")
        )


# use


def _use(data_dir: Path, options: argparse.Namespace) -> None:
    if options.forget_former:
        _forget_former(data_dir, options)
        return
    provider, _, name = (options.model or "").partition("/")
    if not name:
        raise UsageError("usage.no-model", model=options.model or "")
    # Notes are read here, and what is agreed to is embedded by whoever runs next: an engine that leaves at
    # once would cut its requests off.
    with open_session(data_dir, embed=False) as session:
        session.call(ops.make_known, provider=provider, model=name, base_url=options.base_url)
        estimates = session.call(ops.prepare_models, folders=_folders(session, options), model=options.model)
        unsettled = [e for e in estimates if e.remote and not e.agreed]
        for estimate in estimates:
            print(_told(estimate), file=sys.stderr if unsettled else sys.stdout)
        if unsettled and not (options.yes or _agreed()):
            for estimate in unsettled:
                session.call(ops.cancel_model, folder=estimate.folder)
            print("Nothing was sent, and nothing is changed.", file=sys.stderr)
            raise SystemExit(1)
        for estimate in estimates:
            session.call(ops.agree, folder=estimate.folder)
        if isinstance(session, Owner) and any(not e.complete for e in estimates):
            print("It is embedded when Notesearch runs, or now with: notesearch index")


def _folders(session: Session, options: argparse.Namespace) -> tuple[Path, ...]:
    """The folder that is named, else all."""
    if options.folder is not None:
        return (absolute_path(options.folder),)
    folders = session.call(ops.list_folders)
    if not folders:
        raise UsageError("usage.no-folder")
    return folders


def _forget_former(data_dir: Path, options: argparse.Namespace) -> None:
    if options.model or options.base_url:
        raise UsageError("usage.no-model-here")
    with open_session(data_dir, embed=False) as session:
        forgotten = sum(
            session.call(ops.forget_former, folder=folder) for folder in _folders(session, options)
        )
    print(
        f"{forgotten:,} vectors of former models are forgotten."
        if forgotten
        else "No former model has left anything that nobody needs."
    )


def _told(estimate: Estimate) -> str:
    """What is sent, where, and what it costs."""
    if estimate.complete:
        return f"{estimate.folder} uses {estimate.model_title}; nothing has to be embedded for it."
    passages = f"{estimate.chunks:,} passages of {estimate.notes:,} notes, about {estimate.tokens:,} tokens"
    kept = (
        f" {estimate.held_back:,} passages are held back: private notes, or what looks like a secret."
        if estimate.held_back
        else ""
    )
    again = (
        f" {estimate.reused:,} passages have a vector already and cost nothing." if estimate.reused else ""
    )
    if not estimate.remote:
        return (
            f"{estimate.folder} is to use {estimate.model_title}: {passages}. Nothing leaves this "
            f"computer.{again}"
        )
    cost = "the price is not known" if estimate.usd is None else f"about ${estimate.usd:,.4f}"
    gone = f"\n{estimate.retired}." if estimate.retired else ""
    return (
        f"{estimate.folder} is to use {estimate.model_title}: {passages} are sent to {estimate.host}; "
        f"{cost}.{kept}{again}{gone}"
    )


def _agreed() -> bool:
    """Ask on the terminal. In a pipe nobody can agree."""
    if not sys.stdin.isatty():
        print("Agree to it with --yes.", file=sys.stderr)
        return False
    print("Send it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


# key


def _key(data_dir: Path, options: argparse.Namespace) -> None:
    from notesearch.config.credentials import Credentials, KeyState

    settings = load_settings(data_dir)[0]
    provider = catalogue.provider(options.provider, settings.provider(options.provider).base_url)
    credentials = Credentials()
    if options.action == "forget":
        credentials.forget(provider)
        print(f"The key for {provider.title} is forgotten.")
    elif options.action == "set":
        typed = getpass.getpass(f"Key for {provider.title}: ") if sys.stdin.isatty() else sys.stdin.readline()
        if credentials.set(provider, typed) is not KeyState.STORED:
            raise KeyringLocked("keyring-locked.nowhere-to-keep", variable=provider.key_variable)
        print(f"The key for {provider.title} is in the system's keyring.")
        # A running Notesearch that waits for this key goes on.
        tell_owner(data_dir, ops.retry_providers)
    else:
        _test(data_dir, options.provider)


def _test(data_dir: Path, name: str) -> None:
    """Ask the provider once, with texts of ours, by the model that a folder uses."""
    with open_session(data_dir, embed=False) as session:
        found = session.call(ops.test_provider, provider=name)
    print(
        f"{name} answers: {found.name}, {found.dimensions} dimensions, {found.encoding}, "
        f"{found.items_per_request} texts a request, {found.latency * 1000:.0f} ms, "
        f"vectors {'come' if found.normalised else 'do not come'} normalised."
    )


MODEL_COMMANDS: dict[str, Command] = {"models": _models, "use": _use, "key": _key}
