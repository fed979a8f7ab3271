"""What a file of rules may say; `docs/text.md` says it in the words of who writes one."""

import msgspec


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a number: what it looks like in capitals and digits without separators."""

    type: str
    pattern: str
    check: str | None = None
    """Name of the check that has to hold, one of `checks.CHECKS`."""
    alone: bool = False
    """Whether the form is enough, without a cue."""
    guess: bool = False
    """Whether it says the type of a number that is a secret, and nothing says which."""
    written: bool = False
    """Whether the pattern is one of the number as it is written, separators included."""


class Dates(msgspec.Struct, frozen=True, kw_only=True):
    """How days are said and written."""

    months: dict[str, int] = {}
    doubtful_months: tuple[str, ...] = ()
    """Those that are other words too: `may`, `march`."""
    ordinals: dict[str, int] = {}
    """Days of the month as they are said, where that is no cardinal: `third`."""
    ordinal_months: bool = False
    """Whether months are said as ordinals too: `am dritten fünften`."""
    ordinal_endings: tuple[str, ...] = ()
    """What ends them when written: `3rd`."""
    joins: tuple[str, ...] = ()
    """What comes between day, month and year: `of`."""
    on: tuple[str, ...] = ()
    """What comes before a day, and not before a month without one: `on`."""
    month_first: bool = False
    """Whether 12/25 is a day in December and `May 3` a date: else only `3 May` is."""


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How hours are said and written."""

    before: tuple[str, ...] = ()
    """What a bare hour follows at the end of a clause: `at`."""
    hour: tuple[str, ...] = ()
    """What follows an hour: `o'clock`."""
    hour_after_cue: tuple[str, ...] = ()
    """The same where it may be a duration, if `before` comes first: `heures`."""
    meridiem: tuple[str, ...] = ()
    """What follows an hour and its minutes: `p m`, `in the morning`."""
    fractions: tuple[str, ...] = ()
    """What an hour follows: `half past`, `quarter to`."""
    past: tuple[str, ...] = ()
    """What comes between minutes and an hour: `past`, `to`."""
    hours: tuple[str, ...] = ()
    """Hours that are words: `noon`."""
    joins: tuple[str, ...] = ()
    """What comes between an hour and its minutes: `e`."""
    parts: tuple[str, ...] = ()
    """Before an hour that is said to be one, a part of it: `शाम`, `साढ़े`."""
    goes_on: tuple[str, ...] = ()
    """What may follow a bare hour: `tomorrow`, `please`. A noun may not."""


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """How old somebody is."""

    before: tuple[str, ...] = ()
    """What makes a number an age: `aged`."""
    after: tuple[str, ...] = ()
    """The same behind it: `years old`."""
    asks: tuple[str, ...] = ()
    """Questions that an age answers: `wie alt`."""
    subject: tuple[str, ...] = ()
    """What a bare number at the end of a clause follows: `she is`."""
    having: tuple[str, ...] = ()
    """What years follow that are an age, but any other number too: `ho`."""
    years: tuple[str, ...] = ()
    """What makes a number an age behind a subject, and is a duration elsewhere: `ans`."""
    halves: tuple[str, ...] = ()
    """What belongs to an age behind its number: `and a half`."""
    things: tuple[str, ...] = ()
    """What has an age and is no person: `company`."""
    people: tuple[str, ...] = ()
    """Who has an age, or whose name has been found: `son`."""
    copulas: tuple[str, ...] = ()
    """What stands between them and the number: `is`, `has just turned`."""
    joins: tuple[str, ...] = ()
    """Between two ages: `and`."""
    endings: tuple[str, ...] = ()
    """What a number is an age with, in one word: `jährige`."""
    bare: bool = False
    """Whether the number alone may be an age where there is a word for years too."""


