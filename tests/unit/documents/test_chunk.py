from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.catalogue import LOCAL, ChunkRecipe
from notesearch.documents.chunking.splitter import embedded_text, split
from notesearch.documents.chunking.tokens import SPECIAL_TOKENS, token_counter
from notesearch.documents.formats.registry import extract
from notesearch.domain import Chunk, Document
from notesearch.errors import FileBinary

RECIPE = LOCAL.recipe
SMALL = ChunkRecipe(target=60, maximum=80, minimum=12, overlap=0.15)
COUNTER = token_counter("minilm")
SENTENCE = "The quick brown fox jumps over the lazy dog near the old river bank. "


def read(text: str, name: str = "stem.md") -> Document:
    return extract(Path(name), text.encode())


def passages(document: Document, recipe: ChunkRecipe = RECIPE) -> list[str]:
    return [document.text[chunk.start : chunk.end] for chunk in split(document, recipe)]


def check(document: Document, recipe: ChunkRecipe) -> tuple[Chunk, ...]:
    """What holds for every document."""
    text = document.text
    chunks = split(document, recipe)
    covered, before = 0, -1
    for ordinal, chunk in enumerate(chunks):
        assert chunk.ordinal == ordinal
        assert before < chunk.start < chunk.end <= len(text)
        assert chunk.end > covered
        assert not text[covered : chunk.start].strip()
        passage = text[chunk.start : chunk.end]
        assert passage.split("\n")[0].strip()
        assert passage.split("\n")[-1].strip()
        assert chunk.line == document.first_line + text.count("\n", 0, chunk.start)
        assert COUNTER.encoded(embedded_text(text, chunk)) <= chunk.tokens <= recipe.maximum - SPECIAL_TOKENS
        covered, before = chunk.end, chunk.start
    assert not text[covered:].strip()
    return chunks


WORDS = st.sampled_from(
    [
        "word",
        "Zürich",
        "don't",
        "x" * 150,
        "知识",
        "かな",
        "한국어",
        "e\u0301",
        "👩‍👩‍👧",
        "…",
        "。",
        "http://a.example/b?c=d",
        "ﬁ",
        "\u200b",
        "\x1c",
        "İ",
        "กก" * 15,
    ]
)
MARKS = st.sampled_from(
    [
        "",
        "",
        "# One",
        "## Two",
        "### Three",
        "```",
        "~~~~",
        "---",
        "===",
        "- item",
        "* star",
        ":a: b",
        "#+begin_src",
        "::",
        "    code",
    ]
)
LINES = st.one_of(
    MARKS,
    st.lists(WORDS, max_size=60).map(" ".join),
    st.lists(WORDS, max_size=40).map("".join),
    st.text(max_size=40),
)
TEXTS = st.lists(LINES, max_size=40).map("\n".join).map(lambda text: text.encode(errors="ignore").decode())
FORMATS = st.sampled_from(["markdown", "text", "org", "rst"])
SUFFIXES = st.sampled_from([".md", ".org", ".rst", ".txt"])


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(text=TEXTS, format_name=FORMATS, recipe=st.sampled_from([RECIPE, SMALL]), title=TEXTS)
def test_invariants_hold_for_any_text(text: str, format_name: str, recipe: ChunkRecipe, title: str) -> None:
    check(Document(text=text, title=title, format=format_name), recipe)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(raw=st.one_of(TEXTS.map(str.encode), st.binary(max_size=400)), suffix=SUFFIXES)
def test_invariants_hold_for_any_file_that_is_text(raw: bytes, suffix: str) -> None:
    try:
        document = extract(Path("note" + suffix), raw)
    except FileBinary:
        return
    document.text.encode()
    check(document, SMALL)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(st.one_of(WORDS, st.text(max_size=30)), max_size=20).map(" ".join))
