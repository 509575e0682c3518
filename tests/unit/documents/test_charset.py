"""The encoding of a single line, or of a single word, is found by its letters."""

from __future__ import annotations

import pytest

from notesearch.documents.formats.encoding import decode

LINES = [
    ("cp1252", "Frühstück"),
    ("cp1252", "Müller"),
    ("cp1252", "Über die Brücke – größer als „gestern“"),
    ("cp1252", "It’s a café"),
    ("cp1252", "déjà vu"),
    ("cp1252", "L’été à Nîmes, où l’on s’ennuie"),
    ("cp1252", "¿Qué hora es? Mañana será otro día"),
    ("cp1252", "A reunião não é amanhã"),
    ("cp1252", "Perché la città è più calda"),
    ("cp1252", "Smörgåsbord på svenska"),
    ("cp1252", "Rødgrød med fløde på ærø"),
    ("cp1252", "Það er gott veður í dag"),
    ("cp1252", "price: 5 € for 20 m²"),
    ("cp1252", "Temperatur 20 °C"),
    ("cp1252", "won £825 in May"),
    ("cp1252", "½ cup of milk"),
    ("cp1252", "§ 5 Abs. 2"),
    ("cp1252", "São Paulo"),
    ("cp1257", "Täna on ilus ilm, lähme jõe äärde"),
    ("cp1250", "Danes je lepo vreme, šel bom čez most"),
    ("cp1251", "МОСКВА"),
    ("gb18030", "购物清单：牛奶、面包"),
    ("cp949", "장보기: 우유, 빵"),
    ("cp1250", "Zażółć gęślą jaźń"),
    ("cp1250", "Dziś wieczorem piszę książkę"),
    ("cp1250", "Příliš žluťoučký kůň"),
    ("cp1250", "Árvíztűrő tükörfúrógép"),
    ("cp1250", "Čučoriedky a slivky sú v košíku"),
    ("iso8859-2", "Měl jsem špatný den, všichni už šli spát"),
    ("iso8859-2", "Zażółć gęślą jaźń"),
    ("cp1251", "Кухня"),
    ("cp1251", "Привет из кухни"),
    ("cp1251", "рецепт борща"),
    ("cp1251", "Сьогодні гарний день, їдемо в ліс"),
    ("cp1251", "Днес времето е хубаво"),
    ("koi8-r", "Кухня"),
    ("koi8-r", "Привет из кухни"),
    ("koi8-r", "рецепт борща"),
    ("koi8-u", "Сьогодні гарний день, їдемо в ліс"),
    ("cp866", "Привет из кухни, сегодня хороший день"),
    ("cp1253", "Καλημέρα από την κουζίνα"),
    ("iso8859-7", "Σήμερα είναι μια όμορφη μέρα"),
    ("cp1254", "Bugün hava çok güzel, kışın da öyle değildi"),
    ("cp1255", "שלום מהמטבח"),
    ("cp1256", "مرحبا من المطبخ"),
    ("cp1257", "Šiandien gražus oras, einame į mišką"),
    ("cp1257", "Šodien ir jauks laiks, ejam uz mežu pēc sēnēm"),
    ("cp874", "สวัสดีจากห้องครัว"),
    ("gb18030", "厨房里的茶"),
    ("gb18030", "今天的会议改到明天下午"),
    ("gb18030", "用 Python 写的笔记"),
    ("big5", "廚房裡的茶"),
    ("big5", "今天的會議改到明天下午"),
    ("cp932", "台所"),
    ("cp932", "会議は東京で行われました"),
    ("cp932", "カタカナのメモ"),
    ("euc_jp", "今日は天気がよいので散歩に行きました"),
    ("cp949", "부엌에서 차를"),
    ("cp949", "오늘은 날씨가 좋아서 산책을 갔습니다"),
    ("utf-16-le", "Küche"),
    ("utf-16-be", "Küche"),
    ("utf-16-le", "ok"),
    ("utf-16-le", "Кухня"),
    ("utf-16-be", "Кухня"),
    ("utf-16-le", "会議は東京で"),
    ("utf-16-be", "오늘은 날씨가 좋아서"),
]


@pytest.mark.parametrize(("encoding", "line"), LINES)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_single_line(encoding: str, line: str, end: str) -> None:
    assert decode((line + end).encode(encoding))[0] == line + end.replace("\r\n", "\n")


@pytest.mark.parametrize(("encoding", "line"), LINES)
def test_a_line_among_others(encoding: str, line: str) -> None:
    text = f"Notes\n\n{line}\n\n1. one\n2. two\n" * 3
    assert decode(text.encode(encoding))[0] == text


def test_utf8_with_one_damaged_byte_in_one_line() -> None:
    raw = "Die Küche ist größer, sagt Jürgen \xff heute".encode().replace(b"\xc3\xbf", b"\xff")
    assert decode(raw) == ("Die Küche ist größer, sagt Jürgen \ufffd heute", "utf-8")


def test_a_long_line_cut_in_the_middle_of_a_character() -> None:
    text = "今天的会议改到明天下午" * 2000
    assert decode(("a" + text).encode("gb18030"))[0] == "a" + text
