from __future__ import annotations

import pytest

from notesearch.text.language import language_of

TEXTS = {
    "en": "We should have called the plumber before the weekend, because now there is water all over the "
    "kitchen and nobody can come.",
    "de": "Ich habe den Teig über Nacht in den Kühlschrank gestellt, weil er dann besser schmeckt und sich "
    "leichter formen lässt.",
    "fr": "Nous avons pris le train de nuit pour aller dans les Alpes, mais il y avait trop de neige et la "
    "route était fermée.",
    "es": "No me acuerdo de cómo se llama la calle, pero la casa está cerca del mercado y es muy tranquila "
    "por la noche.",
    "it": "Abbiamo comprato il pane che non era più fresco, ma con un po' di olio è ancora molto buono per "
    "la cena.",
    "pt": "Não sei se vou ao mercado hoje, mas preciso de comprar pão e também uma garrafa de vinho para o "
    "jantar.",
    "nl": "We hebben het huis al gezien, maar de tuin is te klein en er is geen plaats voor een fiets bij de "
    "deur.",
    "sv": "Jag har inte varit i stugan sedan i somras, men nu ska vi åka dit och se om det är något som "
    "behöver lagas.",
    "da": "Jeg har ikke været i sommerhuset siden i juli, men nu skal vi derop og se, om der er noget, som "
    "mangler efter vinteren.",
    "no": "Jeg har ikke vært på hytta siden i sommer, men nå skal vi dit og se om det er noe som må gjøres "
    "etter vinteren.",
    "fi": "En ole ollut mökillä kesän jälkeen, mutta nyt me menemme sinne ja katsomme, onko siellä jotain, "
    "mikä pitää korjata.",
    "ru": "Мы уже были в этом городе, но не успели посмотреть музей, потому что он был закрыт, и нам надо "
    "вернуться.",
    "hu": "Nem tudom, hogy mikor lesz kész a ház, de most már csak a tető hiányzik, és az is meg lesz, ha "
    "nem esik az eső.",
    "ro": "Nu am mai fost la munte de când a început școala, dar acum vrem să mergem și să vedem dacă este "
    "zăpadă.",
    "tr": "Bu yaz için çok güzel bir plan yaptık, ama henüz bilet almadık ve şimdi her şey daha pahalı oldu.",
    "pl": "Nie wiem, czy zdążymy na pociąg, bo trzeba jeszcze kupić bilety, a kasa jest już zamknięta.",
    "cs": "Nevím, jestli stihneme vlak, protože ještě nemáme jízdenky a pokladna už je zavřená.",
    "sk": "Ešte nemáme lístky, ale keď prídeme skôr, bude pokladňa otvorená a potom ľahko nájdeme miesto.",
    "hr": "Ne znam gdje su karte, jer smo ih kupili prije tjedan dana, ali vlak još nije otišao.",
    "ca": "No sé què farem demà, però els nens són a casa i aquesta tarda també hi ha classe.",
    "et": "Ma ei tea, kas jõuame rongile, sest piletid on veel ostmata ja kassa on juba kinni.",
    "lt": "Dar nežinau, ar mes spėsime į traukinį, nes reikia nusipirkti bilietus, o kasa jau uždaryta.",
    "id": "Jangan lupa bahwa tiket ini harus dibeli sebelum hari Senin, karena kereta "
    "sudah penuh dan tidak ada lagi.",
    "hi": "मुझे नहीं पता कि हम ट्रेन पकड़ पाएंगे या नहीं, टिकट अभी खरीदना है।",
    "fa": "قبض برق تا شنبه پرداخت شود.",
    "ar": "يجب إعادة الكتب إلى المكتبة قبل يوم الجمعة.",
    "zh": "今天早上我们去了市场,买了很多新鲜的蔬菜和水果。",
    "ja": "今日は図書館で本を三冊借りてきました。とても楽しみです。",
    "ko": "오늘은 도서관에서 책을 세 권 빌렸습니다. 정말 기대됩니다.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_known_languages(language: str) -> None:
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "Milk, eggs, flour", "def f(x): return x + 1", "12345 67890"])
def test_unsure(text: str) -> None:
    assert language_of(text) == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("J\u2019ai r\u00e9serv\u00e9 l'h\u00f4tel pr\u00e8s de la gare.", "fr"),
        ("J'ai achet\u00e9 du pain et du lait.", "fr"),
        ("L'albero dell'isola \u00e8 verde.", "it"),
        ("\u041a\u044a\u0449\u0430\u0442\u0430 \u0435 \u0433\u043e\u043b\u044f\u043c\u0430.", "bg"),
        ("\u041e\u0431\u044a\u0435\u0437\u0434 \u0437\u0430\u043a\u0440\u044b\u0442.", "ru"),
        ("I don't know what it's for.", "en"),
        ("rock 'n' roll", ""),
    ],
)
def test_words_that_lose_a_vowel_tell_a_language(text: str, language: str) -> None:
    assert language_of(text) == language
