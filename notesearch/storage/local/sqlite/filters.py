"""Filters evaluated in SQLite: which documents have these facets. No statement reads a whole table.

A facet is a string such as "tag:x" or "type:markdown". `without` are facets that a document must not have. A
filter that few documents pass is answered as a set of ids (`documents_with`); one that most pass is tested on
candidates (`passing`). `estimate` tells which it is. Reads only; any thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime

from notesearch.domain.file_times import LATEST_NS
from notesearch.storage.local.sqlite.database import Database
from notesearch.storage.values import DATE

# How many documents one statement looks at to find the newest that pass.
PAGE = 500
# When so many times more documents than expected were looked at, the filter is answered as a set of ids.
PATIENCE = 8


def _nanoseconds(day: date) -> int:
    """The beginning of a day here, in nanoseconds since 1970."""
    if day.year <= 1970:
        # Some systems know no time zone of then.
        return (day - date(1970, 1, 1)).days * 86_400_000_000_000
    return int(datetime(day.year, day.month, day.day).timestamp()) * 1_000_000_000


class Filtering:
    """The part of the store that evaluates filters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_documents(self) -> int:
        """How many documents there are, from the kept counts."""
        return int(self._database.one("SELECT coalesce(sum(documents), 0) FROM counts")[0])

    def facet_count(self, facet: str) -> int:
        """How many documents have a facet, from the kept counts."""
        row = self._database.one("SELECT documents FROM facet_counts WHERE facet = ?", (facet,))
        return int(row[0]) if row else 0

    def estimate(self, facets: Sequence[str], without: Sequence[str]) -> int:
        """The most documents that can pass: those with the rarest facet, less those with the commonest of
        `without` where there is no other facet. Exact where one facet is asked for."""
        if facets:
            return min(self.facet_count(facet) for facet in facets)
        return self.count_documents() - max((self.facet_count(facet) for facet in without), default=0)

    def documents_with(self, facets: Sequence[str], without: Sequence[str] = ()) -> set[int]:
        """Ids of the documents that have all of `facets` (at least one) and none of `without`. The cost grows
        with the documents of the rarest facet."""
        if not facets:
            raise ValueError("a set of all documents is never asked for")
        rarest, *others = sorted(facets, key=self.facet_count)
        sql = "SELECT f.document_id FROM facets f WHERE f.facet = ?"
        has = "EXISTS (SELECT 1 FROM facets o WHERE o.facet = ? AND o.document_id = f.document_id)"
        sql += f" AND {has}" * len(others) + f" AND NOT {has}" * len(without)
        return {row[0] for row in self._database.read(sql, (rarest, *others, *without))}

    def fingerprints_with(
        self, fingerprints: Sequence[str], facets: Sequence[str], without: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Those of these fingerprints by which a document that passes is embedded. Each is searched from the
        side with fewer documents, up to the first one found."""
        rarest, *others = sorted(facets, key=self.facet_count)
        number, total = self.facet_count(rarest), self.count_documents()
        counted = dict(
            self._database.read("SELECT fingerprint, sum(documents) FROM counts GROUP BY fingerprint")
        )
        has = "EXISTS (SELECT 1 FROM facets o WHERE o.facet = ? AND o.document_id = d.id)"
        more = f"{f' AND {has}' * len(others)}{f' AND NOT {has}' * len(without)} LIMIT 1"
        by_facet = (
            "SELECT 1 FROM facets f CROSS JOIN documents d ON d.id = f.document_id"
            f" WHERE d.fingerprint = ? AND f.facet = ?{more}"
        )
        by_folder = (
            "SELECT 1 FROM counts c CROSS JOIN documents d ON d.folder_id = c.folder_id"
            f" WHERE c.fingerprint = ?1 AND d.fingerprint = ?1 AND {has.replace('?', '?2')}{more}"
        )
        found = []
        for fingerprint in fingerprints:
            own = counted.get(fingerprint, 0)
            surely = number + own > total and not others and not without
            sql = by_folder if own < number else by_facet
            if surely or self._database.one(sql, (fingerprint, rarest, *others, *without)):
                found.append(fingerprint)
        return tuple(found)

    def fingerprints_beside(self, excluded: Collection[int]) -> tuple[str, ...]:
        """Fingerprints by which documents that are not `excluded` are embedded."""
        left = dict(
            self._database.read("SELECT fingerprint, sum(documents) FROM counts GROUP BY fingerprint")
        )
        for fingerprint, number in self._database.chosen(
            "SELECT fingerprint, count(*) FROM documents WHERE id IN ({}) GROUP BY fingerprint",
            list(excluded),
        ):
            left[fingerprint] -= number
        return tuple(fingerprint for fingerprint, number in left.items() if number > 0)

    def passing(self, ids: Collection[int], facets: Sequence[str], without: Sequence[str] = ()) -> set[int]:
        """Those of these documents that have all of `facets` and none of `without`."""
        left = set(ids)
        for facet in facets:
            left &= self._having(facet, left)
        for facet in without:
            left -= self._having(facet, left)
        return left

    def _having(self, facet: str, ids: Collection[int]) -> set[int]:
        sql = "SELECT document_id FROM facets WHERE document_id IN ({}) AND facet = ?"
        return {row[0] for row in self._database.chosen(sql, list(ids), facet)}

    def dated(self, after: date | None, before: date | None) -> set[int]:
        """Ids of the documents whose date is from `after` on, and earlier than `before`: their own date, else
        the day of their file."""
        first = (after or date.min).isoformat()
        last = (before or date.max).isoformat()
        own = self._database.read(
            "SELECT document_id FROM facets WHERE facet >= ? AND facet < ?",
            (f"{DATE}:{first}", f"{DATE}:{last}"),
        )
        # Files have times of these years.
        times = [
            min(max(_nanoseconds(day), 0), LATEST_NS)
            for day in (after or date.min, before or date(2263, 1, 1))
        ]
        by_file = self._database.read(
            "SELECT d.id FROM documents d WHERE d.mtime_ns >= ? AND d.mtime_ns < ? AND NOT EXISTS"
            " (SELECT 1 FROM facets f WHERE f.document_id = d.id AND f.facet >= ? AND f.facet < ?)",
            (*times, f"{DATE}:", f"{DATE};"),
        )
        return {row[0] for row in (*own, *by_file)}

    def latest(self, ids: Collection[int], limit: int) -> list[int]:
        """The latest `limit` of these documents, by their own date, else the time of their file."""
        times = {i: time for time, i in self._times(ids)}
        own = self._database.chosen(
            "SELECT document_id, facet FROM facets WHERE document_id IN ({}) AND facet >= ? AND facet < ?",
            list(ids),
            f"{DATE}:",
            f"{DATE};",
        )
        for document_id, facet in own:
            day = date.fromisoformat(facet[len(DATE) + 1 :])
            times[document_id] = _nanoseconds(day)
        return sorted(times, key=lambda i: (-times[i], i))[:limit]

    def _times(self, ids: Collection[int]) -> Iterator[tuple[int, int]]:
        return self._database.chosen("SELECT mtime_ns, id FROM documents WHERE id IN ({})", list(ids))

    def newest(
        self,
        limit: int,
        facets: Sequence[str] = (),
        without: Sequence[str] = (),
        among: Collection[int] | None = None,
        excluded: Collection[int] = (),
    ) -> list[int]:
        """The newest `limit` documents that pass the filter, are in `among` (None: any) and not in
        `excluded`. Where most documents pass, they are read in pages, newest first. Where few pass, those few
        are sorted."""
        total = self.count_documents()
        number = min(self.estimate(facets, without), total if among is None else len(among))
        if number <= 0:
            return []
        to_look_at = limit * total // number
        if (facets or among is not None) and number < to_look_at:
            return self._newest_of_set(limit, facets, without, among, excluded)
        found: list[int] = []
        looked_at = 0
        for page in self._pages():
            passing = self.passing(
                [i for i in page if (among is None or i in among) and i not in excluded], facets, without
            )
            found += [i for i in page if i in passing]
            looked_at += len(page)
            if len(found) >= limit:
                break
            if (facets or among is not None) and looked_at > max(PATIENCE * to_look_at, number):
                return self._newest_of_set(limit, facets, without, among, excluded)
        return found[:limit]

    def _pages(self) -> Iterator[list[int]]:
        """Ids of all documents, newest first, PAGE at a time."""
        time, last = LATEST_NS, 0
        while True:
            page = self._database.read(
                "SELECT id, mtime_ns FROM documents WHERE mtime_ns = ? AND id > ? ORDER BY id LIMIT ?",
                (time, last, PAGE),
            )
            page += self._database.read(
                "SELECT id, mtime_ns FROM documents WHERE mtime_ns < ? ORDER BY mtime_ns DESC, id LIMIT ?",
                (time, PAGE - len(page)),
            )
            if not page:
                return
            yield [row[0] for row in page]
            last, time = page[-1]

    def _newest_of_set(
        self,
        limit: int,
        facets: Sequence[str],
        without: Sequence[str],
        among: Collection[int] | None,
        excluded: Collection[int],
    ) -> list[int]:
        if among is not None:
            ids = self.passing(among, facets, without)
        else:
            ids = self.documents_with(facets, without)
        times = self._times(ids - set(excluded))
        return [i for _, i in sorted(times, key=lambda row: (-row[0], row[1]))[:limit]]
