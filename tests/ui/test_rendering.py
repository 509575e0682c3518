"""A note as HTML: nothing in it can act, and every block knows its line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.documents.formats.blocks import Kind
from notesearch.documents.formats.registry import shown
from notesearch.documents.preview import followable, render
from notesearch.domain import NoteText


def note(text: str, form: str = "markdown", title: str = "A note", offset: int = 0) -> NoteText:
    return NoteText(
        path=Path("/n/a.md"),
        title=title,
        folder_names=("n",),
        format=form,
        modified=0,
        text=text,
        offset=offset,
        line=1,
        truncated=False,
    )


def html(text: str, form: str = "markdown", **more: object) -> str:
    return render(note(text, form, **more)).html  # type: ignore[arg-type]


def lines_shown(text: str, form: str) -> list[str]:
    """Each line of the note as it is shown: Markdown, `H2 title` for headings, `CODE line` for code."""
    made = [""] * (text.count("\n") + 1)
    for part in shown(form, text):
        lines = part.text.split("\n")
        if part.kind is Kind.HEADING:
            lines = [f"H{part.level} {part.label and f'<{part.label}> '}{part.text}"]
        elif part.kind is Kind.CODE:
            lines = [f"CODE {line}" for line in lines]
        assert made[part.line : part.line + len(lines)] == [""] * len(lines)
        made[part.line : part.line + len(lines)] = lines
    return made


def test_html_of_a_note_is_shown_as_text() -> None:
    made = html("<script>alert(1)</script>\n\nx <iframe src='http://x'></iframe> <img src=x onerror=y>")
    assert "<script" not in made
    assert "<iframe" not in made
    assert "<img" not in made
    assert "&lt;script&gt;" in made


def test_a_picture_is_its_alternative_text() -> None:
    made = html("![a loaf](http://example.org/loaf.png) ![[crust.png]]")
    assert "[a loaf]" in made
    assert "crust.png" in made
    assert "http://" not in made


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("https://x.org", True),
        ("http://x.org", True),
        ("mailto:a@b.c", True),
        ("../Other note.md", True),
        ("note.md#part", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("data:text/html,x", False),
        ("#part", False),
        ("//host/x", False),
        ("ftp://x", False),
        ("JavaScript:x", False),
        ("smb:x", False),
    ],
)
def test_only_pages_mail_and_neighbours_are_links(target: str, leads: bool) -> None:
    assert followable(target) is leads
    made = html(f"[here](<{target}>)")
    assert ("<a href" in made) is leads
    assert "here" in made


def test_every_block_carries_its_line() -> None:
    made = html(
        "# A note\n\none\n\n- two\n- three\n\n```py\nfour\nfive\n```\n\n| a | b |\n|---|---|\n| six | seven "
        "|\n"
    )
    where = {
        re.sub(r"<[^>]+>", "", text).strip(): int(line)
        for line, text in re.findall(r'<a name="line-(\d+)"></a>([^\n<]+)', made)
    }
    assert where == {
        "one": 2,
        "two": 4,
        "three": 5,
        "four": 8,
        "five": 9,
        "a": 12,
        "b": 12,
        "six": 14,
        "seven": 14,
    }


def test_a_heading_that_repeats_the_title_is_left_out() -> None:
    assert "A note" not in html("# A note\n\nbody")
    assert "A note" in html("# A note\n\nbody", title="Else")
    assert "A note" in html("# A note\n\nbody", offset=100)
    assert "A note" in html("body\n\n# A note")


def test_what_notes_hold_beyond_markdown() -> None:
    made = html(
        "[[Rye#Second day]] [[Other|shown]] end ^block-1\n\n- [ ] open\n- [x] done\n\n> [!tip] Mind\n> "
        "this\n\n~~gone~~"
    )
    text = re.sub(r"<[^>]+>", "", made)
    assert "Rye › Second day" in text
    assert "shown" in text
    assert "Other" not in text
    assert "^block" not in text
    assert "☐ open" in text
    assert "☑ done" in text
    assert "<strong>Mind</strong>" in made
    assert "<s>gone</s>" in made


def test_plain_text_keeps_its_lines_and_spaces() -> None:
    made = html("a  b\n\n<c>", "text")
    assert made.count("<p") == 3
    assert "a  b" in made
    assert "&lt;c&gt;" in made


def test_org_lines_that_stand_as_they_are_keep_their_breaks() -> None:
    made = html("Type this:\n: M-x  customize\n: `quoted' ``twice``\n:\n: after\nand go on\n", "org")
    assert made.count("<br") == 3
    assert "M-x\N{NO-BREAK SPACE} customize" in made
    assert "`quoted' ``twice``" in made
    assert "<pre" not in made


def test_org_tables_with_several_rules_are_one_table() -> None:
    made = html(
        "|---+---|\n| a | b |\n|---+---|\n| 1 | 2 |\n|---+---|\n| 3 | 4 |\n\n| no | rule |\n| at | all |\n",
        "org",
    )
    assert made.count("<table") == 1
    assert made.count("<th>") == 2
    assert "---" not in made
    assert made.count("<br") == 1


def test_org_escapes_in_blocks_are_undone() -> None:
    text = "#+begin_src org\n,* Headline\n, not one\n#+end_src"
    assert lines_shown(text, "org") == ["", "CODE * Headline", "CODE , not one", ""]


def test_org_reads_as_it_means() -> None:
    made = lines_shown(
        "#+TITLE: Bread\n* TODO Knead :kitchen:\n:PROPERTIES:\n:ID: 4\n:END:\nA *bold* and /slanted/ "
        "=code*s= [[https://x.org/a/b][page]]"
        "\n#+BEGIN_SRC py\n* not a headline\n#+END_SRC\n- term :: said\n** Second",
        "org",
    )
    assert made[0] == ""
    assert made[1] == "H1 <TODO> Knead"
    assert made[2:5] == ["", "", ""]
    assert made[5] == "A **bold** and *slanted* `code*s` [page](<https://x.org/a/b>)"
    assert made[6:9] == ["", "CODE * not a headline", ""]
    assert made[9] == "- **term** said"
    assert made[10] == "H2 Second"


def test_rst_reads_as_it_means() -> None:
    made = lines_shown(
        "=====\nTitle\n=====\n\nPart\n----\n\nSee ``a*b`` and `page <https://x.org>`_ and :ref:`there`::\n\n "
        "   code\n\nAfter.\n"
        "\n.. note:: Mind\n   this\n"
        "\n.. image:: http://x/y.png\n   :alt: a loaf\n\n#. one",
        "rst",
    )
    assert made[:3] == ["H1 Title", "", ""]
    assert made[4:6] == ["H2 Part", ""]
    assert made[7] == "See `a*b` and [page](<https://x.org>) and `there`:"
    assert made[8:11] == ["", "CODE code", ""]
    assert made[13:15] == ["> **Note** Mind", "> this"]
    assert made[17] == "a loaf"
    assert made[-1] == "1. one"


LINES = st.lists(
    st.sampled_from(
        [
            "",
            "text",
            "  indented",
            "* head :a:",
            "** TODO b",
            "#+BEGIN_SRC py",
            "#+END_SRC",
            "#+begin_quote",
            "#+end_quote",
            ":PROPERTIES:",
            ":END:",
            "====",
            "----",
            "~~~~",
            ".. code-block:: py",
            "   :linenos:",
            ".. note:: x",
            "para::",
            ".. _label:",
            ":field: x",
            "- item",
            "`x <y>`_",
            "*",
            "|---+---|",
            "..",
            "=b= ~c~ /i/",
            "[[a][b]]",
            "```",
            "> q",
            "\t tab",
            "#. x",
        ]
    ),
    max_size=25,
)


@given(LINES)
def test_line_k_stays_line_k(lines: list[str]) -> None:
    text = "\n".join(lines)
    for form in ("markdown", "org", "rst", "text"):
        made = lines_shown(text, form)
        assert len(made) == len(lines) or not lines
        # Plain words are still on their line.
        assert all(made[i] == "text" for i, line in enumerate(lines) if line == "text" and form == "text")


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200),
    st.sampled_from(["markdown", "org", "rst", "text"]),
)
def test_any_text_renders(text: str, form: str) -> None:
    assert "<script" not in html(text, form)


def test_a_long_note_is_cut() -> None:
    assert len(html("word " * 40_000)) < 70_000
