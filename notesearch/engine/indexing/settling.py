"""Settling: the decisions that follow when notes have been read or passages embedded. A next model that is
complete becomes the model that answers. A reconcile that has nothing more to wait for ends."""

from __future__ import annotations

import logging
import threading

from notesearch.catalogue import fingerprint_of
from notesearch.engine.indexing.embedding_workers import EmbeddingWorkers
from notesearch.engine.indexing.queue import Scan, Ticket, Tickets, WorkQueue
from notesearch.engine.models.consent import Consents
from notesearch.errors import ConsentMissing
from notesearch.storage.changes import ModelSwitched
from notesearch.storage.library import Library
from notesearch.storage.values import FolderRow

log = logging.getLogger(__name__)


class Settling:
    """Makes these decisions, one at a time. Any thread may call. The reading thread holds `at_work` while it
    reads; no folder changes its model meanwhile."""

    def __init__(
        self,
        library: Library,
        consents: Consents,
        workers: EmbeddingWorkers,
        tickets: Tickets,
        queue: WorkQueue,
        *,
        at_work: threading.Lock,
    ) -> None:
        self._library = library
        self._consents = consents
        self._workers = workers
        self._tickets = tickets
        self._queue = queue
        self._at_work = at_work
        self._lock = threading.Lock()

    def settle(self) -> None:
        """Switch each folder whose next model is complete to that model. End each reconcile whose folders are
        read and that has nothing more to wait for."""
        with self._lock:
            # The tickets are taken first: one that is added later waits for a later state of the folders.
            read = self._tickets.read()
            folders = self._library.folders()
            if any([self._switch(row) for row in folders if row.next_model]):
                folders = self._library.folders()
            rows = {row.path: row for row in folders}
            for ticket in read:
                if ticket.reading_only or not any(
                    [self._holds_up(rows[path], ticket) for path in ticket.folders if path in rows]
                ):
                    # The caller of a reconcile is to find what was embedded.
                    self._workers.wait_landed()
                    ticket.end()
                    self._tickets.remove(ticket)

    def _switch(self, row: FolderRow) -> bool:
        model = self._consents.known(row.next_model)
        if (
            model is None
            or not self._consents.agreed(row, model)
            or not self._at_work.acquire(blocking=False)
        ):
            # Notes are being read. This is decided again when they are.
            return False
        try:
            switch = ModelSwitched(folder_id=row.id, model=row.next_model, fingerprint=fingerprint_of(model))
            if not self._library.apply([switch]).switched:
                return False
        finally:
            self._at_work.release()
        self._library.upkeep.refresh_model(fingerprint_of(model))
        # The embedding workers themselves leave the former model's vectors out of the answers.
        self._workers.vectors_unused()
        # The keyword index names passages by their number, so it has to follow. The reading thread does that.
        self._queue.add_scan(Scan(row.path))
        log.info("a folder has another model: %s", model.identifier)
        return True

    def _holds_up(self, row: FolderRow, ticket: Ticket) -> bool:
        """Whether a reconcile has to wait for a folder. What keeps the folder from going on becomes an error
        of the ticket. Where nothing is embedded, there is nothing to wait for."""
        if self._workers.closed:
            return False
        for identifier, waits in ((row.model, row.waiting > 0), (row.next_model, bool(row.next_model))):
            model = self._consents.known(identifier)
            if not waits or model is None:
                continue
            trouble = self._workers.trouble(fingerprint_of(model))
            if not self._consents.agreed(row, model):
                ticket.fail(
                    ConsentMissing("consent-missing.of-folder", folder=str(row.path), model=identifier)
                )
            elif trouble is not None and trouble.hopeless:
                ticket.fail(trouble.error)
            else:
                return True
        return False
