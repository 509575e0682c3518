"""Puts together what the preview shows of a note, for formats whose text is turned into Markdown line by
line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from notesearch.documents.formats.blocks import Block, Kind, Shown


def shown_note(
    text: str,
    blocks: Iterable[Block],
    markdown: Callable[[list[str]], list[str]],
    shown_block: Callable[[Block, list[str], int], Iterable[Shown | str]],
) -> Iterator[Shown]:
    """What the preview shows of `text`, in the order of its lines.

    `markdown` turns the lines between two blocks into Markdown, one line for each. `shown_block(block, lines,
    line)` shows a block, whose first line has the number `line` (from 0). It gives lines of Markdown, which
    must be one for each line of the note from the block's first on, or a Shown. Neighbouring lines of
    Markdown become one Shown of the kind TEXT.
    """
    run: list[str] = []
    line = position = 0
    for block in (*blocks, None):
        between = text[position : block.start if block else len(text)]
        if between:
            lines = between.removesuffix("\n").split("\n")
            run += markdown(lines)
            line += len(lines)
        if block is None:
            break
        lines = text[block.start : block.end].split("\n")
        end = line
        for item in shown_block(block, lines, line):
            if isinstance(item, str):
                run.append(item)
                end += 1
                continue
            if run:
                yield _text(run, end)
                run = []
            yield item
        line += len(lines)
        position = block.end + 1
    if run:
        yield _text(run, line)


def _text(run: list[str], end: int) -> Shown:
    return Shown(kind=Kind.TEXT, line=end - len(run), text="\n".join(run))
