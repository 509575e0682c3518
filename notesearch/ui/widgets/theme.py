"""Colours, type scale and style sheet as data, for light and dark. It knows no widget of ours and reads no
file.

Sizes are device-independent pixels on a 4 px grid. `Palette.pairings` lists every pair of text and background
that the window uses, so that a test can compute its contrast.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True, kw_only=True, slots=True)
class Palette:
    """The colours of one appearance, as #RRGGBB."""

    dark: bool
    ground: str
    panel: str
    side: str
    line: str
    text: str
    second: str
    third: str
    accent: str
    accent_ground: str
    found: str
    warning: str
    chip: str
    hover: str
    on_accent: str

    def pairings(self) -> tuple[tuple[str, str, str], ...]:
        """(name, text colour, background colour) of every text on every background that it is shown on."""
        grounds = {
            "ground": self.ground,
            "panel": self.panel,
            "side": self.side,
            "accent ground": self.accent_ground,
            "hover": self.hover,
        }
        inks = {
            "text": self.text,
            "second": self.second,
            "third": self.third,
            "accent": self.accent,
            "warning": self.warning,
        }
        pairs = [(f"{ink} on {name}", inks[ink], ground) for ink in inks for name, ground in grounds.items()]
        pairs += [("text on found", self.text, self.found), ("second on chip", self.second, self.chip)]
        pairs += [
            ("text on chip", self.text, self.chip),
            ("button text on accent", self.on_accent, self.accent),
        ]
        return tuple(pairs)


LIGHT = Palette(
    dark=False,
    ground="#F6F5F2",
    panel="#FFFFFF",
    side="#EFEDE8",
    line="#E1DED6",
    text="#1F2328",
    second="#565D65",
    third="#61686F",
    accent="#2A6659",
    accent_ground="#E3EFEB",
    found="#FFE9A8",
    warning="#8A5000",
    chip="#EAE7E0",
    hover="#E9E6E0",
    on_accent="#FFFFFF",
)

