"""What the banner says on its own: questions about vanished notes, notices of folders, an indexer that stopped, failures."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from notesearch.domain import HeldDeletions, IndexingStatus
from notesearch.ui import wording
from notesearch.ui.banner import Banner, Message
from notesearch.ui.bridge import Bridge, Failure


class Notices:
    """Turns what the engine reports into messages of the banner, each said once. Main thread."""

    def __init__(self, banner: Banner, bridge: Bridge) -> None:
        self._banner = banner
        self._bridge = bridge
        self._said: set[tuple[Path, str]] = set()

    def show_failure(self, failure: Failure) -> None:
        self._banner.tell(Message(title=failure.title, hint=failure.hint, key=f"failure:{failure.title}"))

    def show_status(self, status: IndexingStatus) -> None:
        self._ask_about_held(status)
        for folder in status.folders:
            if folder.notice and (folder.path, folder.notice) not in self._said:
                self._said.add((folder.path, folder.notice))
                self._banner.tell(Message(title=folder.path.name, hint=folder.notice, key=f"notice:{folder.path}:{folder.notice}"))
        if status.error:
            self._banner.tell(Message(title="Indexing stopped", hint=status.error, key="error", actions=(("Try again", self._bridge.retry),)))
        else:
            self._banner.withdraw("error")

    def _ask_about_held(self, status: IndexingStatus) -> None:
        """Ask about notes that vanished at once; the question stays until it is answered or no longer arises."""
        keys = {f"held:{held.folder}" for held in status.held}
        for key in self._banner.keys:
            if key.startswith("held:") and key not in keys:
                self._banner.withdraw(key)
        for held in status.held:
            self._banner.tell(self._question(held))

    def _question(self, held: HeldDeletions) -> Message:
        return Message(
            key=f"held:{held.folder}",
            title=f"{held.missing:,} of {wording.count(held.of)} in {held.folder.name} are gone",
            hint="Were they deleted on purpose? Until you say so they stay in the index.",
            actions=(
                ("Keep them", partial(self._bridge.answer_held, held.folder, remove=False)),
                ("Remove them from the index", partial(self._bridge.answer_held, held.folder, remove=True)),
            ),
            dismissable=False,
        )
