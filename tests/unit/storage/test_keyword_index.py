"""Exact words: what is found, in which order, and what becomes of a damaged folder."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tantivy

from notesearch.errors import DiskFull, StoreError
from notesearch.storage.local.index_protocols import KeywordQuery, Where, WordBlock
from notesearch.storage.local.keyword.tantivy_index import KeywordIndex
from notesearch.storage.local.position import Rebuild, Replay, SavedAt, UpToDate
from notesearch.text import analysis

INSTANCE = "this store"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[KeywordIndex]:
    index = KeywordIndex(tmp_path / "keyword")
    index.load(instance=INSTANCE, position=0)
    yield index
    index.close()


def block(
    document_id: int,
    text: str,
    *,
    title: str = "Note",
    language: str = "en",
    facets: Sequence[str] = (),
    part: int = 0,
) -> WordBlock:
    return WordBlock(
        document_id=document_id,
        first=part,
        last=part,
        title=title,
        titles=(title,),
        text=text,
        language=language,
        facets=facets,
    )


Put = Callable[..., None]


@pytest.fixture
def put(index: KeywordIndex) -> Put:
    """Put texts (or blocks) into the index as documents 1, 2, ..."""

    def put(*texts: str | WordBlock, language: str = "en") -> None:
        blocks = [
            t if isinstance(t, WordBlock) else block(i, t, language=language) for i, t in enumerate(texts, 1)
        ]
        index.apply(blocks, [], index.position + 1, INSTANCE)

    return put


def ask(
    index: KeywordIndex, text: str = "", *, among: Sequence[int] | None = None, limit: int = 10, **how: object
) -> list[int]:
    words = tuple(analysis.spaced(text).split())
    query = KeywordQuery(words=words, runs=tuple(analysis.unspaced_runs(text)), **how)  # type: ignore[arg-type]
    return [hit.document_id for hit in index.search(query, limit, among).hits]


# Words


def test_words_in_any_order_the_note_that_holds_all_of_them_first(index: KeywordIndex, put: Put) -> None:
    put("sour bread", "bread and butter", "sour cream", "garden")
    assert ask(index, "bread sour")[0] == 1
    assert set(ask(index, "bread sour")) == {1, 2, 3}
    assert ask(index, "nothing") == []


def test_the_total_counts_what_holds_all_words(index: KeywordIndex, put: Put) -> None:
    put("sour bread", "bread and butter", "sour cream bread")
    assert index.search(KeywordQuery(words=("sour", "bread")), 1).total == 2
    assert index.search(KeywordQuery(words=("sour", "butter")), 10).total == 3


def test_names_with_signs_are_not_their_letters(index: KeywordIndex, put: Put) -> None:
    put("C and assembler", "the C++ compiler", "C# and F# on .NET", "a net of c and f")
    assert ask(index, "c++") == [2]
    assert ask(index, "C++ compiler")[0] == 2
    assert ask(index, "C#") == ask(index, "F#") == ask(index, ".net") == [3]
    assert ask(index, "J#") == []
    assert set(ask(index, "c")) == {1, 2, 3, 4}
    assert index.documents_with_phrase("the C++ compiler") == {2}
    assert index.documents_with_phrase("C#") == {3}
    assert ask(index, "csharp") == [3]


def test_a_name_with_signs_in_a_title(index: KeywordIndex, put: Put) -> None:
    put(block(1, "body", title="C"), block(2, "body", title="C++"))
    assert index.documents_with_phrase("C++", where=Where.CALLED) == {2}
    assert ask(index, "C++") == [2]


def test_titles_weigh_more(index: KeywordIndex, put: Put) -> None:
    put(
        "a word about tomatoes here and there",
        block(2, "something else, as long as the other", title="Tomatoes"),
    )
    assert ask(index, "tomatoes") == [2, 1]


def test_words_side_by_side_weigh_more(index: KeywordIndex, put: Put) -> None:
    put("train for the long night before", "the night train goes at ten")
    assert ask(index, "night train")[0] == 2


def test_the_last_word_is_a_beginning_while_it_is_typed(index: KeywordIndex, put: Put) -> None:
    put("fermentation takes days", "fermata in music")
    assert ask(index, "ferment", prefix=True) == [1]
    assert set(ask(index, "ferm", prefix=True)) == {1, 2}
    assert ask(index, "ferm") == []
    assert ask(index, "takes ferm", prefix=True)[0] == 1


def test_the_beginning_of_a_title(index: KeywordIndex, put: Put) -> None:
    put(block(1, "body", title="Fermentation"), block(2, "fermentation in passing, " + "other words " * 50))
    assert ask(index, "ferm", prefix=True)[0] == 1


@pytest.mark.parametrize(
    ("language", "text", "asked"),
    [
        ("en", "she studies bridges", "studying bridge"),
        ("de", "die Häuser am See", "Hauses"),
        ("de", "die Häuser am See", "haus"),
        ("fr", "les maisons anciennes", "maison ancienne"),
        ("es", "los niños corriendo", "niño"),
        ("ru", "читаю книги", "книгой"),
        ("fi", "taloissa", "talossa"),
        ("it", "le montagne", "montagna"),
        ("sv", "flickorna", "flickor"),
        ("pt", "os livros", "livro"),
    ],
)
def test_stems(index: KeywordIndex, put: Put, language: str, text: str, asked: str) -> None:
    put(text, language=language)
    assert ask(index, asked, languages=(language, "en")) == [1]


def test_diacritics_do_not_matter_in_either_direction(index: KeywordIndex, put: Put) -> None:
    put("crème brûlée", "Zurich", "naïve Ångström")
    assert ask(index, "creme brulee") == [1]
    assert ask(index, "Zürich") == [2]
    assert ask(index, "angstrom") == [3]


@pytest.mark.parametrize(
    ("typed", "wanted"), [("sourdoguh", 1), ("tomatos", 2), ("fermentaton", 1), ("garedn", 3)]
)
def test_small_typing_errors_are_forgiven(index: KeywordIndex, put: Put, typed: str, wanted: int) -> None:
    put("sourdough fermentation", "tomatoes", "garden")
    assert wanted in ask(index, typed)


def test_a_word_that_is_there_is_not_taken_for_another(index: KeywordIndex, put: Put) -> None:
    put("garden", "warden")
    assert ask(index, "garden") == [1]


def test_short_words_are_not_guessed_at(index: KeywordIndex, put: Put) -> None:
    put("cat", "car")
    assert ask(index, "cab") == []


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("我昨天去了北京大学图书馆", "北京大学"),
        ("我昨天去了北京大学图书馆", "图书"),
        ("知识管理的方法", "识"),
        ("東京タワーに行きました", "タワー"),
        ("カタカナとひらがな", "ひらがな"),
        ("한국어 노트 정리", "노트"),
        ("การทำขนมปัง", "ขนม"),
        ("笔记 about 知识 graphs", "graphs 知识"),
    ],
)
def test_scripts_without_spaces(index: KeywordIndex, put: Put, text: str, asked: str) -> None:
    put(text, "無関係の文", "plain text")
    assert ask(index, asked)[0] == 1


def test_stop_words_alone_are_searched(index: KeywordIndex, put: Put) -> None:
    put("to be or not to be", "garden")
    assert ask(index, "to be or not to be") == [1]


# Phrases and filters


def test_a_phrase_stands_as_it_is_written(index: KeywordIndex, put: Put) -> None:
    put("the night train", "train by night", "night and train", "a nightly train")
    assert index.documents_with_phrase("night train") == {1}
    assert index.documents_with_phrase("Night TRAIN!") == {1}
    assert index.documents_with_phrase("train") == {1, 2, 3, 4}
    assert index.documents_with_phrase("...") == set()
    assert ask(index, phrases=("night train",), filtered=True, among=[1]) == [1]


def test_a_quoted_name_with_joints_is_found_however_it_is_joined(index: KeywordIndex, put: Put) -> None:
    put("a git-config", "the .git/config file", "a git config", "config of git", "s/1$/one/p", "s/1/one/")
    for phrase in ("git/config", "git-config", "git config"):
        assert index.documents_with_phrase(phrase) == {1, 2, 3}, phrase
    assert index.documents_with_phrase("s/1$/one") == {5, 6}


def test_a_phrase_of_a_script_without_spaces(index: KeywordIndex, put: Put) -> None:
    put("北京大学图书馆", "大学在北京", "图书")
    assert index.documents_with_phrase("北京大学") == {1}
    assert index.documents_with_phrase("图书") == {1, 3}


def test_phrases_in_the_title_alone(index: KeywordIndex, put: Put) -> None:
    put(block(1, "text", title="Night train to Vienna"), block(2, "night train", title="Other"))
    assert index.documents_with_phrase("night train", where=Where.CALLED) == {1}
    assert index.documents_with_phrase("vienna", where=Where.CALLED) == {1}
    assert index.documents_with_phrase("text", where=Where.CALLED) == set()


def test_a_title_of_a_script_without_spaces(index: KeywordIndex, put: Put) -> None:
    put(block(1, "内容", title="北京旅行"), block(2, "北京旅行", title="Other"))
    assert index.documents_with_phrase("北京", where=Where.CALLED) == {1}
    assert index.documents_with_phrase("北京旅行", where=Where.CALLED) == {1}


def test_facets_filter_and_exclude(index: KeywordIndex, put: Put) -> None:
    put(
        block(1, "bread", facets=["tag:a", "type:text"]),
        block(2, "bread", facets=["tag:b"]),
        block(3, "bread"),
    )
    assert ask(index, "bread", facets=("tag:a",)) == [1]
    assert set(ask(index, "bread", without_facets=("tag:a",))) == {2, 3}
    assert ask(index, "bread", facets=("tag:a", "tag:b")) == []
    assert ask(index, facets=("tag:b",)) == [2]
    assert ask(index, without_facets=("tag:b",), facets=("type:text",)) == [1]


def test_filters_do_not_change_the_score(index: KeywordIndex, put: Put) -> None:
    put(block(1, "bread and sour", facets=["tag:a"]), block(2, "bread", facets=["tag:a"]), block(3, "else"))
    plain = index.search(KeywordQuery(words=("bread",)), 10).hits
    filtered = index.search(KeywordQuery(words=("bread",), facets=("tag:a",)), 10, [1, 2]).hits
    assert [round(h.score, 4) for h in plain] == [round(h.score, 4) for h in filtered]


def test_among_is_an_allow_list(index: KeywordIndex, put: Put) -> None:
    put("bread one", "bread two", "bread three")
    assert set(ask(index, "bread", among=[2, 3])) == {2, 3}
    assert ask(index, "bread", among=[99]) == []


def test_nothing_asked_nothing_found(index: KeywordIndex, put: Put) -> None:
    put("bread")
    assert ask(index) == []
    assert ask(index, "...") == []


def test_the_best_come_first_and_no_more_than_asked(index: KeywordIndex, put: Put) -> None:
    put(*[f"bread {'butter ' * i}" for i in range(30)])
    hits = index.search(KeywordQuery(words=("bread",)), 7).hits
    assert len(hits) == 7
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


SYNTAX = [
    "*",
    "a:b",
    "(",
    '"',
    "AND",
    "OR NOT",
    "\\",
    "[a TO b]",
    "^2",
    "~",
    "日" * 300,
    "x" * 5000,
    "\x00",
    "🍞",
    "é" * 300,
]


@pytest.mark.parametrize("word", SYNTAX)
def test_nothing_in_a_query_is_syntax(index: KeywordIndex, put: Put, word: str) -> None:
    put("bread")
    for prefix in (False, True):
        ask(index, word, prefix=prefix)
        ask(index, phrases=(word,))
    index.documents_with_phrase(word)
    index.documents_with_phrase(word, where=Where.CALLED)


# Changing, opening, damage


def test_a_changed_document_replaces_all_its_blocks_and_a_removed_one_goes(index: KeywordIndex) -> None:
    index.apply([block(1, "old first"), block(1, "old second", part=1), block(2, "keep")], [], 3, INSTANCE)
    assert len(index) == 3
    index.apply([block(1, "new")], [], 4, INSTANCE)
    assert ask(index, "old") == []
    assert ask(index, "new") == [1]
    index.apply([], [2], 5, INSTANCE)
    assert ask(index, "keep") == []
    assert (index.position, len(index)) == (5, 1)


def reopened(
    index: KeywordIndex, folder: Path, *, position: int, instance: str = INSTANCE, read_only: bool = False
) -> tuple[KeywordIndex, object]:
    index.close()
    other = KeywordIndex(folder, read_only=read_only)
    return other, other.load(instance=instance, position=position)


def test_opened_again(index: KeywordIndex, put: Put, tmp_path: Path) -> None:
    put("bread")
    other, plan = reopened(index, tmp_path / "keyword", position=1)
    assert plan == UpToDate()
    assert ask(other, "bread") == [1]
    other, plan = reopened(other, tmp_path / "keyword", position=9)
    assert plan == Replay(1)
    other.apply([block(7, "cake")], [], 9, INSTANCE)
    assert set(ask(other, "bread cake")) == {1, 7}
    other, plan = reopened(other, tmp_path / "keyword", position=9, instance="another")
    assert isinstance(plan, Rebuild)
    assert len(other) == 0
    other.close()


def damage_garbage(folder: Path) -> None:
    (folder / "meta.json").write_bytes(b"\x00garbage")


def damage_truncated(folder: Path) -> None:
    (folder / "meta.json").write_bytes((folder / "meta.json").read_bytes()[:-20])


def damage_missing(folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix in (".idx", ".term", ".pos", ".store", ".fast", ".fieldnorm"):
            path.unlink()


def damage_cut(folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix in (".idx", ".term", ".pos", ".store", ".fast", ".fieldnorm"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_no_position(folder: Path) -> None:
    (folder / "position.json").unlink()


def damage_gone(folder: Path) -> None:
    shutil.rmtree(folder)


DAMAGES = [damage_garbage, damage_truncated, damage_missing, damage_cut, damage_no_position, damage_gone]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_rebuilt(
    index: KeywordIndex, put: Put, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    put("bread", "cake")
    index.close()
    damage(tmp_path / "keyword")
    other, plan = reopened(index, tmp_path / "keyword", position=1)
    assert isinstance(plan, Rebuild)
    assert plan.reason
    assert len(other) == 0
    other.apply([block(1, "bread")], [], 1, INSTANCE)
    assert ask(other, "bread") == [1]
    other.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_reader_says_that_it_is_not_ready_and_changes_nothing(
    index: KeywordIndex, put: Put, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    put("bread")
    index.close()
    damage(tmp_path / "keyword")
    before = sorted(p.name for p in (tmp_path / "keyword").glob("*"))
    reader = KeywordIndex(tmp_path / "keyword", read_only=True)
    with pytest.raises(StoreError) as refused:
        reader.load(instance=INSTANCE, position=1)
    assert refused.value.retryable
    assert sorted(p.name for p in (tmp_path / "keyword").glob("*")) == before


def test_a_reader_sees_what_the_owner_commits(index: KeywordIndex, put: Put, tmp_path: Path) -> None:
    put("bread")
    reader = KeywordIndex(tmp_path / "keyword", read_only=True)
    assert reader.load(instance=INSTANCE, position=1) == UpToDate()
    index.apply([block(2, "cake")], [], 2, INSTANCE)
    assert ask(reader, "cake") == []
    reader.refresh()
    assert ask(reader, "cake") == [2]
    assert reader.position == 2
    reader.close()


def test_closed_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        len(KeywordIndex(tmp_path / "keyword"))


class OnAFullDisk:
    """An index of tantivy whose disk is full."""

    def __init__(self, real: tantivy.Index) -> None:
        self.real = real

    def writer(self, **_: object) -> FullDisk:
        return FullDisk()

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


class FullDisk:
    """A writer of tantivy whose disk is full."""

    def garbage_collect_files(self) -> None:
        pass

    def delete_documents_by_query(self, _: object) -> None:
        pass

    def add_document(self, _: object) -> None:
        pass

    def commit(self) -> None:
        raise ValueError("An IO error occurred: 'No space left on device (os error 28)'")


def test_a_full_disk_is_waited_for_and_nothing_is_lost(
    index: KeywordIndex, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tantivy.Index
    before = index.position
    with monkeypatch.context() as patched:
        patched.setattr(tantivy, "Index", lambda *where, **how: OnAFullDisk(real(*where, **how)))
        # What rests is opened anew.
        index.rest()
        with pytest.raises(DiskFull) as full:
            index.apply([block(1, "zanzibar")], [], before + 1, "a")
    index.rest()
    assert full.value.retryable
    assert index.position == before

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(SavedAt, "save", refuse)
        with pytest.raises(DiskFull):
            index.apply([block(1, "zanzibar")], [], before + 1, "a")
    index.apply([block(1, "zanzibar")], [], before + 1, "a")
    assert [hit.document_id for hit in index.search(KeywordQuery(words=("zanzibar",)), 10).hits] == [1]


def test_files_of_a_commit_that_was_killed_are_in_nobodys_way(tmp_path: Path) -> None:
    folder, other = tmp_path / "k", tmp_path / "other"
    before = KeywordIndex(folder)
    before.load(instance="a", position=0)
    before.apply([block(n, f"word{n}") for n in (1, 2, 3)], [], 3, "a")
    before.close()
    shutil.copytree(folder, other)
    killed = KeywordIndex(other)
    killed.load(instance="a", position=3)
    killed.apply([], [1], 4, "a")
    killed.close()
    # What tantivy writes before it names the commit in meta.json.
    (left,) = other.glob("*.del")
    for written in (left, other / ".managed.json"):
        shutil.copy(written, folder)
    index = KeywordIndex(folder)
    index.load(instance="a", position=4)
    index.apply([], [1], 4, "a")
    assert index.documents() == {2, 3}
    index.close()


def test_a_reader_never_says_it_holds_what_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner may commit at any moment, between the two looks of `refresh` too."""
    owner = KeywordIndex(tmp_path / "k")
    owner.load(instance="a", position=0)
    reader = KeywordIndex(tmp_path / "k", read_only=True)
    reader.load(instance="a", position=0)
    load = SavedAt.load
    commits = iter((1, 2))

    def load_and_commit(path: Path) -> SavedAt | None:
        saved = load(path)
        number = next(commits)
        owner.apply([block(number, f"word{number}")], [], number, "a")
        return saved

    owner.apply([block(9, "nine")], [], 0, "a")
    monkeypatch.setattr(SavedAt, "load", load_and_commit)
    reader.refresh()
    assert reader.position == 0
    reader.refresh()
    assert reader.position == 1
    monkeypatch.undo()
    assert len(reader) == 3
    owner.close()
    reader.close()


