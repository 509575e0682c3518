"""The menu of a folder in the sidebar."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from notesearch.domain import Folder, FolderState
from notesearch.wording.model_texts import forget_former
from notesearch.wording.signs import model_name
from notesearch.wording.translation import _


class Command(Enum):
    """A command of the folder's menu."""

    SEARCH = "search"
    REVEAL = "reveal"
    MODEL = "model"
    SENT = "sent"
    REVIEW = "review"
    STOP = "stop"
    BACK = "back"
    FORGET = "forget"
    REMOVE = "remove"


class FolderMenu(QMenu):
    """The menu of a folder. It deletes itself when it is closed. Main thread.

    Signals:
        chosen: (Command, Folder).
    """

    chosen = Signal(object, object)

    def __init__(self, folder: Folder, *, chosen: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._folder = folder
        self._add(_("Search everywhere") if chosen else _("Search only here"), Command.SEARCH)
        self._add(_("Show in the file manager"), Command.REVEAL)
        self.addSeparator()
        self._add(_("Model…"), Command.MODEL)
        if any(model and not model.startswith("local/") for model in (folder.model, folder.next_model)):
            self._add(_("What is sent…"), Command.SENT)
        if folder.state is FolderState.CONSENT:
            self._add(
                _("Agree to {model_name}…", model_name=model_name(folder.next_model or folder.model)),
                Command.REVIEW,
            )
        if folder.next_model:
            self._add(
                _("Stop preparing {model_name}", model_name=model_name(folder.next_model)), Command.STOP
            )
        else:
            if folder.previous_model:
                self._add(
                    _("Go back to {model_name}", model_name=model_name(folder.previous_model)), Command.BACK
                )
            if forget := forget_former(folder):
                self._add(forget, Command.FORGET)
        self.addSeparator()
        self._add(_("Remove from Notesearch…"), Command.REMOVE)

    def _add(self, text: str, command: Command) -> None:
        action = self.addAction(text.replace("&", "&&"))
        action.setData(command.value)
        action.triggered.connect(self._on_triggered)

    def _on_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.chosen.emit(Command(action.data()), self._folder)
