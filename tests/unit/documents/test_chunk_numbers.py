"""Chunks to the character: what a change of the splitter changes has to be seen here, for each change embeds
notes again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL, ChunkRecipe
from notesearch.documents.chunking.splitter import split
from notesearch.documents.formats.registry import extract
from notesearch.domain import Document

RECIPE = LOCAL.recipe
SMALL = ChunkRecipe(target=60, maximum=80, minimum=12, overlap=0.15)
NARROW = replace(SMALL, characters=220)
SENTENCES = (
    "The kettle sings on the stove.",
    "Nobody knows who left the gate open, or why the dog did not bark.",
    "Three boats came in late.",
    "It rained.",
    "The ledger of the mill lists every sack since 1911, and the name of who carried it away.",
)
LONG_TITLE = "A very long title of a note about the mill, its sacks and all the boats"


def prose(number: int, first: int = 0) -> str:
    """So many of the sentences, over and over."""
    return " ".join(SENTENCES[(first + i) % len(SENTENCES)] for i in range(number))


def read(text: str, name: str, *, title: str = "") -> Document:
    document = extract(Path(name), text.encode())
    return replace(document, title=title) if title else document


LONG = f"""Before any heading there is a line of text.

# The mill

## Sacks

{prose(9)}

{prose(4, 2)}

- one sack
- two sacks
- three sacks and the rope that goes with them

## Rope

Short.

### Knots

{prose(3, 1)}

```
tie(a, b)
tie(b, c)
```

{prose(14, 3)}

# Boats

## Late

{prose(2)}
"""
ORG = f"""#+TODO: IDEA | DROPPED
* IDEA Garden
#+TODO: LATER | GONE

{prose(2)}
** Beds

{prose(7, 1)}
#+TODO: A | B
"""
# (start, end, line, tokens, prefix) of each chunk.
EXPECTED: dict[str, tuple[Document, ChunkRecipe, list[tuple[int, int, int, int, str]]]] = {
    "plain": (
        read(LONG, "a.md"),
        SMALL,
        [
            (0, 55, 1, 15, "The mill"),
            (57, 289, 5, 59, "The mill > Sacks"),
            (290, 423, 7, 36, "The mill > Sacks"),
            (387, 652, 7, 65, "The mill > Sacks"),
            (654, 669, 15, 9, "The mill > Rope"),
            (671, 813, 19, 53, "The mill > Rope > Knots"),
            (815, 1037, 28, 58, "The mill > Rope > Knots"),
            (1012, 1234, 28, 58, "The mill > Rope > Knots"),
            (1235, 1457, 28, 58, "The mill > Rope > Knots"),
            (1459, 1573, 30, 34, "The mill > Boats > Late"),
        ],
    ),
    "a long title": (
        read(LONG, "a.md", title=LONG_TITLE),
        SMALL,
        [
            (
                0,
                55,
                1,
                33,
                f"{LONG_TITLE} > The mill",
            ),
            (
                57,
                200,
                5,
                54,
                f"{LONG_TITLE} > Sacks",
            ),
            (
                164,
                320,
                7,
                55,
                f"{LONG_TITLE} > Sacks",
            ),
            (
                290,
                423,
                7,
                51,
                f"{LONG_TITLE} > Sacks",
            ),
            (
                387,
                581,
                7,
                64,
                f"{LONG_TITLE} > Sacks",
            ),
            (
                551,
                652,
                9,
                42,
                f"{LONG_TITLE} > Sacks",
            ),
            (
                654,
                669,
                15,
                24,
                f"{LONG_TITLE} > Rope",
            ),
            (
                671,
                813,
                19,
                66,
                f"{LONG_TITLE} > Knots",
            ),
            (
                815,
                1011,
                28,
                65,
                f"{LONG_TITLE} > Knots",
            ),
            (
                1012,
                1168,
                28,
                55,
                f"{LONG_TITLE} > Knots",
            ),
            (
                1138,
                1271,
                28,
                51,
                f"{LONG_TITLE} > Knots",
            ),
            (
                1235,
                1457,
                28,
                71,
                f"{LONG_TITLE} > Knots",
            ),
            (
                1459,
                1573,
                30,
                47,
                f"{LONG_TITLE} > Late",
            ),
        ],
    ),
    "the bundled model's recipe": (
        read(LONG, "a.md"),
        RECIPE,
        [
            (0, 669, 1, 159, "The mill"),
            (671, 1457, 19, 203, "The mill > Rope > Knots"),
            (1459, 1573, 30, 34, "The mill > Boats > Late"),
        ],
    ),
    "few characters": (
        read(LONG, "a.md"),
        NARROW,
        [
            (0, 55, 1, 15, "The mill"),
            (57, 200, 5, 39, "The mill > Sacks"),
            (164, 320, 7, 40, "The mill > Sacks"),
            (290, 423, 7, 36, "The mill > Sacks"),
            (387, 581, 7, 49, "The mill > Sacks"),
            (551, 652, 9, 27, "The mill > Sacks"),
            (654, 669, 15, 9, "The mill > Rope"),
            (671, 813, 19, 53, "The mill > Rope > Knots"),
            (815, 1011, 28, 52, "The mill > Rope > Knots"),
            (1012, 1168, 28, 42, "The mill > Rope > Knots"),
            (1138, 1271, 28, 38, "The mill > Rope > Knots"),
            (1235, 1391, 28, 42, "The mill > Rope > Knots"),
            (1361, 1457, 28, 29, "The mill > Rope > Knots"),
            (1459, 1573, 30, 34, "The mill > Boats > Late"),
        ],
    ),
    "settings in between": (
        read(ORG, "a.org"),
        SMALL,
        [
            (23, 155, 2, 35, "Garden"),
            (156, 356, 6, 51, "Garden > Beds"),
            (357, 479, 8, 32, "Garden > Beds"),
        ],
    ),
}


@pytest.mark.parametrize("case", EXPECTED)
def test_chunks_are_these(case: str) -> None:
    document, recipe, expected = EXPECTED[case]
    made = split(document, recipe)
    assert [(c.start, c.end, c.line, c.tokens, c.prefix) for c in made] == expected
    assert [c.ordinal for c in made] == list(range(len(expected)))


def test_chunks_name_the_headings_above_them() -> None:
    made = split(read(LONG, "a.md"), SMALL)
    assert [c.heading for c in made] == [
        ("The mill",),
        *[("The mill", "Sacks")] * 3,
        ("The mill", "Rope"),
        *[("The mill", "Rope", "Knots")] * 4,
        ("Boats", "Late"),
    ]
