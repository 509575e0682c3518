"""The sentences about models, keys and money. Plain functions of domain values, no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from notesearch.domain import (
    Estimate,
    Folder,
    HeldBack,
    HeldNote,
    LedgerEntry,
    ModelChoice,
    Outgoing,
    ProviderInfo,
    ProviderTrouble,
    Spent,
)
from notesearch.errors import InsecureAddress, NotesearchError
from notesearch.wording.signs import DOT, count, model_name, provider_title
from notesearch.wording.told import sentence, title
from notesearch.wording.translation import N_, _, plural

if TYPE_CHECKING:
    from notesearch.catalogue import Probe

KEPT = {
    "stored": N_("Stored in your system's keyring"),
    "locked": N_("The keyring is locked"),
    "silent": N_("The keyring does not answer"),
    "absent": N_("No key"),
    "session-only": N_("Kept until Notesearch is quit, not stored"),
}
WHY_HELD = {
    HeldBack.PRIVATE: N_("its note is marked private"),
    HeldBack.SECRET: N_("it looks like a secret (a key, a password, a card number)"),
    HeldBack.REFUSED: N_("the model refused it"),
    HeldBack.KIND: N_("files of its kind were not read yet when you agreed"),
}
WHY_HELD_SHORT = {
    HeldBack.PRIVATE: N_("private"),
    HeldBack.SECRET: N_("looks like a secret"),
    HeldBack.REFUSED: N_("refused by the model"),
    HeldBack.KIND: N_("new kind of file"),
}
PURPOSES = {"documents": N_("notes"), "query": N_("search"), "test": N_("test")}
ENCODINGS = {
    "base64": N_("base64 (compact)"),
    "float": N_("plain numbers"),
    "omit": N_("as the server likes it"),
}


class Remedy(Enum):
    """What the user can do about a model that cannot be used, besides trying again."""

    KEY = "key"
    MODEL = "model"
    SETTINGS = "settings"


def remedy(trouble: ProviderTrouble) -> Remedy | None:
    """What the user can do about a trouble; None where only waiting helps."""
    return Remedy(trouble.remedy) if trouble.remedy else None


def ignored() -> str:
    """The words for a note that an ignore file names."""
    return _(
        "An ignore file names this note, so it is not read: it cannot be found, and nothing of it is sent."
    )


# Money and numbers


def money(usd: float) -> str:
    """A sum before a decision: rounded to cents, or "less than one cent"."""
    if 0 < usd < 0.01:
        return _("less than $0.01")
    return f"${usd:,.2f}"


def exact_money(usd: float) -> str:
    """A sum as it was charged, to the millionth of a dollar."""
    written = f"{usd:,.6f}".rstrip("0")
    whole, _, part = written.partition(".")
    return f"${whole}.{part:0<2}"


def price(choice: ModelChoice) -> str:
    """The price of a model: "$0.02 per million tokens"."""
    if not choice.remote:
        return _("costs nothing")
    if choice.price is None:
        return _("price unknown")
    return _("${price:.2f} per million tokens", price=choice.price)


def spent(sums: Spent) -> str:
    """What requests cost this month, in a sentence."""
    if not sums.requests:
        return _("Nothing was asked this month.")
    counts = (count(sums.requests, "request"), count(sums.texts, "text"), count(sums.tokens, "token"))
    said = ", ".join((*counts, exact_money(sums.usd)))
    if not sums.unpriced:
        return said
    return plural(
        "{spent} and {n:,} request whose price is unknown",
        "{spent} and {n:,} requests whose price is unknown",
        sums.unpriced,
        spent=said,
    )


def used_up(info: ProviderInfo) -> str:
    """The sentence that a provider's budget is used up; "" while something is left."""
    if info.budget and info.spent.usd >= info.budget:
        return _(
            "The month's budget of {budget} is used up. Search goes on; embedding waits for the next month "
            "or a larger budget.",
            budget=money(info.budget),
        )
    if info.token_budget and info.spent.tokens >= info.token_budget:
        return plural(
            "The month's {n:,} token is used up. Search goes on; embedding waits for the next month or "
            "a larger budget.",
            "The month's {n:,} tokens are used up. Search goes on; embedding waits for the next month or "
            "a larger budget.",
            info.token_budget,
        )
    return ""


