"""A field in which the user chooses a key by pressing it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

from notesearch.wording.translation import _

MODIFIER_KEYS = (
    Qt.Key.Key_Control,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_Super_L,
    Qt.Key.Key_Super_R,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
    Qt.Key.Key_unknown,
)
ALONE = (
    *(Qt.Key(int(Qt.Key.Key_F1) + i) for i in range(35)),
    Qt.Key.Key_Pause,
    Qt.Key.Key_Search,
    Qt.Key.Key_Menu,
)
HOLDS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
KNOWN = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.MetaModifier,
)


class HotkeyField(QLineEdit):
    """Shows a key. While it has the focus, the next key that is pressed replaces it. Tab and Esc leave the
    field as usual. Main thread.

    Signals:
        chosen: the key as QKeySequence's portable text. refused: why the key pressed will not do.
        recording: whether keys are being pressed to be chosen.
    """

    chosen = Signal(str)
    refused = Signal(str)
    recording = Signal(bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setAccessibleDescription(_("Press the keys you want while this field has the focus"))
        self.setReadOnly(True)
        self.setPlaceholderText(_("No key"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._keys = ""

    def show_keys(self, keys: str) -> None:
        """Show the keys that were chosen, unless others are being pressed."""
        self._keys = keys
        if not self.hasFocus():
            self._show()

    def _show(self) -> None:
        self.setText(QKeySequence(self._keys).toString(QKeySequence.SequenceFormat.NativeText))
        self.setPlaceholderText(_("No key"))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.clear()
        self.setPlaceholderText(_("Press the keys"))
        self.recording.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show()
        self.recording.emit(False)

    def event(self, event: QEvent) -> bool:
        """Take every key as a choice, so that none is a command of the window."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        held = [m for m in KNOWN if event.modifiers() & m]
        if key in MODIFIER_KEYS:
            return
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape) and not event.modifiers() & HOLDS:
            event.ignore()
        elif not event.modifiers() & HOLDS and key not in ALONE:
            self.refused.emit(
                _("Hold Ctrl, Alt or the Super key with it: a key alone would be lost to all other programs.")
            )
        elif int(key) >= 0x100 and int(key) < 0x01000000:
            self.refused.emit(
                _("Choose a key that is on every keyboard: a Latin letter, a digit, space or a function key.")
            )
        else:
            combination = int(key)
            for modifier in held:
                combination |= int(modifier.value)
            self._keys = QKeySequence(combination).toString(QKeySequence.SequenceFormat.PortableText)
            self._show()
            self.chosen.emit(self._keys)
