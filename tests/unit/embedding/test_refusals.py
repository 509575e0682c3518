"""What statuses mean, and that no message repeats what was sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import catalogue
from notesearch.embedding.remote.refusals import (
    error_of,
    is_about_size,
    message_of,
    named_limit,
    retry_after,
    showable,
)
from notesearch.errors import (
    KeyRefused,
    OutOfCredits,
    ProviderBusy,
    ProviderError,
    ProviderFailed,
    RequestRefused,
)

MODEL = catalogue.model("aimlapi/text-embedding-3-small")
AIMLAPI, OPENAI = catalogue.provider("aimlapi"), catalogue.provider("openai")


def error(
    status: int, message: object = "", provider: catalogue.Provider = OPENAI, sent: tuple[str, ...] = ()
) -> ProviderError:
    return error_of(
        status, {}, json.dumps({"message": message}).encode(), provider=provider, model=MODEL, sent=sent
    )


def test_403_is_out_of_credits_at_the_gateway_and_a_matter_of_words_elsewhere() -> None:
    assert isinstance(error(403, "Forbidden", AIMLAPI), OutOfCredits)
    assert error(403, "", AIMLAPI).params == {"page": AIMLAPI.page}
    assert isinstance(error(403, "Please top up your balance"), OutOfCredits)
    assert isinstance(error(403, "Country not supported"), KeyRefused)


def test_429_is_a_wait_and_sometimes_an_empty_account() -> None:
    assert isinstance(
        error(429, "Rate limit reached for requests. Add a payment method at /account/billing to raise it"),
        ProviderBusy,
    )
    assert isinstance(error(429, "You've reached the free limit for the hour", AIMLAPI), ProviderBusy)
    assert isinstance(
        error(429, {"message": "You exceeded your current quota, please check your plan"}), OutOfCredits
    )


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504, 520, 599])
def test_troubles_of_the_server_pass(status: int) -> None:
    assert isinstance(error(status), ProviderFailed)


WAITS = [
    ("7", 7),
    ("0.5", 0.5),
    ("-3", 0),
    ("", None),
    ("soon", None),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("1e99", None),
    ("nan", None),
]


@pytest.mark.parametrize(("value", "seconds"), WAITS)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value} if value else {}) == seconds


BODIES = {
    '{"message": "m", "path": "/v1"}': "m",
    '{"error": {"message": "m", "code": null}}': "m",
    '{"error": {"message": "m", "code": "c"}}': "m c",
    '{"error": "m"}': "m",
    '{"detail": [{"loc": ["body"], "msg": "m"}]}': '[{"loc": ["body"], "msg": "m"}]',
    "<html>m</html>": "",
    "[1]": "",
    "": "",
    '{"message": {"deep": 1}}': '{"deep": 1}',
    '{"other": 1}': "",
}


@pytest.mark.parametrize(("body", "message"), BODIES.items())
def test_messages_of_many_shapes(body: str, message: str) -> None:
    assert message_of(body.encode()) == message


def test_what_a_message_may_show() -> None:
    assert (
        showable("Body validation error: Expected array, Received string", [])
        == "Body validation error Expected array Received string"
    )
    assert (
        showable("Maximum context length is 8192 tokens, requested 9001", [])
        == "Maximum context length is 8192 tokens requested 9001"
    )
    assert (
        showable("model text-embedding-3-small not found", [], ("text-embedding-3-small",))
        == "model text-embedding-3-small not found"
    )
    assert showable("Received 'My therapist said no'", ["My therapist said no"]) == "Received …"
    assert (
        showable(
            "Too large: the value is not valid for the model",
            ["I wrote: the value is not valid for the model!"],
        )
        == "Too large …"
    )
    assert showable("hunter2 4012888888881881", []) == ""
    assert len(showable("error " * 500, [])) <= 240


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5), st.text(max_size=30))
def test_no_word_that_is_not_of_the_trade_is_ever_shown(sent: list[str], extra: str) -> None:
    said = showable(" / ".join(sent) + extra, sent)
    trade = showable("error expected array received string number", [])
    assert all(
        word in trade or word == "…" or word.isdecimal() or showable(word, []) for word in said.split()
    )


def test_a_refusal_shows_the_message_and_not_the_text() -> None:
    refused = error(
        400,
        "Invalid input: 'Dear diary, I am in love' exceeds maximum length",
        sent=("Dear diary, I am in love",),
    )
    assert isinstance(refused, RequestRefused)
    assert refused.params == {"status": 400, "shown": "Invalid input … exceeds maximum length"}
    assert "diary" not in str(refused)
    assert "love" not in str(refused)


def test_what_is_about_size() -> None:
    assert is_about_size(413, b"")
    assert is_about_size(400, b'{"message": "Too many inputs, at most 64"}')
    assert is_about_size(422, b'{"detail": [{"msg": "List should have at most 32 items"}]}')
    assert not is_about_size(400, b'{"message": "Unrecognized key"}')
    assert not is_about_size(500, b'{"message": "too many"}')


_LARGE = "is too large to process. increase the physical batch size"


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (f"input (102 tokens) {_LARGE} (current batch size: 64)", (102, 64)),
        ("maximum context length is 8192 tokens, however you requested 9000 tokens", (9000, 8192)),
        ("`inputs` must have less than 512 tokens. Given: 612", (612, 512)),
        ("Error code: 500 - input (450 tokens) is too large (batch size: 64)", (450, 64)),
        ("Input is too long: at most 512 tokens", (0, 0)),
        ("Too many inputs: 100, at most 64", (0, 0)),
        ("the input length exceeds the context length", (0, 0)),
    ],
)  # fmt: skip
def test_a_limit_that_a_message_names(message: str, named: tuple[int, int]) -> None:
    assert named_limit(json.dumps({"error": {"message": message}}).encode()) == named