def test_an_index_that_holds_nothing_yet_can_be_read(tmp_path: Path) -> None:
    owner = KeywordIndex(tmp_path / "k")
    owner.load(instance="a", position=0)
    reader = KeywordIndex(tmp_path / "k", read_only=True)
    assert isinstance(reader.load(instance="a", position=0), UpToDate)
    assert reader.search(KeywordQuery(words=("x",)), 10).hits == ()
    owner.close()
    reader.close()


# Rest


def test_at_rest_it_is_asked_and_taken_into_as_before(index: KeywordIndex, put: Put) -> None:
    put("sour bread", "garden")
    for _ in range(2):
        index.rest()
        index.rest()
        assert ask(index, "bread") == [1]
    index.rest()
    index.apply([block(3, "rye bread")], [1], index.position + 1, INSTANCE)
    assert ask(index, "bread") == [3]
    index.rest()
    assert len(index) == 2


def test_closed_at_rest_it_stays_closed(index: KeywordIndex, put: Put) -> None:
    put("sour bread")
    index.rest()
    index.close()
    index.rest()
    with pytest.raises(StoreError):
        ask(index, "bread")


def test_one_that_was_never_open_does_not_rest(tmp_path: Path) -> None:
    never = KeywordIndex(tmp_path / "never")
    never.rest()
    with pytest.raises(StoreError):
        ask(never, "bread")


def test_what_cannot_be_opened_again_is_said(tmp_path: Path, index: KeywordIndex, put: Put) -> None:
    put("sour bread")
    index.rest()
    shutil.rmtree(tmp_path / "keyword")
    with pytest.raises(StoreError):
        ask(index, "bread")


def test_searches_do_not_notice_that_it_goes_to_rest(index: KeywordIndex, put: Put) -> None:
    put("sour bread", "garden")
    ended = threading.Event()

    def go_to_rest() -> None:
        while not ended.is_set():
            index.rest()

    with ThreadPoolExecutor(3) as pool:
        resting = pool.submit(go_to_rest)
        try:
            answers = [pool.submit(ask, index, "bread") for _ in range(200)]
            assert [answer.result() for answer in answers] == [[1]] * 200
        finally:
            ended.set()
        resting.result()
