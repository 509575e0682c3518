"""The dialogs that are open over the main window, newest last."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QWidget


class OpenDialogs(QObject):
    """Shows dialogs and knows which is in front. Main thread."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        # Newest last.
        self.open: list[QDialog] = []

    @property
    def front(self) -> QWidget:
        """The parent of a further dialog: the newest open one, or the window."""
        return self.open[-1] if self.open else self._window

    def show(self, dialog: QDialog) -> None:
        """Show a dialog over the window, without an event loop of its own. It is deleted when it is
        closed."""
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._on_finished)
        self.open.append(dialog)
        dialog.open()

    def close_all(self) -> None:
        """Close every dialog."""
        for dialog in list(self.open):
            dialog.reject()

    def _on_finished(self) -> None:
        dialog = self.sender()
        self.open = [d for d in self.open if d is not dialog]
