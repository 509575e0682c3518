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
from notesearch.catalogue import EmbeddingModel
from notesearch.cli.common import print_json, print_line
from notesearch.config.paths import absolute
from notesearch.config.settings import load_settings
from notesearch.domain import Estimate
from notesearch.errors import InsecureAddress, KeyringLocked, UsageError
from notesearch.wording.signs import count
from notesearch.wording.told import sentence
from notesearch.wording.translation import _, plural

Command = Callable[[Path, argparse.Namespace], None]


def add_model_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Make the parsers of these commands. `command(name, help)` makes an empty parser."""
    use = command(
        "use", _("choose the embedding model of a folder; says first what is sent where, and what it costs")
    )
    use.add_argument(
        "model",
        nargs="?",
        metavar="PROVIDER/MODEL",
        help=_("local/all-minilm-l6-v2, aimlapi/voyage-2, ...; notesearch models lists them"),
    )
    use.add_argument(
        "--in", dest="folder", type=Path, metavar="FOLDER", help=_("of this folder only (default: of all)")
    )
    use.add_argument(
        "--base-url", metavar="URL", default="", help=_("where the provider is; kept in the settings")
    )
    use.add_argument(
        "--plain-http",
        action="store_true",
        help=_("this address, in your own network, may be asked without encryption; kept in the settings"),
    )
    use.add_argument("--yes", action="store_true", help=_("the cost, and what is sent, are agreed to"))
    use.add_argument(
        "--forget-former",
        action="store_true",
        help=_("without a model: drop what former models have left, to which nobody goes back"),
    )
    key = command(
        "key",
        _("set, test or forget the key of a provider; it is read from the terminal or from standard input"),
    )
    key.add_argument("action", choices=("set", "test", "forget"))
    key.add_argument(
        "provider", metavar="PROVIDER", help=_("aimlapi, openai, or the name of a server of your own")
    )
    command("models", _("the embedding models")).add_argument("--json", action="store_true")


def _models(data_dir: Path, options: argparse.Namespace) -> None:
    known = (*catalogue.MODELS, *load_settings(data_dir)[0].models)
    if options.json:
        names = ("title", "dimensions", "context", "remote", "price", "best_for", "retired")
        told = [{"model": m.identifier, **{name: getattr(m, name) for name in names}} for m in known]
        print_json({"models": told})
        return
    for model in known:
        print_line(_model_line(model))


def _model_line(model: EmbeddingModel) -> str:
    if not model.remote:
        price = _("free, on this computer")
    elif model.price is None:
        price = _("price unknown")
    else:
        price = _("${price:g} per million tokens", price=model.price)
    facts = plural(
        "{title}, {n} dimension, {price}",
        "{title}, {n} dimensions, {price}",
        model.dimensions,
        title=model.title,
        price=price,
    )
    return f"{model.identifier}  {facts}" + (f" ({_(model.retired)})" if model.retired else "")


# use


def _use(data_dir: Path, options: argparse.Namespace) -> None:
    if options.forget_former:
        _forget_former(data_dir, options)
        return
    provider, name = (*(options.model or "").split("/", 1), "")[:2]
    if not name:
        raise UsageError("usage.no-model", model=options.model or "")
    # Notes are read here. What the user agrees to is embedded by the next process that stays: this one ends
    # at once and would cut its requests off.
    with open_session(data_dir, embed=False) as session:
        _make_known(session, provider, name, options)
        estimates = session.call(ops.prepare_models, folders=_folders(session, options), model=options.model)
        unsettled = [e for e in estimates if e.remote and not e.agreed]
        for estimate in estimates:
            print_line(_told(estimate), file=sys.stderr if unsettled else sys.stdout)
        if unsettled and not (options.yes or _agreed()):
            for estimate in unsettled:
                session.call(ops.cancel_model, folder=estimate.folder)
            print_line(_("Nothing was sent, and nothing is changed."), file=sys.stderr)
            raise SystemExit(1)
        for estimate in estimates:
            session.call(ops.agree, folder=estimate.folder)
        if isinstance(session, Owner) and any(not e.complete for e in estimates):
            print_line(_("It is embedded when Notesearch runs, or now with: notesearch index"))


def _make_known(session: Session, provider: str, name: str, options: argparse.Namespace) -> None:
    """Make the model known. For an address in the user's own network that is not encrypted, the user is asked
    once."""

    def known(plain_http: bool) -> None:
        session.call(
            ops.make_known, provider=provider, model=name, base_url=options.base_url, plain_http=plain_http
        )

    try:
        known(options.plain_http)
    except InsecureAddress as error:
        if error.code != "insecure-address.home" or not sys.stdin.isatty():
            raise
        print_line(sentence(error), file=sys.stderr)
        if not _yes(_("Allow it for this address? [y/N]")):
            raise
        known(True)


def _folders(session: Session, options: argparse.Namespace) -> tuple[Path, ...]:
    """The folder that the command names, else all."""
    if options.folder is not None:
        return (absolute(options.folder),)
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
    if not forgotten:
        print_line(_("No former model has left anything that nobody needs."))
        return
    print_line(
        plural(
            "{n:,} vector of former models is forgotten.",
            "{n:,} vectors of former models are forgotten.",
            forgotten,
        )
    )


def _told(estimate: Estimate) -> str:
    """What is sent, where, and what it costs."""
    if estimate.complete:
        return _(
            "{folder} uses {model}; nothing has to be embedded for it.",
            folder=estimate.folder,
            model=estimate.model_title,
        )
    named = {"folder": estimate.folder, "model": estimate.model_title, "passages": _passages(estimate)}
    if not estimate.remote:
        told = [_("{folder} is to use {model}: {passages}. Nothing leaves this computer.", **named)]
    else:
        cost = _("the price is not known")
        if estimate.usd is not None:
            cost = _("about ${usd:,.4f}", usd=estimate.usd)
        told = [
            _(
                "{folder} is to use {model}: {passages} are sent to {host}; {cost}.",
                **named,
                host=estimate.host,
                cost=cost,
            )
        ]
        if estimate.held_back:
            told.append(_held_back(estimate.held_back))
    if estimate.reused:
        told.append(
            plural(
                "{n:,} passage has a vector already and costs nothing.",
                "{n:,} passages have a vector already and cost nothing.",
                estimate.reused,
            )
        )
    gone = f"\n{_(estimate.retired)}." if estimate.remote and estimate.retired else ""
    return " ".join(told) + gone


def _passages(estimate: Estimate) -> str:
    """How much there is to be embedded, in words."""
    return _(
        "{passages} of {notes}, about {tokens}",
        passages=count(estimate.chunks, "passage"),
        notes=count(estimate.notes),
        tokens=count(estimate.tokens, "token"),
    )


def _held_back(passages: int) -> str:
    return plural(
        "{n:,} passage is held back: private notes, or what looks like a secret.",
        "{n:,} passages are held back: private notes, or what looks like a secret.",
        passages,
    )


def _agreed() -> bool:
    """Ask the user on the terminal. In a pipe the answer is no."""
    if not sys.stdin.isatty():
        print_line(_("Agree to it with --yes."), file=sys.stderr)
        return False
    return _yes(_("Send it? [y/N]"))


def _yes(question: str) -> bool:
    """Ask the user on the terminal."""
    print(question, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


# key


def _key(data_dir: Path, options: argparse.Namespace) -> None:
    from notesearch.config.credentials import Credentials, KeyState

    settings = load_settings(data_dir)[0]
    provider = settings.provider_at(options.provider)
    credentials = Credentials()
    if options.action == "forget":
        credentials.forget(provider)
        print_line(_("The key for {provider} is forgotten.", provider=provider.title))
    elif options.action == "set":
        asked = _("Key for {provider}:", provider=provider.title)
        typed = getpass.getpass(f"{asked} ") if sys.stdin.isatty() else sys.stdin.readline()
        if credentials.set(provider, typed) is not KeyState.STORED:
            raise KeyringLocked("keyring-locked.nowhere-to-keep", variable=provider.key_variable)
        print_line(_("The key for {provider} is in the system's keyring.", provider=provider.title))
        # A running Notesearch that waits for this key is told.
        tell_owner(data_dir, ops.retry_providers)
    else:
        _test(data_dir, options.provider)


def _test(data_dir: Path, name: str) -> None:
    """Test the provider once with built-in texts, by a model that a folder uses."""
    with open_session(data_dir, embed=False) as session:
        found = session.call(ops.test_provider, provider=name)
    facts = [
        found.name,
        plural("{n} dimension", "{n} dimensions", found.dimensions),
        found.encoding,
        plural("{n} text a request", "{n} texts a request", found.items_per_request),
        _("{milliseconds:.0f} ms", milliseconds=found.latency * 1000),
        _("vectors come normalised") if found.normalised else _("vectors do not come normalised"),
    ]
    print_line(_("{provider} answers: {facts}.", provider=name, facts=", ".join(facts)))


MODEL_COMMANDS: dict[str, Command] = {"models": _models, "use": _use, "key": _key}