def beyond_budget(estimate: Estimate, info: ProviderInfo) -> str:
    """The sentence that sending everything would cost more than the budget has left; "" where it does not, or
    the cost is not known."""
    if said := used_up(info):
        return said
    left, tokens_left = info.budget - info.spent.usd, info.token_budget - info.spent.tokens
    if info.budget and estimate.usd is not None and estimate.usd > left:
        return _(
            "This is more than the month's budget has left ({left}). Embedding stops there until it is "
            "raised or the month is over.",
            left=money(left),
        )
    if info.token_budget and estimate.tokens > tokens_left:
        return plural(
            "This is more than the month's {n:,} token that is left. Embedding stops there until it is "
            "raised or the month is over.",
            "This is more than the month's {n:,} tokens that are left. Embedding stops there until it is "
            "raised or the month is over.",
            tokens_left,
        )
    return ""


def ledger_columns() -> tuple[str, ...]:
    """The headings of the ledger's columns."""
    return (
        *(_("Time"), _("Host"), _("Model"), _("For")),
        *(_("Texts"), _("Tokens"), _("Cost"), _("Status")),
    )


def ledger_row(entry: LedgerEntry) -> tuple[str, ...]:
    """The cells of one request, in the order of `ledger_columns`."""
    return (
        datetime.fromtimestamp(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
        host_of(entry.host),
        entry.model.removeprefix(f"{entry.provider}/"),
        _(PURPOSES.get(entry.purpose, entry.purpose)),
        f"{entry.texts:,}",
        _("not said") if entry.tokens is None else f"{entry.tokens:,}",
        _("not said") if entry.usd is None else exact_money(entry.usd),
        str(entry.status) if entry.status else _("none"),
    )


# Models and providers


def host_of(address: str) -> str:
    """The host (and port) of an address that may be one already."""
    return urlsplit(address).netloc if "//" in address else address


def choice_line(choice: ModelChoice) -> str:
    """The line below a model's title in the list of models."""
    if not choice.remote:
        return DOT.join(
            [_(choice.best_for) or _("nothing leaves this computer"), _dimensions(choice.dimensions)]
        )
    where = ", ".join(dict.fromkeys(filter(None, [choice.provider_title, host_of(choice.host)])))
    return DOT.join(filter(None, [_(choice.best_for), where, _dimensions(choice.dimensions)]))


def _dimensions(number: int) -> str:
    return plural("{n:,} dimension", "{n:,} dimensions", number)


def choice_sentence(choice: ModelChoice, *, present: bool) -> str:
    """A row of the list for a screen reader."""
    parts = [
        choice.title,
        _("in use") if present else "",
        choice_line(choice),
        price(choice),
        _(choice.retired),
    ]
    return ", ".join(filter(None, parts))


def key_state(info: ProviderInfo) -> str:
    """The state of a provider's key in words."""
    if info.key_source == "environment":
        return _("From the environment variable {variable}, not stored", variable=info.key_variable)
    if info.key_state == "absent" and not info.needs_key:
        return _("No key; this server may need none")
    return _(KEPT.get(info.key_state, info.key_state))


def key_hint(info: ProviderInfo) -> str:
    """What the state of a provider's key means for the user, in a sentence."""
    if info.key_state == "locked":
        return _("Unlock it (your system asks for its password), then look again.")
    if info.key_state == "silent":
        return _("It may wait for your password in a window of its own. Then look again.")
    if info.key_state == "session-only" and info.key_source == "environment":
        return _("A key that you set here goes before it.")
    if not info.has_keyring:
        return _(
            "There is no keyring on this computer, so a key is kept until Notesearch is quit and never "
            "written to a file."
        )
    return ""


def key_kept(state: str) -> str:
    """The sentence that a typed key was stored, and where."""
    if state == "stored":
        return _("The key is in the keyring")
    return _("The key is kept until Notesearch is quit")


def key_trouble(info: ProviderInfo) -> bool:
    """Whether this provider cannot be used because its key is missing or locked."""
    return info.keyring_closed or (info.needs_key and info.key_state == "absent")


# Before anything is sent


def consent_title(estimate: Estimate) -> str:
    """The question before a folder's model is used."""
    name = estimate.folder.name
    if not estimate.remote:
        return _("Use the model on this computer for {folder}?", folder=name)
    if not estimate.chunks:
        return _("Use {model} for {folder}?", model=model_name(estimate.model), folder=name)
    return _("Send {folder} to {host}?", folder=name, host=host_of(estimate.host))


def consent_rows(estimate: Estimate) -> list[tuple[str, str]]:
    """What will be sent, where, and what it costs: (name, words)."""
    sign, dimensions = estimate.model.rpartition("#")[1:]
    chosen = sign and dimensions.isdecimal()
    model = ", ".join([estimate.model_title, *([_dimensions(int(dimensions))] if chosen else [])])
    rows = [(_("Model"), model)]
    if estimate.retired:
        rows.append((_("Beware"), _(estimate.retired)))
    passages, notes = count(estimate.chunks, "passage"), count(estimate.notes)
    if not estimate.remote:
        embedded = _("Everything is embedded already")
        if estimate.chunks:
            embedded = _("{passages} of {notes} to embed", passages=passages, notes=notes)
        return [*rows, (_("Work"), embedded), (_("Cost"), _("Nothing. No text leaves this computer."))]
    rows.append((_("Goes to"), estimate.host))
    if estimate.chunks:
        sent = plural(
            "{passages} of {notes}, {n:,} character",
            "{passages} of {notes}, {n:,} characters",
            estimate.characters,
            passages=passages,
            notes=notes,
        )
        counted = _(
            "About {tokens:,}, counted here; the provider's own count differs by some percent",
            tokens=estimate.tokens,
        )
        rows += [(_("Is sent"), sent), (_("Tokens"), counted)]
    else:
        rows.append((_("Is sent"), _("Nothing now: every passage is embedded already")))
    rows.append((_("Cost"), cost(estimate)))
    if estimate.reused:
        reused = plural(
            "{n:,} passage embedded before, at no cost",
            "{n:,} passages embedded before, at no cost",
            estimate.reused,
        )
        rows.append((_("Reused"), reused))
    rows.append((_("Stays here"), held_back(estimate.held_back)))
    return rows


def cost(estimate: Estimate) -> str:
    """What the folder costs, as far as it is known."""
    if not estimate.chunks:
        return _("Nothing")
    if estimate.usd is None:
        return _(
            "The price is not known. Look it up at the provider, or set a monthly budget in tokens in the "
            "settings."
        )
    if 0 < estimate.usd < 0.01:
        return _("Less than $0.01")
    return _("About {sum}", sum=money(estimate.usd)) if estimate.usd else money(0)


def held_back(passages: int) -> str:
    """How many passages stay on this computer, and why."""
    if not passages:
        return _("Nothing is held back: no private note, nothing that looks like a secret")
    return plural(
        "{n:,} passage: private notes, and what looks like a secret",
        "{n:,} passages: private notes, and what looks like a secret",
        passages,
    )


def afterwards(estimate: Estimate) -> str:
    """What agreeing means for the time after that, in a sentence."""
    if not estimate.remote:
        return ""
    return _(
        "From then on new and changed passages of {folder} are sent there too, and what you type in the "
        "search field. The present index answers until the new one is complete.",
        folder=estimate.folder.name,
    )


# What is sent of a note


def outgoing_heading(number: int, passage: Outgoing) -> str:
    """The heading above a passage."""
    if passage.held_back is not None:
        state = _("held back: {why}", why=_(WHY_HELD[passage.held_back]))
    else:
        state = _("sent before") if passage.sent else _("to be sent")
    return DOT.join([_("Passage {number:,}", number=number), _("line {line:,}", line=passage.line), state])


def outgoing_summary(passages: Sequence[Outgoing], to: str) -> str:
    """How much of a note is sent to whom, in one line. `to`: the provider."""
    if not passages:
        return _("Nothing of this note is sent: it has no text.")
    held, sent = sum(p.held_back is not None for p in passages), sum(p.sent for p in passages)
    parts = [
        _("{passages:,} to be sent", passages=len(passages) - held - sent),
        _("{passages:,} sent before", passages=sent) if sent else "",
        _("{passages:,} held back", passages=held) if held else "",
    ]
    number, states = count(len(passages), "passage"), ", ".join(filter(None, parts))
    if to:
        return _("{passages} for {model}: {states}.", passages=number, model=to, states=states)
    return f"{number}: {states}."


def why_held(note: HeldNote) -> str:
    """Which passages of a note are held back, and why, in a few words."""
    if note.ignored:
        return _("ignored: not read, not sent")
    return f"{count(note.passages, 'passage')}: {', '.join(_(WHY_HELD_SHORT[why]) for why in note.reasons)}"


def allow_question(note: str, to: str, passages: Iterable[Outgoing]) -> tuple[str, str]:
    """The question before passages that are held back are sent, and what the answer means."""
    held = [p.held_back for p in passages if p.held_back is not None]
    reasons = [
        _("{passages:,} because {why}", passages=held.count(why), why=_(WHY_HELD[why]))
        for why in HeldBack
        if why in held
    ]
    question = plural(
        "Send {n:,} passage of {note} as well?",
        "Send {n:,} passages of {note} as well?",
        len(held),
        note=note,
    )
    return question, _(
        "Held back: {reasons}. They go to {model} with the next requests. What was sent cannot be called "
        "back.",
        reasons="; ".join(reasons),
        model=to,
    )


# A server that was tested


def probe_sentences(found: Probe) -> list[tuple[str, str]]:
    """What a test of a server found, as (name, words)."""
    most = f"{found.items_per_request:,}"
    if found.items_per_request >= 128:
        most = _("{texts:,} or more", texts=found.items_per_request)
    normalised = _("of length one") if found.normalised else _("of any length; they are normalised here")
    tokens = _("counted by the server") if found.tokens_reported else _("not counted by the server")
    return [
        (_("Answers within"), _("{milliseconds:,.0f} ms", milliseconds=found.latency * 1000)),
        (_("Dimensions"), f"{found.dimensions:,}"),
        (_("Numbers arrive"), _(ENCODINGS[found.encoding])),
        (_("Reads of a text"), _context(found)),
        (_("Texts a request"), most),
        (_("Vectors"), normalised),
        (_("Instruction"), _instruction(found)),
        (_("Tokens"), tokens),
    ]


def _context(found: Probe) -> str:
    if found.context >= 2048:
        return _("{tokens:,} tokens or more", tokens=found.context)
    return _("about {tokens:,} tokens", tokens=found.context)


def _instruction(found: Probe) -> str:
    """What a server likes to read before a text."""
    query, document = (
        f"\N{LEFT DOUBLE QUOTATION MARK}{text.strip()}\N{RIGHT DOUBLE QUOTATION MARK}"
        for text in (found.query_instruction, found.document_instruction)
    )
    if found.query_instruction and found.document_instruction:
        return _("{query} before queries and {document} before passages", query=query, document=document)
    if found.query_instruction:
        return _("{query} before queries", query=query)
    if found.document_instruction:
        return _("{document} before passages", document=document)
    return _("none helps")


# Troubles


def trouble_title(trouble: ProviderTrouble) -> str:
    """Why a model cannot be used, with the name of its provider."""
    provider, said = provider_title(trouble.provider), title(trouble.what)
    return said if provider in dict(trouble.what.params).values() else f"{provider}: {said}"


def forget_former(folder: Folder) -> str:
    """The text of the command that deletes the indexes of former models; "" where there are none."""
    former = {*folder.former_models, folder.previous_model} - {""}
    if not former:
        return ""
    return plural("Forget the former index", "Forget the {n} former indexes", len(former))


def switched(folder: Folder) -> tuple[str, str]:
    """The message when a folder's new index is complete."""
    return (
        _("{folder} now uses {model}", folder=folder.path.name, model=model_name(folder.model)),
        _(
            "The index of {model} is kept, so that going back costs nothing.",
            model=model_name(folder.previous_model),
        ),
    )


def unencrypted_host(url: str) -> str:
    """The host of an address in the user's own network that is asked without encryption where the user allows
    it; "" for any other address."""
    from notesearch import catalogue

    try:
        catalogue.checked_url(url)
    except InsecureAddress as error:
        return str(error.params.get("host") or "")
    except NotesearchError:
        pass
    return ""


def address_problem(url: str, plain_http: str = "") -> str:
    """Why `url` can be no base URL; "" for a good one. `plain_http`: the host that the user allowed to be
    asked without encryption."""
    from notesearch import catalogue

    try:
        catalogue.checked_url(url, plain_http=plain_http)
    except NotesearchError as error:
        return sentence(error)
    return ""
