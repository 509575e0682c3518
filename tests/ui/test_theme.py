"""Colours and type as data: every text on every ground it meets is legible."""

import re

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from notesearch.ui.widgets.theme import DARK, LIGHT, Palette, Theme, contrast, font, style_sheet


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_has_a_contrast_of_four_and_a_half(palette: Palette) -> None:
    poor = {
        name: round(contrast(text, ground), 2)
        for name, text, ground in palette.pairings()
        if contrast(text, ground) < 4.5
    }
    assert not poor


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_style_sheet_takes_its_colours_from_the_palette(palette: Palette) -> None:
    known = {str(getattr(palette, name)).upper() for name in Palette.__slots__}
    used = set(re.findall(r"#[0-9A-F]{6}(?=;)", style_sheet(palette).upper()))
    assert len(used) > 5
    assert used <= known
    assert "{C." not in style_sheet(palette).upper()


def test_an_appearance_the_person_chose_holds(theme: Theme, app: QApplication) -> None:
    changes = []
    theme.changed.connect(lambda: changes.append(theme.palette))
    theme.set_appearance("dark")
    assert theme.palette is DARK
    assert app.palette().color(QPalette.ColorRole.Base).name().upper() == DARK.panel
    theme.set_appearance("light")
    assert changes == [DARK, LIGHT]


def test_fonts_are_the_systems_at_the_sizes_of_the_scale(app: QApplication) -> None:
    from notesearch.ui.widgets.theme import ROW_TITLE, SMALL

    assert font(SMALL).pixelSize() == 12
    assert font(ROW_TITLE).family() == app.font().family()
    assert font(ROW_TITLE).weight() == font(ROW_TITLE).Weight.DemiBold
