"""Another program to drop on: a window "drop target" that takes everything. Writes what it got as JSON to the
file it is given; a file ".over" beside it says that something hangs above it and that the source has been
told it may be dropped."""

import json
import os
import sys
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel


class Target(QLabel):
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # As greedy as a file manager that would rather move.
        event.setDropAction(Qt.DropAction.MoveAction)
        event.accept()
        # Once the answer to this has gone out.
        QTimer.singleShot(0, Path(f"{sys.argv[1]}.over").touch)

    def dropEvent(self, event: QDropEvent) -> None:
        mime, offered = event.mimeData(), event.possibleActions()
        got = {
            "paths": [url.toLocalFile() for url in mime.urls()],
            "html": mime.html(),
            "text": mime.text(),
            "move": bool(offered & Qt.DropAction.MoveAction),
        }
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        with open(f"{sys.argv[1]}.part", "w", encoding="utf-8") as out:
            json.dump(got, out)
        os.rename(f"{sys.argv[1]}.part", sys.argv[1])


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    target = Target("drop here")
    target.setWindowTitle("drop target")
    target.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
    target.setAcceptDrops(True)
    target.setGeometry(1060, 600, 160, 120)
    target.show()
    application.exec()
