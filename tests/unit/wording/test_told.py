"""Every code has a sentence, which takes the parameters that it is raised with."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import notesearch
from notesearch import errors
from notesearch.domain import Param, Told, told
from notesearch.errors import (
    Bug,
    DiskFull,
    FileUnreadable,
    KeyMissing,
    ModelGone,
    NotesearchError,
    ProviderTimeout,
    RequestRefused,
    SettingsInvalid,
    UsageError,
)
from notesearch.wording.notice_texts import NOTICES
from notesearch.wording.told import hint, sentence, table, title, title_and_hint, told_together

pytestmark = pytest.mark.words

PACKAGE = Path(notesearch.__file__).parent
KINDS: dict[str, type[NotesearchError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, NotesearchError)
}
# Not raised with a code that stands there: a code that is passed on.
PASSED_ON = {"StoreError(not_writable, retryable=True)", "cls(error.code)"}


def variants(kind: type[NotesearchError]) -> Mapping[str, str]:
    """The codes of a class itself, not of those above it."""
    found: Mapping[str, str] = vars(kind).get("variants", {})
    return found


CODES = [
    (kind, code, names)
    for kind in KINDS.values()
    for code, names in ((kind.code, ""), *variants(kind).items())
]


def values(names: str, *, every: bool) -> dict[str, Param]:
    """A value for each parameter; numbers where the sentences count."""
    numbers = {
        *("dimensions", "expected", "found", "least", "most", "process", "seconds", "status", "tokens"),
        *("usd", "vectors", "missing", "notes", "blocks", "differing", "known", "taken"),
    }
    wanted = [name.rstrip("?") for name in names.split() if every or not name.endswith("?")]
    return {name: 7 if name in numbers else f"<{name}>" for name in wanted}


def test_a_code_stands_for_one_error() -> None:
    codes = [code for _, code, _ in CODES]
    assert len(set(codes)) == len(codes)
    assert all(code == kind.code or code.startswith(f"{kind.code}.") for kind, code, _ in CODES)


@pytest.mark.parametrize(("kind", "code", "names"), CODES, ids=[code for _, code, _ in CODES])
def test_every_error_has_a_sentence_with_its_parameters(
    kind: type[NotesearchError], code: str, names: str
) -> None:
    assert code in table()
    for every in (True, False):
        params = values(names, every=every)
        what, then = title_and_hint(Told(code=code, params=tuple(params.items())))
        assert what
        assert not what.endswith(".")
        assert "{" not in (what + then).replace("{path}", "").replace("{line}", "").replace("{terminal}", "")
        if code != "failed":
            assert what != title(NotesearchError()), "its own sentence takes these parameters"
        shown = {name for name, value in params.items() if str(value) in f"{what} {then}"}
        unsaid = {"entry"} if "entry?" in names.split() else set()
        assert shown | unsaid >= set(params) - {"shown"} or code in UNTOLD, params


# Kept, and not said in full.
UNTOLD = {"reply-wrong.count"}


def test_no_sentence_without_an_error_or_a_notice() -> None:
    codes = {code for _, code, _ in CODES} | set(NOTICES) | {"problem-before"}
    assert set(table()) == codes


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    """Every call in the package with where it stands."""
    return tuple(
        (f"{path.relative_to(PACKAGE)}:{node.lineno}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )


def calls_of(names: set[str]) -> Iterator[tuple[str, str, ast.Call]]:
    for place, call in calls():
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name in names:
            yield place, name, call


def codes_in(argument: ast.expr) -> list[str]:
    """The codes that an argument may be."""
    if isinstance(argument, ast.IfExp):
        return codes_in(argument.body) + codes_in(argument.orelse)
    assert isinstance(argument, ast.Constant), ast.unparse(argument)
    return [str(argument.value)]


def test_whatever_is_raised_has_a_code_of_its_class_and_its_parameters() -> None:
    looked_at = 0
    for place, name, call in calls_of(set(KINDS)):
        if ast.unparse(call) in PASSED_ON:
            continue
        given = {str(keyword.arg) for keyword in call.keywords} - {"retryable", "retry_after"}
        known = {KINDS[name].code: "", **variants(KINDS[name])}
        for code in codes_in(call.args[0]) if call.args else [KINDS[name].code]:
            looked_at += 1
            assert code in known, f"{place}: {code}"
            may_be = {wanted.rstrip("?") for wanted in known[code].split()}
            must_be = {wanted for wanted in known[code].split() if not wanted.endswith("?")}
            assert must_be <= given <= may_be, f"{place}: {code} {given}"
    assert looked_at > 100


def test_whatever_is_told_has_a_sentence() -> None:
    found = set()
    for place, _, call in calls_of({"told", "Told"}):
        arguments = [*call.args, *(k.value for k in call.keywords if k.arg == "code")]
        if not arguments or not isinstance(arguments[0], ast.Constant):
            continue
        code = str(arguments[0].value)
        found.add(code)
        params = values(
            " ".join(str(k.arg) for k in call.keywords if k.arg not in ("code", "cause")), every=True
        )
        cause = DiskFull() if any(k.arg == "cause" for k in call.keywords) else None
        said = sentence(told(code, cause=cause, **params))
        assert said != sentence(NotesearchError()), f"{place}: {code}"
        assert all(str(value) in said for value in params.values()), f"{place}: {said}"
    written = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert found >= {code for code in NOTICES if not code.startswith("rule.")}
    assert all(written.count(f'"{code}"') >= 2 for code in NOTICES), "told somewhere"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            DiskFull(),
            "The disk is full. Free some space; indexing goes on by itself afterwards.",
        ),
        (
            KeyMissing(
                "key-missing.of-provider", title="OpenAI", provider="openai", variable="OPENAI_API_KEY"
            ),
            "There is no key for OpenAI. Set one in the settings, or with: notesearch key set openai. The "
            "environment variable OPENAI_API_KEY stands in for it.",
        ),
        (
            RequestRefused("request-refused.status", status=422, shown="input too long"),
            "The provider did not accept the request (422). Test the model in the settings, or choose "
            "another one. It said: input too long",
        ),
        (
            RequestRefused("request-refused.status", status=422, shown=""),
            "The provider did not accept the request (422). Test the model in the settings, or choose "
            "another one.",
        ),
        (
            ModelGone("model-gone.named", model="m", others="a/b\nc/d", retired="Ended in 2026", shown=""),
            "The provider does not serve m. Choose another model for the folder, such as a/b or c/d. "
            "Ended in 2026.",
        ),
        (
            SettingsInvalid.within("providers.shed", UsageError("usage.url")),
            "providers.shed: The base URL is not an address. It looks like https://host/v1.",
        ),
        (
            Bug("bug.named", kind="ValueError"),
            "Something went wrong inside Notesearch. ValueError. Your notes are untouched.",
        ),
        (
            told("search.words-only-in", folders="Code", cause=DiskFull()),
            "Code: searched by words only. The disk is full",
        ),
        (told("problem-before", title="What was", hint="And then."), "What was. And then."),
    ],
    ids=lambda value: value if isinstance(value, str) else value.code,
)
def test_sentences(error: NotesearchError | Told, said: str) -> None:
    assert sentence(error) == said


def test_numbers_have_their_form() -> None:
    within = "The provider did not answer within"
    assert title(ProviderTimeout("provider-timeout.within", seconds=1)) == f"{within} 1 second"
    assert title(ProviderTimeout("provider-timeout.within", seconds=0.5)) == f"{within} 0.5 seconds"
    assert title(ProviderTimeout("provider-timeout.within", seconds=30)) == f"{within} 30 seconds"
    assert title(told("found.notes", notes=1)) == "1 note"
    assert title(told("found.notes", notes=0)) == "0 notes"


@pytest.mark.parametrize(
    ("told_by_another", "said"),
    [
        (told("file-unreadable.of-tomorrow", why="x"), FileUnreadable()),
        (told("file-unreadable.because"), FileUnreadable()),
        (
            told("file-unreadable.because.more", reason="no"),
            FileUnreadable("file-unreadable.because", reason="no"),
        ),
        (told("provider-timeout.within", seconds="soon"), ProviderTimeout()),
        (told("nothing.like.it"), NotesearchError()),
        (told(""), NotesearchError()),
    ],
    ids=lambda value: str(value.code),
)
def test_what_another_version_tells_is_told_by_what_is_known(
    told_by_another: Told, said: NotesearchError
) -> None:
    assert title_and_hint(told_by_another) == title_and_hint(said)


def test_several_sentences_are_each_said_once() -> None:
    twice = (told("search.preparing"), told("search.preparing"), told("folder.kept"))
    assert told_together(twice) == (
        "Search by meaning is being made ready. Most of its files are gone. Their notes were kept in the "
        "index."
    )
    assert told_together(()) == ""
    assert hint(told("search.preparing")) == ""


def test_an_error_in_a_log_is_its_code_and_parameters() -> None:
    error = KeyMissing("key-missing.of-provider", title="OpenAI", provider="openai", variable="V")
    assert str(error) == "key-missing.of-provider title=OpenAI provider=openai variable=V"
    assert error.remedy == "key"
