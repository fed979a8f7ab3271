"""What people say around secrets, in eight languages, and the words that secrets are made of.

Nothing here comes from the rules or lists of redaction. What is no secret has no digits, no number
words and no names, so that whatever of a secret can be read anywhere is a leak.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

T = TypeVar("T")

LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "nl", "hi")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _table(**entries: T) -> Mapping[str, T]:
    return MappingProxyType(entries)


DIGITS = _table(
    en=_words("zero one two three four five six seven eight nine"),
    de=_words("null eins zwei drei vier fünf sechs sieben acht neun"),
    es=_words("cero uno dos tres cuatro cinco seis siete ocho nueve"),
    fr=_words("zéro un deux trois quatre cinq six sept huit neuf"),
    it=_words("zero uno due tre quattro cinque sei sette otto nove"),
    pt=_words("zero um dois três quatro cinco seis sete oito nove"),
    nl=_words("nul een twee drie vier vijf zes zeven acht negen"),
    hi=_words("शून्य एक दो तीन चार पाँच छह सात आठ नौ"),
)
TEENS = _table(
    en=_words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"),
    de=_words("zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"),
    es=_words("diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve"),
    fr=_words("dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf"),
    it=_words(
        "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove"
    ),
    pt=_words("dez onze doze treze quatorze quinze dezesseis dezessete dezoito dezenove"),
    nl=_words("tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien"),
)
TENS = _table(
    en=_words("twenty thirty forty fifty sixty seventy eighty ninety"),
    de=_words("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"),
    es=_words("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa"),
    fr=_words("vingt trente quarante cinquante soixante"),
    it=_words("venti trenta quaranta cinquanta sessanta settanta ottanta novanta"),
    pt=_words("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa"),
    nl=_words("twintig dertig veertig vijftig zestig zeventig tachtig negentig"),
)
MONTHS = _table(
    en=_words("January February March April June July August September October November December"),
    de=_words("Januar Februar März April Juni Juli August September Oktober November Dezember"),
    es=_words(
        "enero febrero marzo abril junio julio agosto septiembre octubre noviembre diciembre"
    ),
    fr=_words("janvier février mars avril juin juillet août septembre octobre novembre décembre"),
    it=_words(
        "gennaio febbraio marzo aprile giugno luglio agosto settembre ottobre novembre dicembre"
    ),
    pt=_words(
        "janeiro fevereiro março abril junho julho agosto setembro outubro novembro dezembro"
    ),
    nl=_words(
        "januari februari maart april juni juli augustus september oktober november december"
    ),
    hi=_words("जनवरी फ़रवरी मार्च अप्रैल जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर"),
)
"""Without May, which is too much else."""
ORDINALS = _words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
)
FIRST_NAMES = _words(
    "Kevin Laura Michael Jessica Brian Angela Stephen Melissa Timothy Rebecca Gregory Heather "
    "Priya Rahul Mohammed Fatima Sergei Olga Pedro Carmen Hans Greta Yusuf Aisha Chloe Ethan"
)
LAST_NAMES = _words(
    "Johnson Williams Thompson Anderson Martinez Robinson Rodriguez Hernandez Mitchell Campbell "
    "Sharma Patel Kowalski Schneider Fischer Nguyen Petrov Okafor Lindqvist Moretti"
)
HINDI_FIRST_NAMES = _words("राहुल प्रिया अमित सुनीता विकास पूजा संदीप अनन्या मोहम्मद राजेश")
HINDI_LAST_NAMES = _words("शर्मा वर्मा गुप्ता पटेल मिश्रा अग्रवाल त्रिपाठी यादव कपूर बनर्जी")
STREETS = _words("Maple Juniper Willow Lincoln Jefferson Madison Chestnut Sycamore")
HOSTS = _words("gmail yahoo hotmail outlook proton")
AT = _table(en="at", de="at", es="arroba", fr="arobase", it="chiocciola", pt="arroba", nl="at")
DOT = _table(en="dot", de="punkt", es="punto", fr="point", it="punto", pt="ponto", nl="punt")

FILLERS = _table(
    en=("uh", "um", "er", "hmm"),
    de=("äh", "ähm", "hm"),
    es=("eh", "mmm", "hm"),
    fr=("euh", "hm"),
    it=("ehm", "mmm", "eh"),
    pt=("hum", "hã", "eh"),
    nl=("eh", "uh", "ehm"),
    hi=("अं", "हम्म"),
)
HARMLESS = frozenset(
    _words(
        "a i o at dot com org net the of and is in to it as double triple street avenue road lane "
        "p m am pm on w www dash plus y de e et en und von del der punkt punto point ponto punt "
        "arroba arobase chiocciola u को"
    )
)
"""Tokens of secrets that say nothing by themselves, besides sounds of hesitation."""

SMALL_TALK = _table(
    en=(
        "i would like to pay for my order",
        "can you hear me all right",
        "let me have a look at that",
        "thank you very much for your help",
        "the delivery has not arrived yet",
        "that sounds great to me",
        "please hold the line while i check",
        "what else do you need from me",
    ),
    de=(
        "ich möchte meine bestellung bezahlen",
        "können sie mich gut hören",
        "vielen dank für ihre hilfe",
        "die lieferung ist noch nicht da",
    ),
    es=(
        "quisiera pagar mi pedido",
        "me oye usted bien",
        "muchas gracias por su ayuda",
        "el paquete todavía no ha llegado",
    ),
    fr=(
        "je voudrais payer ma commande",
        "vous m'entendez bien",
        "merci beaucoup pour votre aide",
        "le colis n'est pas encore arrivé",
    ),
    it=(
        "vorrei pagare il mio ordine",
        "mi sente bene",
        "grazie del suo aiuto",
        "il pacco non è ancora arrivato",
    ),
    pt=(
        "queria pagar o meu pedido",
        "está me ouvindo bem",
        "muito obrigado pela sua ajuda",
        "a entrega ainda não chegou",
    ),
    nl=(
        "ik wil graag mijn bestelling betalen",
        "kunt u mij goed verstaan",
        "hartelijk dank voor uw hulp",
        "het pakket is nog niet aangekomen",
    ),
    hi=(
        "मुझे अपने ऑर्डर का पेमेंट करना है",
        "क्या मेरी आवाज़ आ रही है",
        "आपकी मदद के लिए धन्यवाद",
        "सामान अभी तक नहीं आया है",
    ),
)
CUES: Mapping[str, Mapping[str, tuple[str, ...]]] = _table(
    card=_table(
        en=("my card number is {}", "the credit card is {} please", "it's a visa {}"),
        de=("meine kartennummer ist {}", "die kreditkartennummer lautet {}"),
        es=("mi número de tarjeta es {}", "la tarjeta de crédito es {}"),
        fr=("mon numéro de carte est le {}", "la carte bancaire c'est {}"),
        it=("il numero della carta è {}", "la mia carta di credito è {}"),
        pt=("o número do cartão é {}", "meu cartão de crédito é {}"),
        nl=("mijn kaartnummer is {}", "het nummer van mijn creditcard is {}"),
        hi=("मेरा कार्ड नंबर {} है", "क्रेडिट कार्ड का नंबर है {}"),
    ),
    cvv=_table(
        en=(
            "the security code is {}",
            "the cvv is {}",
            "cvv {}",
            "the security code for it is {} okay",
        ),
        de=("die prüfziffer ist {}", "der sicherheitscode lautet {}"),
        es=("el código de seguridad es {}", "el cvv es {}"),
        fr=("le cryptogramme est {}", "le code de sécurité c'est {}"),
        it=("il codice di sicurezza è {}", "il cvv è {}"),
        pt=("o código de segurança é {}", "o cvv é {}"),
        nl=("de beveiligingscode is {}", "de cvc is {}"),
        hi=("सीवीवी {} है", "सीवीवी नंबर है {}"),
    ),
    expiry=_table(
        en=("it expires {}", "the expiry date is {}", "expiration {} thanks"),
        de=("die karte ist gültig bis {}", "das ablaufdatum ist {}"),
        es=("la tarjeta caduca {}", "la fecha de vencimiento es {}"),
        fr=("elle expire {}", "la date d'expiration est {}"),
        it=("la carta scade {}", "la scadenza è {}"),
        pt=("a validade é {}", "o cartão vence {}"),
        nl=("de kaart verloopt {}", "geldig tot {}"),
        hi=("एक्सपायरी डेट {} है", "एक्सपायरी {} है"),
    ),
    account=_table(
        en=("my account number is {}", "the bank account is number {}"),
        de=("meine kontonummer ist {}", "die kontonummer lautet {}"),
        es=("mi número de cuenta es {}", "el número de cuenta es {}"),
        fr=("mon numéro de compte est le {}", "le numéro de compte c'est {}"),
        it=("il mio numero di conto è {}", "il numero di conto corrente è {}"),
        pt=("o número da conta é {}", "a minha conta é {}"),
        nl=("mijn rekeningnummer is {}", "het rekeningnummer is {}"),
        hi=("मेरा खाता नंबर {} है", "अकाउंट नंबर है {}"),
    ),
    pin=_table(
        en=("my pin is {}", "the pin code is {}", "the pin number is {} okay"),
        de=("meine pin ist {}", "die geheimzahl lautet {}"),
        es=("mi pin es {}", "la clave es {}"),
        fr=("mon code pin est {}", "mon code secret c'est {}"),
        it=("il mio pin è {}", "il pin è {}"),
        pt=("a senha é {}", "meu pin é {}"),
        nl=("mijn pincode is {}", "de pincode is {}"),
        hi=("मेरा पिन {} है", "ओटीपी {} है"),
    ),
    zip=_table(
        en=("the zip code is {}", "my zip is {}", "zip code {}"),
        de=("die postleitzahl ist {}", "meine postleitzahl lautet {}"),
        es=("el código postal es {}", "mi código postal es el {}"),
        fr=("le code postal est {}", "mon code postal c'est {}"),
        it=("il cap è {}", "il codice postale è {}"),
        pt=("o cep é {}", "meu cep é {}"),
        hi=("पिन कोड {} है", "मेरा पिन कोड है {}"),
    ),
    phone=_table(
        en=("my phone number is {}", "you can reach me at {}", "call me at {} please"),
        de=("meine telefonnummer ist {}", "sie erreichen mich unter {}"),
        es=("mi número de teléfono es {}", "mi teléfono es el {}"),
        fr=("mon numéro de téléphone est le {}", "mon téléphone c'est le {}"),
        it=("il mio numero di telefono è {}", "mi può chiamare al {}"),
        pt=("meu telefone é {}", "o número do celular é {}"),
        nl=("mijn telefoonnummer is {}", "u kunt me bellen op {}"),
        hi=("मेरा फोन नंबर {} है", "मेरा मोबाइल नंबर है {}"),
    ),
    name=_table(
        en=("my name is {}", "this is {} speaking", "my name's {} by the way"),
        de=("mein name ist {}", "ich heiße {}"),
        es=("me llamo {}", "mi nombre es {}"),
        fr=("je m'appelle {}", "mon nom est {}"),
        it=("mi chiamo {}", "il mio nome è {}"),
        pt=("meu nome é {}", "me chamo {}"),
        nl=("mijn naam is {}", "ik heet {}"),
        hi=("मेरा नाम {} है", "मैं {} बोल रहा हूँ"),
    ),
    spelled=_table(
        en=("my last name is spelled {}", "my last name is {}"),
        de=("mein nachname wird buchstabiert {}", "mein nachname ist {}"),
        es=("mi apellido se escribe {}", "mi apellido es {}"),
        fr=("mon nom de famille s'écrit {}", "mon nom de famille est {}"),
        it=("il cognome si scrive {}", "il mio cognome è {}"),
        pt=("o sobrenome se escreve {}", "meu sobrenome é {}"),
        nl=("mijn achternaam is gespeld {}", "mijn achternaam is {}"),
    ),
    email=_table(
        en=("my email is {}", "my email address is {} thanks", "send it to {}"),
        de=("meine e-mail ist {}", "meine e-mail-adresse lautet {}"),
        es=("mi correo es {}", "mi correo electrónico es {}"),
        fr=("mon adresse mail est {}", "mon mail c'est {}"),
        it=("la mia mail è {}", "la mia email è {}"),
        pt=("o meu e-mail é {}", "meu email é {}"),
        nl=("mijn e-mailadres is {}", "mijn mail is {}"),
        hi=("मेरा ईमेल {} है", "मेरी ईमेल आईडी {} है"),
    ),
    birthday=_table(
        en=("i was born on {}", "my date of birth is {}", "my birthday is {}"),
        de=("ich bin am {} geboren", "mein geburtsdatum ist der {}"),
        es=("nací el {}", "mi fecha de nacimiento es el {}"),
        fr=("je suis né le {}", "ma date de naissance est le {}"),
        it=("sono nato il {}", "la data di nascita è {}"),
        pt=("nasci em {}", "a data de nascimento é {}"),
        nl=("ik ben geboren op {}", "mijn geboortedatum is {}"),
        hi=("मेरा जन्म {} को हुआ था", "मेरी जन्म तिथि {} है"),
    ),
    age=_table(
        en=("i am {} years old",),
        de=("ich bin {} jahre alt",),
        es=("tengo {} años",),
        fr=("j'ai {} ans",),
        it=("ho {} anni",),
        pt=("tenho {} anos",),
        nl=("ik ben {} jaar oud",),
        hi=("मेरी उम्र {} साल है",),
    ),
)
"""What is said around a secret of a kind, by language; a language without any does not say it."""
