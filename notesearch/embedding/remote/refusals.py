"""Turns the HTTP status of a reply into an error for the user. Pure.

A server may repeat in its message what it was sent. So only words of a list of technical terms are shown of a
message, and not even those where several in a row occur in a text that was sent. Where only built-in texts
were ever sent, the message is shown whole.
"""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from notesearch.catalogue import EmbeddingModel, Provider, alternatives
from notesearch.errors import (
    KeyRefused,
    ModelGone,
    OutOfCredits,
    ProviderBusy,
    ProviderError,
    ProviderFailed,
    RedirectRefused,
    RequestRefused,
)

LONGEST_MESSAGE = 240
LONGEST_WHOLE = 500
NO_HINT_PAUSE = 60.0  # seconds to wait for a provider that is busy and does not say how long

_WORD = re.compile(r"[^\W_]+(?:[_.-][^\W_]+)*", re.UNICODE)
_CREDIT = re.compile(r"credit|balance|quota|billing|payment|top.?up|insufficient", re.IGNORECASE)
_OF_THEIR_OWN = (401, 402, 403, 404, 408, 409, 425, 429)
_TOO_MANY = re.compile(
    r"too many|too large|batch|at most|maximum|exceed|limit|instances|items|inputs|array", re.IGNORECASE
)
# What servers say of a size with a status of 500 and above. Words about load are not among them: smaller
# requests would be more.
_TOO_LARGE = re.compile(
    r"too (?:large|long|big)|too many (?:inputs|items|texts|tokens|instances)|batch size"
    r"|maximum (?:batch|context|input|sequence|length)|context (?:length|size|window)"
    r"|exceeds? (?:the )?(?:max|context|limit|batch)",
    re.IGNORECASE,
)
# A number of tokens in a message, and no status.
_NUMBER = re.compile(r"(?<![\w.])(?!(?:40\d|413|42[29]|50[0-4])\b(?! token))(\d{2,6})(?![\w])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\s]+")
_TRADE = frozenset(
    """a about above all allowed an and any api are array at auto_truncate bad base64 batch be been below between body boolean but by cannot
    character characters contact context could current default dimension dimensions do document does either embed
    embedding embeddings empty encoding
    encoding_format endpoint enum error errors exceed exceeded exceeds expected extra failed few field fields
    float following for format found
    from greater had has have header https in increase index inference input input_type inputs instance instances
    instead integer internal invalid is
    it item items json key large least length less limit limited long longer make many max maximum maxitems
    maxlength may message min minimum
    missing model models more most must no non not null number object of one only or out over parameter
    parameters parse per permitted physical please process
    positive property provided query range rate reached received reduce refused request requested requests
    required response
    retrieval_document retrieval_query schema see seems sequence server service shorter should single size
    small some something string strings
    support supported task_type text texts than that the there this title to token tokens too truncate try
    type unexpected unknown unsupported
    up upstream use valid validation value values was were while with wrong you your""".split()  # noqa: E501
)


def error_of(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    provider: Provider,
    model: EmbeddingModel,
    sent: Sequence[str] | None,
) -> ProviderError:
    """The error for a reply with a `status` outside 200-299. `sent` are the texts of the request; none of
    them is quoted. None for built-in texts: then the server's message is shown whole."""
    message = message_of(body)
    shown = whole(message) if sent is None else showable(message, sent, (model.name,))
    if 300 <= status < 400:
        return _redirect(headers)
    if status == 401:
        return KeyRefused()
    if _out_of_credits(status, message, provider):
        return OutOfCredits("out-of-credits.at", page=provider.page) if provider.page else OutOfCredits()
    if status == 403:
        return KeyRefused("key-refused.not-allowed", shown=shown)
    if status == 404:
        return _gone(model, shown)
    if status == 429:
        return ProviderBusy(retry_after=retry_after(headers) or NO_HINT_PAUSE)
    if status in (408, 409, 425) or (status >= 500 and not is_about_size(status, body)):
        return ProviderFailed("provider-failed.status", status=status, shown=shown)
    return RequestRefused("request-refused.status", status=status, shown=shown)