DARK = Palette(
    dark=True,
    ground="#17191B",
    panel="#1E2123",
    side="#1A1C1E",
    line="#2D3134",
    text="#E6E7E8",
    second="#A9AFB5",
    third="#98A0A7",
    accent="#6FC2AE",
    accent_ground="#24352F",
    found="#5A4A14",
    warning="#E3A84A",
    chip="#282C2F",
    hover="#25292B",
    on_accent="#10211C",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TypeStep:
    """One step of the type scale: font size and line height in pixels, and the weight."""

    size: int
    line: int
    weight: QFont.Weight = QFont.Weight.Normal


TITLE = TypeStep(size=20, line=28, weight=QFont.Weight.DemiBold)
FIELD = TypeStep(size=15, line=22)
ROW_TITLE = TypeStep(size=14, line=18, weight=QFont.Weight.DemiBold)
BODY = TypeStep(size=14, line=22)
SNIPPET = TypeStep(size=13, line=18)
SMALL = TypeStep(size=12, line=16)
CAPS = TypeStep(size=11, line=14)

TOP_BAR = 56
STATUS_LINE = 28
SIDE_WIDTH = 208
LIST_WIDTH = 436
PREVIEW_BREAKPOINT = 900
SIDE_BREAKPOINT = 640


def font(step: TypeStep) -> QFont:
    """The system's font at a step of the scale, with digits of equal width."""
    made = QFont(QGuiApplication.font())
    made.setPixelSize(step.size)
    made.setWeight(step.weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def contrast(first: str, second: str) -> float:
    """The WCAG contrast ratio of two colours, 1 to 21."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Theme(QObject):
    """The palette in use. It follows the system's light or dark appearance, or the user's choice. Main
    thread.

    Signals:
        changed: the palette is another one; widgets that paint themselves repaint.
    """

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._appearance = "system"
        self.palette = LIGHT
        app.styleHints().colorSchemeChanged.connect(self._follow)
        self._apply()

    def set_appearance(self, appearance: str) -> None:
        """Set the appearance: `system`, `light` or `dark`."""
        self._appearance = appearance
        scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
            appearance, Qt.ColorScheme.Unknown
        )
        self._app.styleHints().setColorScheme(scheme)
        self._follow()

    def colour(self, name: str) -> QColor:
        """A colour of the palette by its name."""
        return QColor(getattr(self.palette, name))

    def _follow(self) -> None:
        if self._wanted() is not self.palette:
            self._apply()

    def _wanted(self) -> Palette:
        if self._appearance != "system":
            return DARK if self._appearance == "dark" else LIGHT
        return DARK if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT

    def _apply(self) -> None:
        self.palette = self._wanted()
        self._app.setPalette(qt_palette(self.palette))
        self._app.setStyleSheet(style_sheet(self.palette))
        self.changed.emit()


def qt_palette(colours: Palette) -> QPalette:
    """The same colours as a QPalette, for widgets that the style draws (dialogs, menus, message boxes)."""
    made = QPalette()
    role = QPalette.ColorRole
    for key, value in {
        role.Window: colours.ground,
        role.WindowText: colours.text,
        role.Base: colours.panel,
        role.AlternateBase: colours.side,
        role.Text: colours.text,
        role.Button: colours.ground,
        role.ButtonText: colours.text,
        role.BrightText: colours.text,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Link: colours.accent,
        role.LinkVisited: colours.accent,
        role.ToolTipBase: colours.panel,
        role.ToolTipText: colours.text,
        role.PlaceholderText: colours.third,
        role.Accent: colours.accent,
        role.Mid: colours.line,
        role.Midlight: colours.hover,
        role.Light: colours.panel,
        role.Dark: colours.line,
        role.Shadow: colours.line,
    }.items():
        made.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, key, QColor(colours.third))
    return made


def style_sheet(colours: Palette) -> str:
    """The style sheet of the whole program. Widgets are named by their object name. Of two rules with the
    same weight the later one wins."""
    parts = (_window_rules, _control_rules, _dialog_rules, _frame_rules)
    return "".join(part(colours) for part in parts)


def _window_rules(c: Palette) -> str:
    """The window and its parts, quick search among them, by their object names."""
    return f"""
    QWidget {{ font-size: {SNIPPET.size}px; color: {c.text}; }}
    QToolTip {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.line}; padding: 4px 6px; font-size: {SMALL.size}px; }}
    #window, #topBar, #statusLine, #firstRun, #failurePage {{ background: {c.ground}; }}
    #topBar {{ border-bottom: 1px solid {c.line}; }}
    #statusLine {{ border-top: 1px solid {c.line}; }}
    #statusLine QLabel, #statusLine QToolButton {{ font-size: {SMALL.size}px; color: {c.second}; }}
    #statusLine QToolButton#problemsButton {{ color: {c.warning}; padding: 2px 4px; }}
    #statusLine QToolButton#pauseButton {{ padding: 2px 4px; }}
    #side, #side QScrollArea, #sideContents {{ background: {c.side}; border: none; }}
    #side QListView {{ background: {c.side}; border: none; outline: none; }}
    #sideHeading {{ font-size: {CAPS.size}px; color: {c.third}; letter-spacing: 0.6px; }}
    #listPanel, #previewPanel, #results, #previewText, #emptyState {{ background: {c.panel}; border: none; outline: none; }}
    #previewText {{ border: 1px solid {c.panel}; }}
    #previewText:focus {{ border: 1px solid {c.accent}; }}
    #summary {{ font-size: {SMALL.size}px; color: {c.second}; background: {c.panel}; border-bottom: 1px solid {c.line}; padding: 0 16px; }}
    #emptyTitle {{ font-size: 15px; font-weight: 600; }}
    #emptyText, #hintText {{ color: {c.second}; }}
    #previewTitle {{ font-size: {TITLE.size}px; font-weight: 600; }}
    #previewTrail {{ font-size: {SMALL.size}px; color: {c.third}; }}
    #pageTitle {{ font-size: 24px; font-weight: 600; }}
    #pageText {{ font-size: 14px; color: {c.second}; }}
    #searchBox {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 8px; }}
    #searchBox[active="true"] {{ border: 1px solid {c.accent}; }}
    #searchField {{ background: transparent; border: none; font-size: {FIELD.size}px; selection-background-color: {c.accent};
        selection-color: {c.on_accent}; padding: 0; }}
    #quickFrame, #quickFooter {{ background: transparent; border: none; }}
    #divider {{ background: {c.line}; border: none; }}
    #quickFooter {{ border-top: 1px solid {c.line}; }}
    #quickBox {{ background: transparent; border: none; border-bottom: 1px solid {c.line}; }}
    #quickBox #searchField {{ font-size: 18px; }}
    #quickHint {{ font-size: {CAPS.size}px; color: {c.third}; }}
    #keyCap {{ font-size: {CAPS.size}px; color: {c.second}; border: 1px solid {c.line}; border-radius: 4px; padding: 1px 5px; }}
    """  # noqa: E501


def _control_rules(c: Palette) -> str:
    """Fields, buttons, the banner, and what is shown while something is dragged."""
    return f"""
    QLineEdit {{ placeholder-text-color: {c.third}; }}
    QToolButton {{ background: transparent; border: none; border-radius: 6px; padding: 3px 8px; }}
    QToolButton:hover, QToolButton:focus {{ background: {c.hover}; }}
    QToolButton:focus {{ border: 1px solid {c.accent}; }}
    QToolButton::menu-indicator {{ image: none; width: 0; }}
    QToolButton#filterButton {{ background: {c.chip}; color: {c.second}; border-radius: 10px; padding: 2px 9px; font-size: {SMALL.size}px; }}
    QToolButton#filterButton:hover {{ color: {c.text}; }}
    QToolButton#chip {{ background: {c.accent_ground}; color: {c.accent}; border-radius: 10px; padding: 2px 9px; font-size: {SMALL.size}px; }}
    QPushButton {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px; padding: 5px 14px; min-height: 18px; }}
    QPushButton:hover {{ background: {c.hover}; }}
    QPushButton:focus {{ border: 1px solid {c.accent}; }}
    QPushButton:default, QPushButton#primary {{ background: {c.accent}; color: {c.on_accent}; border: 1px solid {c.accent}; }}
    QPushButton#primary:focus {{ border: 2px solid {c.text}; padding: 4px 13px; }}
    QPushButton#quiet {{ background: transparent; border: none; border-radius: 0; color: {c.third}; padding: 5px 16px; text-align: left; }}
    QPushButton#quiet:hover, QPushButton#quiet:focus {{ color: {c.text}; background: {c.hover}; }}
    QPushButton:disabled, QPushButton#primary:disabled {{ color: {c.third}; background: {c.ground}; border: 1px solid {c.line}; }}
    #banner {{ background: {c.accent_ground}; border-bottom: 1px solid {c.line}; }}
    #bannerTitle {{ font-weight: 600; }}
    #bannerHint {{ color: {c.second}; }}
    #dropZone {{ border: 1px dashed {c.third}; border-radius: 12px; background: {c.panel}; }}
    #dropOverlay {{ background: {c.accent_ground}; border: 2px dashed {c.accent}; border-radius: 12px; }}
    #dropText {{ font-size: 18px; font-weight: 600; color: {c.accent}; background: transparent; }}
    """  # noqa: E501


def _dialog_rules(c: Palette) -> str:
    """Dialogs: fields, lists, tables, texts."""
    return f"""
    QDialog QLineEdit {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px; padding: 4px 8px;
        min-height: 20px; selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QDialog QLineEdit:focus {{ border: 1px solid {c.accent}; }}
    QDialog QListView::item {{ padding: 8px 12px; border-bottom: 1px solid {c.line}; color: {c.text}; }}
    QDialog QListView::item:selected {{ background: {c.accent_ground}; color: {c.text}; }}
    QDialog QListView, QDialog QTableWidget {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px; outline: none; }}
    QDialog QListView:focus, QDialog QTableWidget:focus, QDialog QTextEdit:focus, QDialog QPlainTextEdit:focus {{ border: 1px solid {c.accent}; }}
    QDialog QListView#modelList::item, QDialog QListView#noteList::item {{ padding: 0; border: none; }}
    QDialog QTableWidget {{ gridline-color: {c.line}; selection-background-color: {c.accent_ground}; selection-color: {c.text}; }}
    QHeaderView, QHeaderView::section {{ background: {c.panel}; color: {c.third}; border: none; font-size: {SMALL.size}px; }}
    QHeaderView::section {{ border-bottom: 1px solid {c.line}; padding: 6px 8px; }}
    QDialog QTextEdit, QDialog QPlainTextEdit {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px;
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QDialog QComboBox {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px; padding: 4px 8px; min-height: 20px; }}
    QDialog QComboBox:focus {{ border: 1px solid {c.accent}; }}
    QDialog QComboBox::drop-down {{ border: none; width: 24px; }}
    QDialog QComboBox QAbstractItemView {{ border-radius: 0; }}
    QDialog QComboBox QAbstractItemView::item {{ padding: 4px 8px; border: none; }}
    QDialog QTableWidget::item {{ padding: 0 8px; }}
    #scrolled, #scrolledInside {{ background: transparent; }}
    #sectionTitle {{ font-size: {ROW_TITLE.size}px; font-weight: 600; }}
    #warningText {{ color: {c.warning}; }}
    """  # noqa: E501


def _frame_rules(c: Palette) -> str:
    """Tabs, menus, splitters and scroll bars."""
    return f"""
    QTabWidget::pane {{ border: none; border-top: 1px solid {c.line}; }}
    QTabBar {{ background: transparent; qproperty-drawBase: 0; }}
    QTabBar::tab {{ background: transparent; color: {c.second}; padding: 8px 16px; border: none; border-bottom: 2px solid transparent; }}
    QTabBar[narrow="true"]::tab {{ padding: 8px 5px; }}
    QTabBar::tab:selected {{ color: {c.text}; border-bottom: 2px solid {c.accent}; }}
    QTabBar::tab:hover, QTabBar::tab:focus {{ background: {c.hover}; color: {c.text}; }}
    QMenu {{ background: {c.panel}; border: 1px solid {c.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {c.accent_ground}; color: {c.text}; }}
    QMenu::item:disabled {{ color: {c.third}; }}
    QMenu::separator {{ height: 1px; background: {c.line}; margin: 4px 8px; }}
    QSplitter::handle {{ background: {c.line}; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {c.line}; border-radius: 3px; margin: 2px; }}
    QScrollBar::handle:vertical {{ min-height: 32px; }}
    QScrollBar::handle:horizontal {{ min-width: 32px; }}
    QScrollBar::handle:hover {{ background: {c.third}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """  # noqa: E501