class Streets(msgspec.Struct, frozen=True, kw_only=True):
    """How an address is said."""

    after: tuple[str, ...] = ()
    """Words that end the name of a street: `avenue`."""
    weak: tuple[str, ...] = ()
    """The same, but other words too: `way`. The name before them has to look like one."""
    before: tuple[str, ...] = ()
    """Words that begin one: `rue`."""
    before_weak: tuple[str, ...] = ()
    """The same, but other words too: `am`. Only after `live` and with a number."""
    suffixes: tuple[str, ...] = ()
    """What may follow the number of a house before the street: `bis`."""
    floors: tuple[str, ...] = ()
    """The same behind an address that ends with its number: `segundo izquierda`."""
    postcode: int = 0
    """How many digits a postcode has, if they all have as many."""
    city_ends: tuple[str, ...] = ()
    """What names of cities end with: `am main`."""
    city_starts: tuple[str, ...] = ()
    """Small words that names of cities begin with: `san`, `bad`."""
    number_links: tuple[str, ...] = ()
    """What may come between street and number: `número`."""
    endings: tuple[str, ...] = ()
    """What words end with that are the name of a street: `straße`."""
    common: tuple[str, ...] = ()
    """Words that end so and are no streets: `onderweg`."""
    number_first: bool = True
    """Whether the number stands before the street."""
    units: tuple[str, ...] = ()
    """A part of a house, before its number: `apartment`."""
    buildings: tuple[str, ...] = ()
    """A house, before its number: `house number`."""
    boxes: tuple[str, ...] = ()
    """`p o box`"""
    directions: tuple[str, ...] = ()
    """What may follow the type of a street: `north`."""
    links: tuple[str, ...] = ()
    """What may come between the street and the city: `in`."""
    states: tuple[str, ...] = ()
    state_codes: tuple[str, ...] = ()
    """Their abbreviations, which count only in capitals: `CA`."""
    live: tuple[str, ...] = ()
    """What an address follows: `i live at`."""
    doors: tuple[str, ...] = ()
    """What the number of a house follows, and no street: `ring at`, `neighbours at`."""
    door_asks: tuple[str, ...] = ()
    """Questions that the number of a house answers: `which number`."""


class People(msgspec.Struct, frozen=True, kw_only=True):
    """How names are given."""

    full: tuple[str, ...] = ()
    """Before a name, whatever the word: `my name is`."""
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    """Before a name or anything else: `and`. Only what hardly is anything else is one."""
    person: tuple[str, ...] = ()
    """Before a person mostly: `this is`, `thanks`. What is a name and a word may be one."""
    selves: tuple[str, ...] = ()
    """The same where a surname mostly follows: `sono`."""
    relations: tuple[str, ...] = ()
    """The same where hardly anything else follows that may be a name: `mi hija`."""
    then: tuple[str, ...] = ()
    """What may follow a doubtful name behind such a cue: `hi grace how`."""
    titles: tuple[str, ...] = ()
    """Before a surname: `mister`."""
    after: tuple[str, ...] = ()
    """Behind a name: `speaking`."""
    asks: tuple[str, ...] = ()
    """Questions that a name answers: `your name`."""
    asks_first: tuple[str, ...] = ()
    asks_last: tuple[str, ...] = ()
    particles: tuple[str, ...] = ()
    """What comes before a surname: `van der`."""
    particles_capital: bool = False
    """Whether those are written with a capital: `Di Stefano` is a name, `di Milano` is not."""
    links: tuple[str, ...] = ()
    """What comes between a cue and the name: `is`, `it's`, `uh`."""
    doubtful: tuple[str, ...] = ()
    """First names that are more often something else: they need a cue."""
    certain: tuple[str, ...] = ()
    """First names that are words too, but hardly ever meant so."""
    firsts: tuple[str, ...] = ()
    """First names that the lexicon lacks, or knows only as words of some other language."""
    others: tuple[str, ...] = ()
    """More of them; what else the lexicon has for a first name counts as much as these."""
    lasts: tuple[str, ...] = ()
    """Surnames, likewise."""
    names: tuple[str, ...] = ()
    """Names that are words elsewhere, but not in this language."""
    acts: tuple[str, ...] = ()
    """What only a person does, behind a name: `said`. Three words at most: partials see no more."""
    acts_weak: tuple[str, ...] = ()
    """What persons do too: `is`."""
    determiners: tuple[str, ...] = ()
    """What no name of a person follows, where the language has it so: `the`."""
    nobody: tuple[str, ...] = ()
    """Names that are of nobody that one talks to: companies, titles: `harry potter`."""
    places: tuple[str, ...] = ()
    """First names that are places as well: `austin`."""
    organisations: tuple[str, ...] = ()
    """What makes a name before it one of a company or a place: `hospital`."""
    under: tuple[str, ...] = ()
    """Before a whole name or, as often, a surname: `under the name of`."""
    words: tuple[str, ...] = ()
    """What only looks like a name to the lexicon, and is a word."""
    honorifics: tuple[str, ...] = ()
    """Behind a name: `जी`."""
    never: tuple[str, ...] = ()
    """Words that are no names, whatever stands before them."""


