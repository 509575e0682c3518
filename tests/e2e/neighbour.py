"""Another program beside ours: a window "neighbour" with a text field. Writes what the field holds to the
file it is given, at every change."""

import os
import sys

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QLineEdit


class Presses(QObject):
    """Counts the keys that reach the window, in the file's first line."""

    def __init__(self, field: QLineEdit, path: str) -> None:
        super().__init__()
        self._field, self._path, self._keys = field, path, 0
        field.textChanged.connect(self.tell)
        field.installEventFilter(self)
        QTimer.singleShot(0, self.tell)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and event.text():  # type: ignore[attr-defined]
            self._keys += 1
            QTimer.singleShot(0, self.tell)
        return False

    def tell(self) -> None:
        with open(f"{self._path}.part", "w", encoding="utf-8") as out:
            out.write(f"{self._keys}\n{self._field.text()}")
        os.rename(f"{self._path}.part", self._path)


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    field = QLineEdit()
    field.setWindowTitle("neighbour")
    field.setGeometry(900, 600, 300, 60)
    presses = Presses(field, sys.argv[1])
    field.show()
    application.exec()
