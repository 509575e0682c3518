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
from notesearch.errors import NotesearchError
from notesearch.wording.signs import DOT, count, model_name, provider_title
from notesearch.wording.told import sentence, title

if TYPE_CHECKING:
    from notesearch.catalogue import Probe

UNKNOWN_PRICE = "The price is not known"
STAYS = "nothing leaves this computer"
KEPT = {
    "stored": "Stored in your system's keyring",
    "locked": "The keyring is locked",
    "absent": "No key",
    "session-only": "Kept until Notesearch is quit, not stored",
}
WHY_HELD = {
    HeldBack.PRIVATE: "its note is marked private",
    HeldBack.SECRET: "it looks like a secret (a key, a password, a card number)",
    HeldBack.REFUSED: "the model refused it",
}
WHY_HELD_SHORT = {
    HeldBack.PRIVATE: "private",
    HeldBack.SECRET: "looks like a secret",
    HeldBack.REFUSED: "refused by the model",
}
IGNORED = "An ignore file names this note, so it is not read: it cannot be found, and nothing of it is sent."
PURPOSES = {"documents": "notes", "query": "search", "test": "test"}
LEDGER_COLUMNS = ("Time", "Host", "Model", "For", "Texts", "Tokens", "Cost", "Status")


class Remedy(Enum):
    """What the user can do about a trouble, besides asking again."""

    KEY = "key"
    MODEL = "model"
    SETTINGS = "settings"


def remedy(trouble: ProviderTrouble) -> Remedy | None:
    """None where waiting is all."""
    return Remedy(trouble.remedy) if trouble.remedy else None


# Money and numbers


def money(usd: float) -> str:
    """A sum for a person who decides: cents, or that it is less than one."""
    if 0 < usd < 0.01:
        return "less than $0.01"
    return f"${usd:,.2f}"


def exact_money(usd: float) -> str:
    """A sum as it was charged, to the millionth of a dollar."""
    written = f"{usd:,.6f}".rstrip("0")
    whole, _, part = written.partition(".")
    return f"${whole}.{part:0<2}"


def price(choice: ModelChoice) -> str:
    if not choice.remote:
        return "costs nothing"
    return "price unknown" if choice.price is None else f"${choice.price:.2f} per million tokens"


def spent(sums: Spent) -> str:
    """This month's meter."""
    if not sums.requests:
        return "Nothing was asked this month."
    said = (
        f"{count(sums.requests, 'request')}, {count(sums.texts, 'text')}, {count(sums.tokens, 'token')}, "
        f"{exact_money(sums.usd)}"
    )
    if sums.unpriced:
        said += f" and {count(sums.unpriced, 'request')} whose price is unknown"
    return said


def used_up(info: ProviderInfo) -> str:
    """That a budget is reached, or "" while something is left."""
    if info.budget and info.spent.usd >= info.budget:
        return (
            f"The month's budget of {money(info.budget)} is used up. Search goes on; embedding waits for "
            "the next month or a larger budget."
        )
    if info.token_budget and info.spent.tokens >= info.token_budget:
        return (
            f"The month's {info.token_budget:,} tokens are used up. Search goes on; embedding waits for "
            "the next month or a larger budget."
        )
    return ""


def beyond_budget(estimate: Estimate, info: ProviderInfo) -> str:
    """That what is to be sent is more than a budget has left; "" where it is not, or nobody knows."""
    if said := used_up(info):
        return said
    left, tokens_left = info.budget - info.spent.usd, info.token_budget - info.spent.tokens
    if info.budget and estimate.usd is not None and estimate.usd > left:
        return (
            f"This is more than the month's budget has left ({money(left)}). Embedding stops there until "
            "it is raised or the month is over."
        )
    if info.token_budget and estimate.tokens > tokens_left:
        return (
            f"This is more than the month's {tokens_left:,} tokens that are left. Embedding stops there "
            "until it is raised or the month is over."
        )
    return ""


