"""A text in two halves: nothing is lost, the instruction leads both, and the cut is at a good place."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from notesearch.embedding.remote.long_texts import LEAST_CUT, CutText, halves


@given(
    st.text(st.characters(exclude_characters="\n"), min_size=LEAST_CUT, max_size=600),
    st.sampled_from(["", "passage: "]),
)
def test_nothing_is_lost_and_both_are_about_half(body: str, instruction: str) -> None:
    parts = halves(instruction + body, len(instruction))
    if parts is None:
        assert not body[: len(body) // 3].strip() or not body[-(len(body) // 3) :].strip()
        return
    assert all(part.startswith(instruction) for part in parts)
    bodies = [part[len(instruction) :] for part in parts]
    assert "".join(bodies) == body
    assert all(len(part) >= len(body) * 0.29 for part in bodies)


def test_it_is_cut_between_paragraphs_else_lines_else_sentences_else_words() -> None:
    sentence = "The night train to Lisbon leaves at ten. "
    assert halves(sentence * 7 + "\n\n" + sentence * 8)[1] == sentence * 8  # type: ignore[index]
    assert halves(sentence * 7 + "\n" + sentence * 8)[1] == sentence * 8  # type: ignore[index]
    assert halves(sentence * 15)[1].startswith("The night")  # type: ignore[index]
    assert halves("word " * 100)[0].endswith("word ")  # type: ignore[index]
    assert halves("x" * 300) == ("x" * 150, "x" * 150)


def test_the_title_stands_in_both_halves() -> None:
    title, body = "Recipes > Bread\n\n", "Flour and water. " * 20
    first, second = halves("passage: " + title + body, 9)  # type: ignore[misc]
    assert first.startswith("passage: " + title)
    assert second.startswith("passage: " + title)
    assert (first + second).replace("passage: " + title, "") == body
    # A first paragraph that is no title is cut like any other text.
    assert "".join(halves(body + "\n\n" + body)) == body + "\n\n" + body  # type: ignore[arg-type]


def test_a_short_text_and_one_of_blanks_are_left() -> None:
    assert halves("x" * (LEAST_CUT - 1)) is None
    assert halves(" " * 1000) is None


def test_the_mean_is_weighed_by_length() -> None:
    cut = CutText(7, {1: 300, 2: 100})
    cut.vectors[1] = np.array([1, 0], np.float32)
    assert not cut.complete
    cut.vectors[2] = np.array([0, 1], np.float32)
    assert cut.complete
    assert np.allclose(cut.joined(), np.array([3, 1]) / np.sqrt(10))
    cut.vectors[2] = np.array([-1, 0], np.float32)
    cut.lengths[2] = 300
    assert np.allclose(np.linalg.norm(cut.joined()), 1)