class Spelling(msgspec.Struct, frozen=True, kw_only=True):
    """How letters and signs are said."""

    example: tuple[str, ...] = ()
    """Between a letter and a word that begins with it: `as in`."""
    letters: dict[str, str] = {}
    """Names of letters: `zed`."""
    cues: tuple[str, ...] = ()
    """What letters follow: `spelled`."""
    words: tuple[str, ...] = ()
    """Letters, or their names, that are words too: they count beside another letter only."""
    providers: tuple[str, ...] = ()
    """Names of hosts that many people have their mail at: `gmail`."""
    at: tuple[str, ...] = ()
    signs: dict[str, str] = {}
    """Signs of addresses by their names: `dot`."""
    web: tuple[str, ...] = ()
    """How `www` and `https` are said."""
    domains: tuple[str, ...] = ()
    """What comes last in the name of a host: `com`."""


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of rules, as it is written."""

    also: tuple[str, ...] = ()
    """Languages that are mixed into this one: their cues count too."""
    before: dict[str, tuple[str, ...]] = {}
    """By type, what is said before a number. `NONE` is for numbers that are nobody's secret."""
    after: dict[str, tuple[str, ...]] = {}
    """By type, what is said behind a number."""
    unfinished: dict[str, tuple[int, ...]] = {}
    """By type, lengths at which a number is only complete here if it has the form of one."""
    caseless: bool = False
    """Whether the script of the language has no capitals, so that those of others mean nothing."""
    letter_pairs: bool = False
    """Whether two letters in one word end the postcode, after four digits: `1234 AB`."""
    nouns_capital: bool = False
    """Whether every noun has a capital, so that one does not make a name."""
    units: tuple[str, ...] = ()
    """What is counted or measured: a number before it is a quantity."""
    endings: tuple[str, ...] = ()
    """What is not part of a name, at the end of a word: `'s`."""
    elisions: tuple[str, ...] = ()
    """The same at its beginning: `d'`."""
    hesitations: tuple[str, ...] = ()
    """Sounds that mean nothing anywhere: `uh`. They are looked over."""
    fillers: tuple[str, ...] = ()
    """What may come between two digits and means nothing there: `then`, `dash`."""
    corrections: tuple[str, ...] = ()
    """What takes back the digits before it: `no sorry`."""
    links: tuple[str, ...] = ()
    """What may come between a number and a cue behind it: `is my`."""
    lists: tuple[str, ...] = ()
    """Between two numbers that one cue is for: `or`."""
    digits: dict[str, str] = {}
    """Spoken digits beyond those of `sferic.text.numbers`."""
    public: tuple[str, ...] = ()
    """Numbers that are everybody's: `911`."""
    formats: tuple[Format, ...] = ()
    dates: Dates = Dates()
    times: Times = Times()
    ages: Ages = Ages()
    streets: Streets = Streets()
    people: People = People()
    spelling: Spelling = Spelling()
