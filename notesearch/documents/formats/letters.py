"""The letters of languages, the most frequent first, by the old encodings that write them. Data for
charset.py."""

from __future__ import annotations

from typing import NamedTuple


class Charset(NamedTuple):
    """An encoding that a note may be in: its name for Python, and the letters beyond ASCII of the languages
    that it is used for, the most frequent first. `handicap` is taken off its score: the higher, the rarer are
    notes in this encoding."""

    name: str
    languages: tuple[str, ...]
    handicap: float


_WESTERN = (
    "üäöß",
    "éèàêçâîôûùïëœ",
    "óáíéñúü",
    "ãçáéíóêâõúà",
    "àèéòùì",
    "äåöé",
    "øåæé",
    "íáðéóþöúýæ",
    "ëéïèö",
    "àéèíóòçïúü",
)
_CENTRAL = ("łąężśćóńź", "íáéěřýčžšůúťóňď", "áíéýčžšúľťôňäóďĺŕ", "áéőóöíüúű", "ăîâşţ", "čšžćđ", "üäöß")
_CYRILLIC = (
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "оаинвтіреслкумдпзьягбчйхцшжєюїщфґ",
    "аиоетнрсвлпдкмзбъгучящцжфхшйью",
    "аиоенрстувкдјпмлзгбчшцњжћђљхџф",
)
_GREEK = ("αοιετσνηυρπκμλςίόάέήδώγχθύφωβξζψϊϋ",)
_HEBREW = ("יוהלאתרבמשנםדעחפקגכטןזצסךףץ",)
_ARABIC = ("اليمونترهدبعسفكقحجةشطصىضأخذزئءثغظإآؤپچژگکی",)
_THAI = ("านรอก่เงมยลว้ดทสัตะิปบีคหุแจพชขใไ็ูำโผซ์ธืณถึฎญฐฉ",)
_BALTIC = ("ėšąžųįęūč", "āīēšņļūģžķč", "äõüöšž")
_TURKISH = ("ıüşğçöâîû",)

SINGLE_BYTE = (
    Charset("cp1252", _WESTERN, 0.0),
    Charset("cp1250", _CENTRAL, 0.02),
    Charset("cp1251", _CYRILLIC, 0.02),
    Charset("koi8-r", _CYRILLIC[:1], 0.04),
    Charset("koi8-u", _CYRILLIC[1:2], 0.05),
    Charset("cp1254", _TURKISH, 0.05),
    Charset("cp1253", _GREEK, 0.05),
    Charset("cp1255", _HEBREW, 0.05),
    Charset("cp1256", _ARABIC, 0.05),
    Charset("cp874", _THAI, 0.05),
    Charset("cp1257", _BALTIC, 0.07),
    Charset("iso8859-15", _WESTERN, 0.05),
    Charset("iso8859-2", _CENTRAL, 0.05),
    Charset("iso8859-7", _GREEK, 0.07),
    Charset("cp866", _CYRILLIC, 0.1),
    Charset("iso8859-5", _CYRILLIC, 0.1),
    Charset("cp855", _CYRILLIC, 0.1),
    Charset("mac-cyrillic", _CYRILLIC, 0.03),
    Charset("iso8859-6", _ARABIC, 0.1),
    Charset("cp850", _WESTERN, 0.3),
    Charset("cp437", _WESTERN, 0.3),
    Charset("cp852", _CENTRAL, 0.3),
    Charset("mac-roman", _WESTERN, 0.32),
)

_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去"
    "法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关"
    "点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海"
    "通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计"
    "管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据"
    "程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运今晚早饭茶书房菜买送写读请谢笔"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作里裡用道行所然家種事成方多經麼去"
    "法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關"
    "點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海"
    "通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計"
    "管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據"
    "今早晚飯茶房菜買送寫讀請謝筆臺灣香港"
)
_JAPANESE = (
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学"
    "問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強気小七成期公野協取都和統以機"
    "平総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第産結百派点教報済書府活原先共得解名交資予川向際査勝面委告軍文"
    "反元重近千考判認画海参売利組知案道信策集在件団別物側任引使求所次水半品昨論計死官増係感特情投示変打男基私各始島直両朝革価式確村"
    "提運終挙果西勢減台広容必応演電歳住争談能無再位置企真流格有疑口過局少放税検藤町常校料沢裁状工建語球営空職証土与急止送援供可役構"
    "天気散歩図館借食朝昼晩電話会議部屋買物"
)
_KOREAN = (
    "이다는에의을가하고은지로사를도한어서기아라그나시인들게자대리해것으만수정부여일스전니보면있요안었했오지금마주우음제장습날거씨원"
    "구성공러상생동네과무때비관용영중교좋미소문물저신내조세연개말당방경적할였없많다녕잘모두속물함된될내산책"
)

# Encodings with characters of several bytes: the frequent characters of their languages, and the
# encoding in which the first byte tells common characters from rare ones, with the range of that byte.
FREQUENT = {
    "utf-8": _SIMPLIFIED,
    "gb18030": _SIMPLIFIED,
    "big5hkscs": _TRADITIONAL,
    "cp932": _JAPANESE,
    "euc_jp": _JAPANESE,
    "cp949": _KOREAN,
    "utf-16-le": _SIMPLIFIED + _TRADITIONAL + _JAPANESE + _KOREAN,
    "utf-16-be": _SIMPLIFIED + _TRADITIONAL + _JAPANESE + _KOREAN,
}
