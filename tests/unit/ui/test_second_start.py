"""What a start asks for: a link can search and nothing else, and what comes from another process is only ever
plain."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notesearch.api.second_start import LONGEST_QUERY, StartRequest, hand_over, plain_query, query_of_link
from notesearch.errors import UsageError

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.text())
@example("a\x00b\u202ec\nd\te")
@example("  ")
def test_a_query_is_one_printable_line(text: str) -> None:
    plain = plain_query(text)
    assert plain.isprintable()
    assert len(plain) <= LONGEST_QUERY
    assert plain == plain_query(plain)


@given(st.text())
@example("über & 100% #1 +/?")
@example("-rf --toggle")
def test_a_link_brings_its_query_and_only_that(text: str) -> None:
    for escape in (quote, quote_plus):
        link = f"notesearch://search?q={escape(text, safe='', errors='surrogatepass')}"
        try:
            assert query_of_link(link) == plain_query(text)
        except UsageError:
            assert not plain_query(text) or not text.isascii()


@given(
    st.text()
    | st.text().map("notesearch://search?q={}".format)
    | st.text(alphabet="notesearch:/?q=&#%;@. ").map("notesearch://{}".format)
)
@example("notesearch://search?q=a&q=b")
@example("notesearch://search?q=%ff")
@example("notesearch://[search?q=a")
@example("notesearch://search?q=a#")
def test_any_other_link_is_refused(link: str) -> None:
    try:
        query = query_of_link(link)
    except UsageError:
        return
    assert link.startswith(("notesearch://search?q=", "notesearch://search/?q="))
    assert query == plain_query(query) != ""
    assert not set(link) & set(" \t\r\n#")


@pytest.mark.parametrize(
    "link",
    [
        "notesearch://open?path=/etc/passwd",
        "notesearch://search?q=a&x=1",
        "notesearch://search?x=a",
        "notesearch://search",
        "notesearch://search?q=",
        "NOTESEARCH://search?q=a",
        "notesearch:search?q=a",
        "notesearch:///search?q=a",
        "notesearch://search/../open?q=a",
        "notesearch://search:80?q=a",
        "notesearch://user@search?q=a",
        "notesearch://search?q=a#b",
        "notesearch://sea\nrch?q=a",
        " notesearch://search?q=a",
        "http://search?q=a",
    ],
)
def test_these_links_are_refused(link: str) -> None:
    with pytest.raises(UsageError):
        query_of_link(link)


@given(
    st.lists(st.text(min_size=1).filter(lambda name: "\0" not in name)),
    st.text(),
    st.booleans(),
    st.booleans(),
    st.text(),
)
def test_a_request_arrives_as_it_was_sent(
    folders: list[str], search: str, toggle: bool, hidden: bool, activation: str
) -> None:
    sent = StartRequest(
        folders=tuple(Path("/") / name for name in folders),
        search=plain_query(search),
        toggle=toggle,
        hidden=hidden,
        activation=activation,
    )
    assert StartRequest.from_message(sent.to_message()) == sent


@given(st.dictionaries(st.sampled_from(["folders", "search", "toggle", "hidden", "activation"]), json_like))
def test_a_message_of_the_wrong_kind_counts_as_not_said(message: dict[str, object]) -> None:
    request = StartRequest.from_message(message)
    assert all(isinstance(folder, Path) for folder in request.folders)
    assert request.search == plain_query(message.get("search"))
    assert (request.toggle, request.hidden) == (message.get("toggle") is True, message.get("hidden") is True)


def test_nobody_takes_over_where_nobody_is(tmp_path: Path) -> None:
    assert hand_over(tmp_path, StartRequest()) is None
    assert list(tmp_path.iterdir()) == []