def ledger_row(entry: LedgerEntry) -> tuple[str, ...]:
    """The cells of one request, in the order of LEDGER_COLUMNS."""
    return (
        datetime.fromtimestamp(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
        host_of(entry.host),
        entry.model.removeprefix(f"{entry.provider}/"),
        PURPOSES.get(entry.purpose, entry.purpose),
        f"{entry.texts:,}",
        "not said" if entry.tokens is None else f"{entry.tokens:,}",
        "not said" if entry.usd is None else exact_money(entry.usd),
        str(entry.status) if entry.status else "none",
    )


# Models and providers


def host_of(address: str) -> str:
    """The host (and port) of an address that may be one already."""
    return urlsplit(address).netloc if "//" in address else address


def choice_line(choice: ModelChoice) -> str:
    """What is under a model's title in the list."""
    if not choice.remote:
        return DOT.join(filter(None, [choice.best_for or STAYS, f"{choice.dimensions:,} dimensions"]))
    where = ", ".join(dict.fromkeys(filter(None, [choice.provider_title, host_of(choice.host)])))
    return DOT.join(filter(None, [choice.best_for, where, f"{choice.dimensions:,} dimensions"]))


def choice_sentence(choice: ModelChoice, *, present: bool) -> str:
    """A row of the list for a screen reader."""
    parts = [choice.title, "in use" if present else "", choice_line(choice), price(choice), choice.retired]
    return ", ".join(filter(None, parts))


def key_state(info: ProviderInfo) -> str:
    """The state of a provider's key in words."""
    if info.key_source == "environment":
        return f"From the environment variable {info.key_variable}, not stored"
    said = KEPT.get(info.key_state, info.key_state)
    if info.key_state == "absent" and not info.needs_key:
        said += "; this server may need none"
    return said


def key_hint(info: ProviderInfo) -> str:
    """What follows from that state."""
    if info.key_state == "locked":
        return "Unlock it (your system asks for its password), then look again."
    if info.key_state == "session-only" and info.key_source == "environment":
        return "A key that you set here goes before it."
    if not info.has_keyring:
        return (
            "There is no keyring on this computer, so a key is kept until Notesearch is quit and never "
            "written to a file."
        )
    return ""


def key_kept(state: str) -> str:
    """What became of a key that was typed."""
    if state == "stored":
        return "The key is in the keyring"
    return "The key is kept until Notesearch is quit"


def key_trouble(info: ProviderInfo) -> bool:
    """Whether this provider cannot be asked for want of a key."""
    return info.key_state == "locked" or (info.needs_key and info.key_state == "absent")


# Before anything is sent


def consent_title(estimate: Estimate) -> str:
    name = estimate.folder.name
    if not estimate.remote:
        return f"Use the model on this computer for {name}?"
    if not estimate.chunks:
        return f"Use {model_name(estimate.model)} for {name}?"
    return f"Send {name} to {host_of(estimate.host)}?"


def consent_rows(estimate: Estimate) -> list[tuple[str, str]]:
    """What will be sent, where, and what it costs: (name, words)."""
    _, chosen, dimensions = estimate.model.rpartition("#")
    rows = [
        (
            "Model",
            f"{estimate.model_title}, {int(dimensions):,} dimensions"
            if chosen and dimensions.isdecimal()
            else estimate.model_title,
        )
    ]
    if estimate.retired:
        rows.append(("Beware", estimate.retired))
    if not estimate.remote:
        embedded = (
            f"{count(estimate.chunks, 'passage')} of {count(estimate.notes)} to embed"
            if estimate.chunks
            else "Everything is embedded already"
        )
        return [*rows, ("Work", embedded), ("Cost", "Nothing. No text leaves this computer.")]
    rows.append(("Goes to", estimate.host))
    if estimate.chunks:
        rows.append(
            (
                "Is sent",
                f"{count(estimate.chunks, 'passage')} of {count(estimate.notes)}, {estimate.characters:,} "
                "characters",
            )
        )
        rows.append(
            (
                "Tokens",
                f"About {estimate.tokens:,}, counted here; the provider's own count differs by some percent",
            )
        )
    else:
        rows.append(("Is sent", "Nothing now: every passage is embedded already"))
    rows.append(("Cost", cost(estimate)))
    if estimate.reused:
        rows.append(("Reused", f"{count(estimate.reused, 'passage')} embedded before, at no cost"))
    rows.append(("Stays here", held_back(estimate.held_back)))
    return rows


def cost(estimate: Estimate) -> str:
    if not estimate.chunks:
        return "Nothing"
    if estimate.usd is None:
        return (
            f"{UNKNOWN_PRICE}. Look it up at the provider, or set a monthly budget in tokens in the settings."
        )
    return (
        f"{money(estimate.usd)[:1].upper()}{money(estimate.usd)[1:]}"
        if estimate.usd < 0.01
        else f"About {money(estimate.usd)}"
    )


def held_back(passages: int) -> str:
    if not passages:
        return "Nothing is held back: no private note, nothing that looks like a secret"
    return f"{count(passages, 'passage')}: private notes, and what looks like a secret"


def afterwards(estimate: Estimate) -> str:
    """What agreeing means from then on."""
    if not estimate.remote:
        return ""
    return (
        f"From then on new and changed passages of {estimate.folder.name} are sent there too, and what you "
        "type in the search field. "
        "The present index answers until the new one is complete."
    )


# What is sent of a note


def outgoing_heading(number: int, passage: Outgoing) -> str:
    """What stands above a passage."""
    held = f"held back: {WHY_HELD[passage.held_back]}" if passage.held_back is not None else ""
    state = held or ("sent before" if passage.sent else "to be sent")
    return DOT.join([f"Passage {number:,}", f"line {passage.line:,}", state])


def outgoing_summary(passages: Sequence[Outgoing], to: str) -> str:
    if not passages:
        return "Nothing of this note is sent: it has no text."
    held, sent = sum(p.held_back is not None for p in passages), sum(p.sent for p in passages)
    parts = [
        f"{len(passages) - held - sent:,} to be sent",
        f"{sent:,} sent before" if sent else "",
        f"{held:,} held back" if held else "",
    ]
    goes = f" for {to}" if to else ""
    return f"{count(len(passages), 'passage')}{goes}: {', '.join(filter(None, parts))}."


def why_held(note: HeldNote) -> str:
    """What of a note stays here, and why, in a few words."""
    if note.ignored:
        return "ignored: not read, not sent"
    return f"{count(note.passages, 'passage')}: {', '.join(WHY_HELD_SHORT[why] for why in note.reasons)}"


def allow_question(note: str, to: str, passages: Iterable[Outgoing]) -> tuple[str, str]:
    """The question before held-back passages are let go, and what it means."""
    held = [p.held_back for p in passages if p.held_back is not None]
    reasons = [f"{held.count(why):,} because {WHY_HELD[why]}" for why in HeldBack if why in held]
    title = f"Send {count(len(held), 'passage')} of {note} as well?"
    return (
        title,
        f"Held back: {'; '.join(reasons)}. They go to {to} with the next requests. What was sent cannot be "
        "called back.",
    )


# A server that was tested


def probe_sentences(found: Probe) -> list[tuple[str, str]]:
    """What a test found: (name, words)."""
    encoding = {"base64": "base64 (compact)", "float": "plain numbers", "omit": "as the server likes it"}[
        found.encoding
    ]
    instruction = "none helps"
    if found.query_instruction or found.document_instruction:
        instruction = " and ".join(
            f"\N{LEFT DOUBLE QUOTATION MARK}{text.strip()}\N{RIGHT DOUBLE QUOTATION MARK} before {what}"
            for text, what in ((found.query_instruction, "queries"), (found.document_instruction, "passages"))
            if text
        )
    return [
        ("Answers within", f"{found.latency * 1000:,.0f} ms"),
        ("Dimensions", f"{found.dimensions:,}"),
        ("Numbers arrive", encoding),
        (
            "Texts a request",
            f"{found.items_per_request:,} or more"
            if found.items_per_request >= 128
            else f"{found.items_per_request:,}",
        ),
        ("Vectors", "of length one" if found.normalised else "of any length; they are normalised here"),
        ("Instruction", instruction),
        ("Tokens", "counted by the server" if found.tokens_reported else "not counted by the server"),
    ]


# Troubles


def trouble_title(trouble: ProviderTrouble) -> str:
    """What a model waits for, with the name of its provider."""
    provider, said = provider_title(trouble.provider), title(trouble.what)
    return said if provider in dict(trouble.what.params).values() else f"{provider}: {said}"


def forget_former(folder: Folder) -> str:
    """What drops the former models' indexes; "" where there are none."""
    former = {*folder.former_models, folder.previous_model} - {""}
    if len(former) > 1:
        return f"Forget the {len(former)} former indexes"
    return "Forget the former index" if former else ""


def switched(folder: Folder) -> tuple[str, str]:
    """The message when a folder's new index is complete."""
    title = f"{folder.path.name} now uses {model_name(folder.model)}"
    return (
        title,
        f"The index of {model_name(folder.previous_model)} is kept, so that going back costs nothing.",
    )


def address_problem(url: str) -> str:
    """Why `url` can be no base URL; "" for a good one."""
    from notesearch import catalogue

    try:
        catalogue.checked_url(url)
    except NotesearchError as error:
        return sentence(error)
    return ""