def _out_of_credits(status: int, message: str, provider: Provider) -> bool:
    if status == 429:  # OpenAI's way to say it
        return "insufficient_quota" in message or "exceeded your current quota" in message
    return status == 402 or (status == 403 and (provider.name == "aimlapi" or bool(_CREDIT.search(message))))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks to wait, given as a number or a date; None where it cannot be
    understood."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return max(0.0, seconds) if seconds < 1e9 else None


def is_about_size(status: int, body: bytes) -> bool:
    """Whether the server may accept the same texts in smaller requests. Servers tell a size that they cannot
    take with many statuses; those about keys, money, models and load are none of them."""
    if status >= 500:
        return bool(_TOO_LARGE.search(message_of(body)))
    return status == 413 or (
        status >= 400 and status not in _OF_THEIR_OWN and bool(_TOO_MANY.search(message_of(body)))
    )


def named_limit(body: bytes) -> tuple[int, int]:
    """(given, most): how many tokens a text or a request had and how many it may have, where a message about
    size names both; (0, 0) where it does not."""
    message = message_of(body)
    if "token" not in message.lower():
        return 0, 0
    numbers = [int(number) for number in _NUMBER.findall(message)[:2]]
    return (max(numbers), min(numbers)) if len(set(numbers)) == 2 else (0, 0)


def told_status(body: bytes) -> int:
    """The status that a body with an error tells, which some servers send with a 200: 500 where it has an
    error without a status, 0 where it has none."""
    error = _said(body).get("error")
    if not error:
        return 0
    for value in (error.get("code"), error.get("status")) if isinstance(error, dict) else ():
        number = int(value) if isinstance(value, (int, str)) and str(value).isdecimal() else 0
        if 400 <= number < 600:
            return number
    return 500


def _said(body: bytes) -> dict[str, Any]:
    """The JSON object of an error body; {} where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def message_of(body: bytes) -> str:
    """The message in an error body of the usual shapes; "" where there is none. It may hold anything, and
    must not be shown."""
    found = _said(body)
    for key in ("error", "message", "detail", "msg"):
        if key in found:
            inner = found[key]
            if isinstance(inner, dict) and isinstance(inner.get("message"), str):
                code = inner.get("code")
                return f"{inner['message']} {code if isinstance(code, str) else ''}".strip()
            return inner if isinstance(inner, str) else json.dumps(inner)
    return ""


def whole(message: str) -> str:
    """`message` in one line without control signs, at most LONGEST_WHOLE characters."""
    line = _CONTROL.sub(" ", message).strip()
    return line if len(line) <= LONGEST_WHOLE else line[: LONGEST_WHOLE - 1] + "…"


def showable(message: str, sent: Sequence[str], names: Sequence[str] = ()) -> str:
    """`message` with "…" for every word that is no technical term, and for every run of words that was sent;
    at most LONGEST_MESSAGE characters."""
    known = _TRADE | {part for name in names for part in _WORD.findall(name.lower())}
    texts = [" ".join(_WORD.findall(text.lower())) for text in sent]
    words = [match[0] for match in _WORD.finditer(message[: 4 * LONGEST_MESSAGE])]
    kept = [word if word.lower() in known or (word.isdecimal() and len(word) <= 6) else "…" for word in words]
    for start in range(len(words) - 2):
        run = " ".join(words[start : start + 3]).lower()
        if any(run in text for text in texts):
            kept[start : start + 3] = "…", "…", "…"
    shown = re.sub(r"…(?: …)+", "…", " ".join(kept))
    return "" if not shown.strip("… ") else shown[:LONGEST_MESSAGE]


def _redirect(headers: Mapping[str, str]) -> RedirectRefused:
    try:
        host = urlsplit(headers.get("location", "")).hostname or ""
    except ValueError:
        host = ""
    return RedirectRefused("redirect-refused.to", host=host[:80]) if host else RedirectRefused()


def _gone(model: EmbeddingModel, shown: str) -> ModelGone:
    others = "\n".join(m.identifier for m in alternatives(model))
    return ModelGone("model-gone.named", model=model.name, others=others, retired=model.retired, shown=shown)
