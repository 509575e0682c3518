"""Another program to drag from: a window "drag source"; a press and a move in it drag what was given: paths,
or one "text:..."."""

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        drag, mime = QDrag(self), QMimeData()
        if sys.argv[1].startswith("text:"):
            mime.setText(sys.argv[1].removeprefix("text:"))
        else:
            mime.setUrls([QUrl.fromLocalFile(path) for path in sys.argv[1:]])
        drag.setMimeData(mime)
        offered = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction | Qt.DropAction.LinkAction
        print(drag.exec(offered, Qt.DropAction.MoveAction).name, flush=True)


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    source = Source("drag me")
    source.setWindowTitle("drag source")
    source.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
    source.setGeometry(40, 560, 160, 120)
    source.show()
    application.exec()
