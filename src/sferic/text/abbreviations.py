"""Words whose full stop does not end a sentence, by language; lower case, without the stop.

Short on purpose: a stop before a lower-case word never ends a sentence, so only what stands before
capitals, digits and scripts without case has to be here.
"""

from collections.abc import Mapping


def _sets(lists: dict[str, str]) -> Mapping[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in lists.items()}


BEFORE_ANYTHING = _sets(
    {
        "bg": "г-н г-жа г-ца проф доц инж акад св гр ул бул напр полк ген",
        "bn": "ড ডা ডঃ প্রফ মি মো মোঃ",
        "cs": "p pí sl dr ing mgr mudr judr phdr rndr prof doc bc sv gen kpt plk např tzv tj cca",
        "da": "hr fr dr prof skt gen ca f.eks bl.a",
        "de": "hr fr dr prof dipl ing mag st bzw ca evtl ggf inkl exkl bspw sog vgl zzgl "
        "mio mrd tsd geb hl z u d v n",
        "en": "mr mrs ms mx dr prof rev hon st mt ft gen col maj capt cmdr lt sgt cpl pvt gov sen "
        "rep pres supt messrs vs cf approx",
        "es": "sr sra srta sres sras dr dra d dña prof profa lic ing arq gral ud uds vd vds "
        "sta sto ej p.ej aprox avda",
        "et": "hr pr dr prof nt st sh",
        "fi": "hra rva dr prof esim ns ts",
        "fr": "m mm mme mmes mlle mlles dr pr me mgr st ste cf ex av bd",
        "gu": "ડૉ ડો શ્રી પ્રો",
        "hi": "डॉ डा श्री श्रीमती प्रो पं कु मो एम एस बी सी डी आर टी पी एन एल वी",
        "hu": "dr prof ifj id özv pl kb ún vö",
        "it": "sig sigg sig.ra sig.na dott dott.ssa ing avv prof prof.ssa geom rag arch on p.es es",
        "kn": "ಡಾ ಶ್ರೀ ಪ್ರೊ",
        "lt": "p dr prof doc gerb pvz",
        "lv": "dr prof doc piem k-gs k-dze",
        "ml": "ഡോ ശ്രീ പ്രൊഫ",
        "mr": "डॉ डा श्री सौ प्रा प्रो एम एस बी सी डी आर टी पी एन एल वी",
        "mt": "dr prof onor p.eż eż",
        "nl": "dhr mevr mw dr drs ir ing mr prof st ds jhr bijv resp ca evt incl excl vgl",
        "or": "ଡା ଡ ଶ୍ରୀ ପ୍ରଫେ",
        "pa": "ਡਾ ਪ੍ਰੋ ਸ",
        "pl": "prof inż mgr hab gen płk kpt św ks im np tzn tzw m.in al pl os ul",
        "pt": "sr sra srta dr dra prof profa eng exmo exma d sta sto av ex p.ex",
        "ro": "dl d-l dna d-na dra dr prof ing sf cca bd av ex",
        "ru": "г-н г-жа проф доц акад им св тов гр ул пр просп см ср напр ген т",
        "sk": "p pí sl dr ing mgr mudr judr prof doc bc sv gen napr tzv tj cca",
        "sv": "hr fr dr prof st dvs ca jfr resp t.ex bl.a",
        "ta": "திரு டாக்",
        "te": "డా శ్రీ ప్రొ",
        "uk": "п-н п-ні проф доц акад ім св тов гр вул просп див напр ген",
    }
)
"""Titles and their like: a sentence goes on after them whatever follows."""

BEFORE_NUMBERS = _sets(
    {
        "bg": "стр чл ал т г",
        "cs": "č str odst čl tel",
        "da": "nr s kap kl tlf stk",
        "de": "nr s abs art kap bd abb tel",
        "en": "no nos p pp fig figs vol ch sec art eq jan feb mar apr jun jul aug sep sept oct nov "
        "dec",
        "es": "núm n.º pág págs art cap vol tel",
        "et": "nr lk tel",
        "fi": "nro s puh",
        "fr": "no n p pp art vol chap fig tél",
        "hu": "old tel",
        "it": "n pag pagg art cap vol fig tel",
        "lt": "nr psl tel",
        "lv": "nr lpp tel",
        "mt": "nru art",
        "nl": "nr blz art tel",
        "pl": "nr str art pkt tel poz",
        "pt": "n.º núm pág págs art cap vol tel",
        "ro": "nr str pag art tel",
        "ru": "стр рис п ст д кв тел",
        "sk": "č str odst čl tel",
        "sv": "nr s kap kl tel",
        "uk": "стор рис п ст буд кв тел",
    }
)
"""What stands before a number: a sentence goes on after them if one follows."""

AFTER_ORDINALS = _sets(
    {
        "de": "januar februar märz april mai juni juli august september oktober november dezember "
        "jahrhundert jahrhunderts jahrtausend weltkrieg weltkriegs platz klasse stock etage liga "
        "bundesliga tag woche monat jahr mal geburtstag kapitel satz halbzeit minute stelle runde",
    }
)
"""Capitalised words before which a number with a full stop is an ordinal: `3. Oktober`."""

STARTERS = _sets(
    {
        "de": "der die das ein eine er es wir ich und aber dann da doch wenn was wer wo wie warum "
        "in im am auf nach ja nein also jetzt heute",
        "en": "the a an he she it they we you i this that these those there here but and so or "
        "then when what who where why how if in on at as after before my your his her our their "
        "its not no yes well now also however because while",
        "es": "el la los las un una él ella ellos nosotros yo tú este esta esto pero y entonces "
        "cuando si en no sí su mi",
        "fr": "le la les un une des il elle ils elles on nous vous je tu ce cette ces mais et "
        "alors puis quand si dans non oui donc",
        "it": "il lo la gli le un una lui lei noi voi io tu loro questo questa ma e poi allora "
        "quando se in non sì",
        "nl": "de het een hij zij ze we wij ik je jij dit dat deze maar en toen dan als wanneer "
        "in op nee ja",
        "pt": "o os as um uma ele ela eles nós eu você este esta isso mas então quando se em não "
        "sim",
        "ru": "он она оно они мы вы я ты это но и а потом когда если в на нет да",
    }
)
"""Words that begin a sentence where they follow initials or an acronym (`U.S. The`)."""
