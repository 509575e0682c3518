"""The commonest short words of each language that language.py tells apart; and those that a query leaves out,
as they do not tell notes apart. Data only."""

from notesearch.text.characters import folded

STOP_WORDS = {
    "en": "the of and to in is you that it he was for on are with as his they at be this have from or had by "
    "not but what all were when we "
    "there can an your which their said if do will each about how up out them then she many some so these "
    "would other into has more her "
    "like him could my than been who its now did down may i me our because should just only where after "
    "before too very",
    "de": "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an "
    "werden aus er hat dass sie nach wird "
    "bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch "
    "man sein wurde wenn können ich "
    "du wir ihr mir mich dir dich uns kein keine schon dann da doch mein meine dieser diese dieses ohne sehr "
    "immer wieder beim vom",
    "fr": "le la les de des du un une et en à est que qui dans pour pas sur au avec ce il se ne par plus "
    "sont ou mais comme nous vous ils "
    "elle elles on son sa ses leur aux cette ces été être avoir fait sans si tout très bien aussi je tu mon "
    "ma mes où quand dont peut "
    "même encore donc alors entre c'est était après avant sous moi toi lui y",
    "es": "el la los las de del y en que a un una es por con no se para su al lo como más o pero sus le ha "
    "me si sin sobre este ya entre "
    "cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué sólo han yo "
    "hay vez puede todos así nos "
    "ni parte tiene él uno donde bien tiempo mismo ese ahora cada otro después te otros aunque esa eso antes "
    "estos",
    "it": "il lo la i gli le di del della dei delle e in che è un una per non con si da sono come al alla ma "
    "ha più anche se nel nella io "
    "questo questa o ho mi ci dal dalla sul sulla loro suo sua essere stato era così quando dove cosa chi "
    "perché tutto tutti poi ancora "
    "molto dopo prima solo fare può già senza noi voi lui lei ne quello quella degli agli dai ogni",
    "pt": "o a os as de do da dos das e em um uma que é para com não por no na nos nas se ao mais como mas "
    "foi ele ela seu sua ou ser "
    "quando muito há já está eu também só pelo pela até isso entre era depois sem mesmo aos ter seus quem me "
    "esse eles estão você tinha "
    "foram essa num nem suas meu às minha têm numa pelos elas havia seja qual será nós tenho lhe deles essas "
    "esses pelas este isto onde",
    "nl": "de het een en van in is dat op te zijn met voor die niet aan er om ook als dan maar bij uit naar "
    "door over wat nog wel geen zo "
    "hij ze wij we je jij ik mijn hun haar was had heeft hebben worden wordt werd kan kunnen moet moeten zou "
    "deze dit daar hier meer al "
    "tot of veel alleen na tegen omdat toch toen nu heel iets onder zonder weer eens waar",
    "sv": "och att det i en jag på är som för av med till den har de inte om ett men var så sig från vi kan "
    "man när år säger hon under "
    "också efter eller nu sin där vid mot ska skulle kommer ut får finns vara hade alla andra mycket än här "
    "då sedan över bara in blir "
    "upp vad två detta dem mig dig min din inga någon något vilket blev mellan utan varit hur",
    "da": "og i at det en den til er som på de med han af for ikke der var mig sig men et har om vi min "
    "havde ham hun nu over da fra du ud "
    "sin dem os op man hans hvor eller hvad skal selv her alle vil blev kunne ind når være dog noget ville "
    "jeg deres efter ned skulle "
    "denne end dette mit også under have dig anden hende mine alt meget sit sine mod disse hvis din nogle "
    "hos blive mange bliver af hvordan",
    "no": "og i det på som er en til å han av for med at var de ikke den har jeg om et men så seg hun fra vi "
    "du kan da ble ut skal vil ham "
    "etter over ved også bare eller sa nå dette noe være meg mot opp der når inn dem kunne andre blir alle "
    "noen sin ha år henne må selv "
    "sier få kom denne enn to hadde skulle hva uten hvor oss mye deg min din slik hvordan fordi før mellom "
    "mens fikk gjøre",
    "fi": "ja on ei että se oli hän mutta niin kun kuin myös en joka ovat mitä tai jos minä ole nyt vain sen "
    "hänen olen minun ollut ne voi "
    "he sitten tämä siitä jo kaikki koko sekä mukaan kanssa vielä olla me te ennen jälkeen tämän kuitenkin "
    "joka jotka hyvin paljon "
    "vaan mikä miten missä siellä tässä sitä niitä hän häntä oma itse aina ihan sinä tänään pitää",
    "ru": "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой от так о для "
    "ты же все тот мочь вы такой "
    "его только или ещё бы себя один как уже до время если сам когда другой вот наш мой при чтобы кто без "
    "чем был была были было есть "
    "нет их её мне меня нас вас там здесь где после перед под над очень можно надо",
    "hu": "a az és hogy nem is egy de ez azt meg csak már még ha mint volt vagy van el én te ő mi ki fel le "
    "be aki ami amely után között "
    "lesz kell lehet majd nagyon minden most itt ott így úgy mert pedig sem több sok ezt azok ezek volna "
    "lett szerint alatt előtt által "
    "akkor amikor ahol hol miért neki nekem rá róla vele olyan ilyen két első maga",
    "ro": "și în de la a cu pe nu este că un o pentru din ce se mai care sunt ca au sau dar fi fost prin lui "
    "al ale ei lor am ai are era "
    "după când până foarte fără doar acest această acestea acela unde cum dacă toate tot nici mă te îmi își "
    "îl eu tu el ea noi voi ele "
    "astfel către între despre atunci aici acum aceasta cel cea cei unei unui",
    "tr": "ve bir bu da de için ile o çok daha gibi ne var ama en kadar sonra ben olarak her olan değil mi "
    "ya şey ki diye sen biz siz onlar "
    "onun benim senin bunu şu ise hem veya yok olduğu önce bana sana ona beni seni çünkü nasıl neden bütün "
    "tüm göre iki şimdi böyle "
    "artık hiç oldu eğer kendi üzerinde arasında",
    "pl": "nie się jest że jak czy już dla był była było być są oraz przez przed przy tylko jeszcze może tak "
    "gdy który która które jego jej mnie mam ten ta tego tej co za po od bo bardzo także jako trzeba "
    "gdzie kiedy dzisiaj jutro nad pod między można więc",
    "cs": "že jsem jsou jak není byl byla bylo být jako které který která kde když nebo ještě také tak pro "
    "při před podle jen jeho její jejich mně mám už ten toho tom jsme jste budu bude pak až od proti "
    "mezi nad pod velmi kdy dnes zítra aby protože třeba taky něco",
    "sk": "že sú ako nie bol bola bolo byť ktoré ktorý ktorá kde keď alebo ešte aj tiež tak pre pri pred "
    "podľa jeho jej mňa mám už ten toho tom sme ste budem bude potom až od proti medzi nad pod "
    "veľmi kedy dnes zajtra aby pretože treba niečo",
    "hr": "nije kako ali bio bila bilo biti koji koja koje gdje kada ili još također tako samo njegov njezin "
    "njihov meni imam već taj toga tom smo ste budem bude onda od protiv između iznad ispod vrlo danas "
    "sutra jer treba nešto što moram iz kod prije nakon",
    "ca": "els amb és són què però també dels molt més fins aquest aquesta aquests fer meva seva teva quan "
    "perquè només avui demà després abans cal pel pels va tots hi algun altres mentre sota sense ara "
    "així dia",
    "et": "ja ei ta see oli kui aga ka või mis kes siis nii oma ning seda selle mina sina tema meie teie nad "
    "kus kuidas miks juba väga palju ainult pärast enne kuni koos ilma peab täna homme olen olla pole "
    "igal meil minu sinu",
    "lt": "ir yra kad bet kaip tai jis ji jie iš į už po prie jau labai tik nuo apie arba kur kada kodėl "
    "mano tavo mūsų jūsų jo jų buvo būti reikia šiandien rytoj šis tas kuris kuri visi viskas taip pat nes "
    "kai",
    "id": "dan yang dengan untuk tidak ini itu dari pada ke ada saya kamu kami kita mereka akan sudah belum "
    "juga atau karena jika bisa harus hanya sangat lebih oleh seperti dalam saat setelah sebelum kepada "
    "tentang besok hari jangan lupa lagi telah sebuah adalah",
}

# By language, folded. English has a list of its own: "time" or "may" in a query mean something.
ASKED = {language: frozenset(map(folded, words.split())) for language, words in STOP_WORDS.items()} | {
    "en": frozenset(
        "a an and are as at be been but by can did do does for from had has have how i if in into is it its"
        " my no not of on or such than that the their then there these they this to was were what when where"
        " which who why will with you your".split()
    )
}
