"""The keyword index over files that are not those that were written: it is made again, and nothing panics."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.errors import StoreError
from notesearch.storage.local.index_protocols import KeywordQuery
from notesearch.storage.local.keyword.tantivy_index import KeywordIndex
from notesearch.storage.local.position import Rebuild, UpToDate
from tests.unit.storage.test_keyword_index import INSTANCE, block


def two_segments(folder: Path) -> KeywordIndex:
    """An index of two commits, so that there are two files of each kind."""
    index = KeywordIndex(folder)
    index.load(instance=INSTANCE, position=0)
    for first, last in ((1, 30), (31, 50)):
        blocks = [block(i, f"note {i} of rye and barley " * last) for i in range(first, last + 1)]
        index.apply(blocks, [], first, INSTANCE)
    return index


def segment_files(folder: Path, suffix: str) -> list[Path]:
    found = sorted(folder.glob(f"*{suffix}"))
    assert len(found) == 2
    return found


@pytest.mark.parametrize("suffix", [".idx", ".pos", ".term", ".fast", ".fieldnorm", ".store"])
def test_two_files_that_were_exchanged_are_noticed_on_opening(tmp_path: Path, suffix: str) -> None:
    two_segments(tmp_path).close()
    one, other = segment_files(tmp_path, suffix)
    one.rename(tmp_path / "between")
    other.rename(one)
    (tmp_path / "between").rename(other)
    index = KeywordIndex(tmp_path)
    assert isinstance(index.load(instance=INSTANCE, position=31), Rebuild)
    assert len(index) == 0
    index.close()


@pytest.mark.parametrize("suffix", [".idx", ".pos", ".term", ".fast", ".fieldnorm", ".store"])
def test_a_byte_in_the_middle_is_noticed_when_all_is_read(tmp_path: Path, suffix: str) -> None:
    two_segments(tmp_path).close()
    path = segment_files(tmp_path, suffix)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x55
    path.write_bytes(content)
    assert KeywordIndex(tmp_path).damaged() == [path.name]


@pytest.mark.parametrize("suffix", [".idx", ".pos", ".term", ".fast"])
def test_damage_that_a_question_meets_breaks_the_index_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    """The file is damaged while the index rests. tantivy panics over some of them."""
    noticed: list[bool] = []
    two_segments(tmp_path).close()
    index = KeywordIndex(tmp_path, noticed=lambda: noticed.append(True))
    index.load(instance=INSTANCE, position=31)
    index.rest()
    for path in segment_files(tmp_path, suffix):
        # Another file of that name: the old one may still be in the memory of a thread that ends.
        (tmp_path / "other").write_bytes(b"\xff" * (path.stat().st_size // 2))
        os.replace(tmp_path / "other", path)

    def questions() -> None:
        index.search(KeywordQuery(words=("rye",)), 5)
        index.documents_with_phrase("rye and barley")
        index.documents()

    with pytest.raises(StoreError) as broken:
        questions()
    assert (broken.value.code, broken.value.retryable) == ("store.words-damaged", True)
    assert index.broken
    assert noticed
    # The next start makes it again, and so can this one.
    assert not (tmp_path / "position.json").exists()
    index.begin_anew(INSTANCE)
    assert not index.broken
    index.apply([block(1, "rye")], [], 1, INSTANCE)
    assert index.documents() == {1}
    index.close()


def test_without_its_list_of_segments_an_index_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    two_segments(tmp_path).close()
    (tmp_path / "meta.json").unlink()
    reader = KeywordIndex(tmp_path, read_only=True)
    with pytest.raises(StoreError, match=r"store\.words-not-ready"):
        reader.load(instance=INSTANCE, position=31)
    assert not (tmp_path / "meta.json").exists()


def test_a_file_that_a_merge_still_writes_does_not_count(tmp_path: Path) -> None:
    index = two_segments(tmp_path)
    begun = tmp_path / f"{'0a' * 16}.idx"
    begun.write_bytes(b"the beginning")
    index.apply([block(60, "rye")], [], 60, INSTANCE)
    begun.write_bytes(b"the beginning and the end")
    assert index.damaged() == []
    index.close()
    index = KeywordIndex(tmp_path)
    assert index.load(instance=INSTANCE, position=60) == UpToDate()
    index.close()


def test_an_index_after_a_merge_is_whole(tmp_path: Path) -> None:
    """Merging makes other files than those that were there when the position was saved."""
    index = two_segments(tmp_path)
    for number in range(61, 81):
        index.apply([block(number, "rye")], [], number, INSTANCE)
    index.close()
    index = KeywordIndex(tmp_path)
    assert index.load(instance=INSTANCE, position=80) == UpToDate()
    assert index.damaged() == []
    assert index.documents() == {*range(1, 51), *range(61, 81)}
    index.close()