def test_counting_is_never_below_encoding(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    assert COUNTER.encoded(text) <= COUNTER.count(text)


def test_counting_equals_encoding_for_ordinary_text() -> None:
    text = (
        SENTENCE
        + "Don't re-use (2nd) naïve Zürich-ish e-mails: a@b.example — „Quote“ 天地 한국어 𝒳 x_y;\tend\u00a0here"  # noqa: E501
    )
    assert COUNTER.count(text) == COUNTER.encoded(text)


def test_a_short_note_is_one_chunk_with_its_heading() -> None:
    document = read("\n# Title\n\nA few words.\n\n")
    (chunk,) = check(document, RECIPE)
    assert (chunk.prefix, chunk.heading, chunk.line) == ("Title", ("Title",), 2)
    assert document.text[chunk.start : chunk.end] == "# Title\n\nA few words."


@pytest.mark.parametrize("text", ["", "\n \n\t\n", "---\ntitle: T\n---\n"])
def test_no_text_gives_no_chunks(text: str) -> None:
    assert split(read(text), RECIPE) == ()


def test_sections_follow_headings_and_carry_their_trail() -> None:
    body = SENTENCE * 9
    document = read(f"# Title\n\n## One\n\n{body}\n\n### Deep\n\n{body}\n\n## Two\n\n{body}\n")
    chunks = check(document, RECIPE)
    assert [chunk.heading for chunk in chunks] == [
        ("Title", "One"),
        ("Title", "One", "Deep"),
        ("Title", "Two"),
    ]
    assert chunks[1].prefix == "Title > One > Deep"
    assert document.text[chunks[1].start :].startswith("### Deep")


def test_short_sections_are_merged_but_not_across_the_first_level() -> None:
    document = read("# A\n\n## One\n\nShort.\n\n## Two\n\nAlso short.\n\n# B\n\n" + SENTENCE * 4)
    assert [passage.split("\n")[0] for passage in passages(document)] == ["# A", "# B"]


def test_many_bare_headlines_share_chunks() -> None:
    document = read("".join(f"* Buy thing number {number}\n" for number in range(60)), "list.org")
    assert 3 < len(check(document, RECIPE)) < 20


def test_a_long_section_is_cut_at_paragraphs_in_even_parts_with_overlap() -> None:
    paragraph = SENTENCE * 3
    document = read("# T\n\n" + f"{paragraph}\n\n" * 10)
    chunks = check(document, RECIPE)
    assert all(120 <= chunk.tokens <= 254 for chunk in chunks)
    for earlier, later in pairwise(chunks):
        repeated = document.text[later.start : earlier.end]
        assert repeated.strip() == SENTENCE.strip()


def test_a_fence_is_kept_whole_where_it_fits() -> None:
    code = "```python\n" + "value = compute(first, second)\n" * 14 + "```"
    document = read("# T\n\n" + SENTENCE * 8 + f"\n\n{code}\n\n" + SENTENCE * 8)
    assert any(code in passage for passage in passages(document))


def test_a_fence_that_does_not_fit_is_cut_at_lines() -> None:
    document = read("```\n" + "value = compute(first, second)\n" * 80 + "```\n")
    chunks = check(document, RECIPE)
    assert len(chunks) > 2
    assert all(document.text[chunk.end : chunk.end + 1] in ("\n", "") for chunk in chunks)


def test_chinese_is_cut_at_sentences() -> None:
    document = read("我们今天早上去了市场买了很多新鲜的蔬菜和水果。" * 40)
    chunks = check(document, RECIPE)
    assert all(document.text[chunk.end - 1] == "。" for chunk in chunks)


def test_a_character_made_of_several_is_not_cut() -> None:
    document = read("e\u0301" * 3000)
    assert all(document.text[chunk.start] == "e" for chunk in split(document, RECIPE))


def test_a_long_trail_is_shortened_to_a_quarter() -> None:
    text = "".join(f"{'#' * level} {SENTENCE * 3}\n\n" for level in range(1, 6)) + SENTENCE
    for chunk in check(read(f"---\ntitle: {SENTENCE * 4}\n---\n{text}"), RECIPE):
        assert 0 < COUNTER.count(chunk.prefix) <= RECIPE.maximum // 4


def test_very_long_lines_take_linear_time() -> None:
    for text in (
        "lorem ipsum dolor " * 60_000,
        "a" * 1_000_000,
        "天地玄黄" * 100_000,
        "a" + " " * 1_000_000 + "b",
    ):
        chunks = split(read(text, "long.txt"), RECIPE)
        assert chunks[-1].end == len(text.rstrip())


def test_the_same_text_gives_the_same_chunks() -> None:
    text = "# T\n\n" + SENTENCE * 60
    assert split(read(text), RECIPE) == split(read(text), RECIPE)
