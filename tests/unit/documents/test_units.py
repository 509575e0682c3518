"""Chunks and their units in numbers: where each lies, what it counts, and what ends with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.catalogue import ChunkRecipe
from notesearch.documents.chunking.splitter import split
from notesearch.documents.chunking.tokens import token_counter
from notesearch.documents.chunking.units import Boundary, Units
from notesearch.documents.formats.registry import extract
from notesearch.domain import Span

SMALL = ChunkRecipe(target=60, maximum=80, minimum=12, overlap=0.15)
COUNTER = token_counter("minilm")
S = "The quick brown fox jumps over the lazy dog near the old river bank. "  # 69 characters, 15 tokens
VERY, ANOTHER = " ".join(["very long heading"] * 8), " ".join(["another long one"] * 8)

NOTES = {
    "sections.md": f"# Kitchen\n\n{S * 2}\n\n## Bread\n\n{S * 2}\n\n### Rye\n\n{S}\n\n"
    f"## Soup\n\n{S * 3}\n\n# Garden\n\nBeans.\n\n## Bees\n\nHoney.\n",
    "paragraphs.md": "# Long\n\n" + "\n\n".join(S * 2 for _ in range(6)) + "\n",
    "sentences.md": f"# One\n\n{S * 12}\n",
    "words.txt": "word " * 200,
    "lines.md": "# L\n\n" + "\n".join(f"- item {i} of the list, short" for i in range(30)),
    "fence.md": f"# F\n\n{S}\n\n```\n{'x = 1' + chr(10)}" + "x = 1\n" * 11 + f"```\n\n{S * 3}\n",
    "bare.md": f"# A\n\n## B\n\n### C\n\n{S}\n\n# D\n\n# E\n\n{S}\n",
    "settings.org": "#+TITLE: Compost heap\n#+FILETAGS: :x:\n\n"
    f"* Autumn\n:PROPERTIES:\n:ID: 1\n:END:\n{S * 2}\n"
    f"* Winter\n{S * 2}\n"
    "#+begin_comment\nno\n#+end_comment\n",
    "trail.md": f"# {VERY}\n\n## {ANOTHER}\n\n### C\n\n{S}\n",
}
# For each chunk: start, end, line, the last heading, prefix, tokens.
CUT: dict[str, list[tuple[int, int, int, str, str, int]]] = {
    "sections.md": [
        (0, 148, 1, "Kitchen", "Kitchen", 33),
        (151, 298, 5, "Bread", "Kitchen > Bread", 36),
        (301, 378, 9, "Rye", "Kitchen > Bread > Rye", 24),
        (381, 596, 13, "Soup", "Kitchen > Soup", 51),
        (599, 632, 17, "Garden", "Kitchen > Garden", 12),
    ],
    "paragraphs.md": [
        (0, 285, 1, "Long", "Long", 63),
        (288, 425, 7, "Long", "Long", 31),
        (428, 636, 9, "Long", "Long", 46),
        (637, 845, 11, "Long", "Long", 46),
    ],
    "sentences.md": [
        (0, 282, 1, "One", "One", 63),
        (283, 489, 3, "One", "One", 46),
        (490, 834, 3, "One", "One", 76),
    ],
    "words.txt": [
        (0, 269, 1, "", "words", 55),
        (225, 494, 1, "", "words", 55),
        (450, 719, 1, "", "words", 55),
        (675, 999, 1, "", "words", 66),
    ],
    "lines.md": [
        (0, 200, 1, "L", "L", 59),
        (173, 371, 9, "L", "L", 57),
        (343, 516, 15, "L", "L", 49),
        (488, 661, 20, "L", "L", 49),
        (633, 864, 25, "L", "L", 65),
    ],
    "fence.md": [
        (0, 155, 1, "F", "F", 60),
        (157, 363, 20, "F", "F", 46),
    ],
    "bare.md": [
        (0, 86, 1, "C", "A > B > C", 29),
        (89, 92, 9, "D", "A > D", 5),
        (94, 167, 11, "E", "A > E", 20),
    ],
    "settings.org": [
        (0, 149, 4, "Autumn", "Compost heap > Autumn", 37),
        (151, 331, 9, "Winter", "Compost heap > Winter", 48),
    ],
    "trail.md": [
        (0, 145, 1, "C", "very long heading very long heading very long heading > C", 36),
        (147, 362, 3, "C", "very long heading very long heading very long heading > C", 56),
    ],
}


@pytest.mark.parametrize("name", NOTES)
def test_notes_are_cut_as_they_were(name: str) -> None:
    document = extract(Path(name), NOTES[name].encode())
    chunks = split(document, SMALL)
    assert [
        (c.start, c.end, c.line, c.heading[-1] if c.heading else "", c.prefix, c.tokens) for c in chunks
    ] == CUT[name]
    assert [c.ordinal for c in chunks] == list(range(len(chunks)))


def test_no_more_characters_than_a_recipe_allows() -> None:
    recipe = ChunkRecipe(target=200, maximum=400, minimum=12, overlap=0.15, characters=240)
    document = extract(Path("sentences.md"), NOTES["sentences.md"].encode())
    assert [(c.start, c.end, c.tokens) for c in split(document, recipe)] == [
        (0, 213, 48),
        (76, 282, 46),
        (145, 351, 46),
        (214, 420, 46),
        (283, 489, 46),
        (352, 558, 46),
        (421, 627, 46),
        (490, 696, 46),
        (559, 765, 46),
        (628, 834, 46),
    ]


def test_a_prefix_has_at_most_a_quarter_of_the_characters() -> None:
    recipe = ChunkRecipe(target=200, maximum=400, minimum=12, overlap=0.15, characters=240)
    document = extract(Path("trail.md"), NOTES["trail.md"].encode())
    assert [(c.start, c.end, c.prefix, c.tokens) for c in split(document, recipe)] == [
        (0, 145, "very long heading very long heading very long heading very", 35),
        (147, 292, "very long heading very long heading very long heading very", 40),
        (287, 362, "very long heading very long heading very long heading very", 29),
    ]


def units(text: str, *blocks: Span, heading: int = False, **limits: int) -> list[tuple[int, int, int, str]]:
    made = Units(text, blocks, COUNTER, **{"budget": 40, "grain": 12, **limits})
    return [
        (u.start, u.end, u.tokens, u.boundary.name) for u in made.between(0, len(text), heading=bool(heading))
    ]


# Text, kept blocks, limits; for each unit: start, end, tokens, what ends with it.
UNITS: list[tuple[str, tuple[Span, ...], dict[str, int], list[tuple[int, int, int, str]]]] = [
    (
        "One line.\nAnother.\n\nA paragraph.\n",
        (),
        {},
        [(0, 9, 3, "LINE"), (10, 18, 2, "PARAGRAPH"), (20, 32, 3, "LINE")],
    ),
    ("# Head\n\nText below it.", (), {"heading": True}, [(0, 6, 2, "HEADING"), (8, 22, 4, "LINE")]),
    (
        "Text of one line, and more words, to be cut; since there are many of them here, and no end. "
        "Short one! Another?",
        (),
        {},
        [
            (0, 43, 12, "ANYWHERE"),
            (43, 90, 12, "ANYWHERE"),
            (90, 91, 1, "SENTENCE"),
            (92, 102, 3, "SENTENCE"),
            (103, 111, 2, "LINE"),
        ],
    ),
    ("  indented line\n\n\n  \nlast   ", (), {}, [(0, 15, 3, "PARAGRAPH"), (21, 25, 1, "LINE")]),
    ("```\na\n\nb\n```\nafter", ((0, 12),), {}, [(0, 12, 8, "LINE"), (13, 18, 1, "LINE")]),
    (
        "```\na\n\nb\n```\nafter",
        ((0, 12),),
        {"budget": 3, "grain": 3},
        [
            (0, 3, 3, "LINE"),
            (4, 5, 1, "PARAGRAPH"),
            (7, 8, 1, "LINE"),
            (9, 12, 3, "LINE"),
            (13, 18, 1, "LINE"),
        ],
    ),
    ("x\n\n", ((0, 1),), {}, [(0, 1, 1, "PARAGRAPH")]),
    ("\n\n", ((0, 1),), {}, []),
    (
        "知识就是力量。学而时习之，不亦说乎？有朋自远方来，不亦乐乎！",
        (),
        {},
        [(0, 7, 7, "SENTENCE"), (7, 18, 11, "SENTENCE"), (18, 30, 12, "LINE")],
    ),
    (
        "averyveryverylongwordwithoutanyspaces" * 6,
        (),
        {},
        [
            (0, 12, 12, "ANYWHERE"),
            (12, 24, 12, "ANYWHERE"),
            (24, 36, 12, "ANYWHERE"),
            (36, 48, 12, "ANYWHERE"),
            (48, 60, 12, "ANYWHERE"),
            (60, 72, 12, "ANYWHERE"),
            (72, 84, 12, "ANYWHERE"),
            (84, 96, 12, "ANYWHERE"),
            (96, 106, 10, "ANYWHERE"),
            (106, 118, 12, "ANYWHERE"),
            (118, 130, 12, "ANYWHERE"),
            (130, 142, 12, "ANYWHERE"),
            (142, 154, 12, "ANYWHERE"),
            (154, 166, 12, "ANYWHERE"),
            (166, 178, 12, "ANYWHERE"),
            (178, 190, 12, "ANYWHERE"),
            (190, 200, 10, "ANYWHERE"),
            (200, 222, 7, "LINE"),
        ],
    ),
    (
        "e\u0301" * 30,
        (),
        {"grain": 4},
        [
            (0, 4, 4, "ANYWHERE"),
            (4, 8, 4, "ANYWHERE"),
            (8, 12, 4, "ANYWHERE"),
            (12, 16, 4, "ANYWHERE"),
            (16, 20, 4, "ANYWHERE"),
            (20, 24, 4, "ANYWHERE"),
            (24, 28, 4, "ANYWHERE"),
            (28, 32, 4, "ANYWHERE"),
            (32, 36, 4, "ANYWHERE"),
            (36, 40, 4, "ANYWHERE"),
            (40, 44, 4, "ANYWHERE"),
            (44, 48, 4, "ANYWHERE"),
            (48, 52, 4, "ANYWHERE"),
            (52, 56, 4, "ANYWHERE"),
            (56, 60, 4, "LINE"),
        ],
    ),
    (
        "word " * 40,
        (),
        {},
        [(0, 59, 12, "SPACE"), (60, 119, 12, "SPACE"), (120, 179, 12, "SPACE"), (180, 199, 4, "LINE")],
    ),
    (
        "word," * 40,
        (),
        {},
        [
            (0, 30, 12, "SPACE"),
            (30, 60, 12, "SPACE"),
            (60, 90, 12, "SPACE"),
            (90, 120, 12, "SPACE"),
            (120, 150, 12, "SPACE"),
            (150, 180, 12, "SPACE"),
            (180, 200, 8, "LINE"),
        ],
    ),
    (" " * 90 + "word " * 5, (), {"grain": 4}, [(90, 109, 4, "SPACE"), (110, 114, 1, "LINE")]),
    (
        "word " * 60,
        (),
        {"characters": 200, "grain": 30},
        [
            (0, 59, 12, "SPACE"),
            (60, 119, 12, "SPACE"),
            (120, 179, 12, "SPACE"),
            (180, 239, 12, "SPACE"),
            (240, 299, 12, "LINE"),
        ],
    ),
    (
        'He said "so." Then (he left.) 「はい。」そして。',
        (),
        {"grain": 5},
        [
            (0, 12, 5, "ANYWHERE"),
            (12, 13, 1, "SENTENCE"),
            (14, 28, 5, "ANYWHERE"),
            (28, 29, 1, "SENTENCE"),
            (30, 35, 5, "SENTENCE"),
            (35, 39, 4, "LINE"),
        ],
    ),
    ("👩\u200d👩\u200d👧" * 8, (), {"grain": 4}, [(0, 40, 1, "LINE")]),
    (
        "a b. c d. e f.\n\ng h",
        (),
        {"grain": 3, "heading": True},
        [(0, 4, 3, "SENTENCE"), (5, 9, 3, "SENTENCE"), (10, 14, 3, "PARAGRAPH"), (16, 19, 2, "LINE")],
    ),
]


@pytest.mark.parametrize("case", range(len(UNITS)))
def test_units_are_what_they_were(case: int) -> None:
    text, blocks, how, expected = UNITS[case]
    assert units(text, *blocks, **how) == expected


def test_the_order_of_boundaries() -> None:
    assert [b.name for b in sorted(Boundary)] == [
        "PARAGRAPH",
        "LINE",
        "SENTENCE",
        "SPACE",
        "ANYWHERE",
        "HEADING",
    ]
