from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.errors import OptionsError, Problem
from sferic.protocol.dialects import DIALECTS, LIGHTNING, LIVE, PULSE, Dialect, dialect_at
from sferic.protocol.options import TABLE, Options, OptionSpec, parse_options, rows
from sferic.protocol.values import SHOWN_CHARACTERS, Keyword, Keywords

ROWS = pytest.mark.parametrize("spec", TABLE, ids=lambda spec: spec.name)


def problems(*query: tuple[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(OptionsError) as caught:
        parse_options(query)
    return caught.value.problems


def problem(name: str, value: str) -> Problem:
    (one,) = problems((name, value))
    return one


# The table


def test_the_table_and_the_struct_name_the_same_options_in_the_same_order() -> None:
    assert [spec.name for spec in TABLE] == list(Options.__struct_fields__)


def test_no_two_options_share_a_name() -> None:
    names = [name for spec in TABLE for name in (spec.name, *spec.aliases)]

    assert len(names) == len(set(names))


@ROWS
def test_a_default_is_always_accepted_as_its_row_writes_it(spec: OptionSpec) -> None:
    asked = [("model", "pulse"), ("language", "en"), (spec.name, spec.write(spec.default))]
    parsed = parse_options(asked, dialect=Dialect(name="live"))

    assert parsed == Options()


@ROWS
def test_a_default_has_the_type_of_its_field(spec: OptionSpec) -> None:
    msgspec.convert(spec.default, Options.__annotations__[spec.name])


@ROWS
def test_a_row_has_one_line_of_documentation(spec: OptionSpec) -> None:
    assert spec.doc.endswith(".")
    assert "\n" not in spec.doc
    assert "|" not in spec.doc


def test_the_defaults_are_those_of_the_lightning_path() -> None:
    options = parse_options([])

    assert options == Options()
    assert (options.encoding, options.sample_rate, options.language) == ("linear16", 16000, "en")
    assert options.word_timestamps
    assert not options.full_transcript
    assert options.numerals == "auto"
    assert (options.endpointing_timeout, options.eou_timeout_ms) == (600, 800)
    assert (options.vad_threshold, options.vad_min_speech_ms) == (0.5, 100)


# Reading a query


def test_a_query_as_the_specification_shows_it_is_read() -> None:
    options = parse_options(
        [
            ("language", "de"),
            ("encoding", "linear32"),
            ("sample_rate", "44100"),
            ("word_timestamps", "false"),
            ("full_transcript", "true"),
            ("sentence_timestamps", "true"),
            ("redact_pii", "false"),
            ("redact_pci", "false"),
            ("numerals", "auto"),
            ("diarize", "false"),
        ]
    )

    assert options == Options(
        language="de",
        encoding="linear32",
        sample_rate=44100,
        word_timestamps=False,
        full_transcript=True,
        sentence_timestamps=True,
    )


def test_unknown_parameters_are_ignored() -> None:
    assert parse_options([("eou_timeout", "x"), ("Language", "x"), ("", "")]) == Options()


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "1"])
def test_truth_is_written_in_any_case_or_as_a_one(text: str) -> None:
    assert parse_options([("full_transcript", text)]).full_transcript


@pytest.mark.parametrize("text", ["false", "False", "FALSE", "0"])
def test_falsehood_is_written_in_any_case_or_as_a_zero(text: str) -> None:
    assert not parse_options([("word_timestamps", text)]).word_timestamps


@pytest.mark.parametrize("text", ["", "yes", "on", " true", "2", "null", "None", "ｔｒｕｅ"])
def test_anything_else_is_no_truth_value(text: str) -> None:
    assert problem("vad_events", text).allowed == "true or false"


@pytest.mark.parametrize(
    "text", ["", "+500", "-500", "5e2", "500.0", " 500", "0500", "٥٠٠", "0x1f4", "9" * 5000, "99"]
)
def test_a_number_is_plain_digits_within_its_bounds(text: str) -> None:
    assert problem("eou_timeout_ms", text).allowed == "a whole number from 100 to 10000"


@pytest.mark.parametrize("text", ["100", "10000"])
def test_the_bounds_of_a_number_are_allowed(text: str) -> None:
    assert parse_options([("endpointing_timeout", text)]).endpointing_timeout == int(text)


@pytest.mark.parametrize("text", ["0", "1", "0.0", "1.0", "1e-1", ".5", "0,5", "nan", "-0.5"])
def test_a_threshold_lies_between_zero_and_one_and_is_neither(text: str) -> None:
    assert problem("vad_threshold", text).value == text


def test_a_language_may_be_regional_and_in_capitals() -> None:
    assert parse_options([("language", "pt_BR")]).language == "pt"
    assert parse_options([("language", "North_Indic")]).language == "north_indic"


def test_an_alias_sets_the_option_it_stands_for() -> None:
    assert parse_options([("vad", "true")]).vad_events


def test_the_name_of_an_option_wins_over_its_alias() -> None:
    assert not parse_options([("vad_events", "false"), ("vad", "true")]).vad_events


def test_an_alias_that_loses_still_has_to_be_right() -> None:
    assert problems(("vad_events", "false"), ("vad", "loud"))[0].parameter == "vad"


def test_a_parameter_may_come_twice_if_both_say_the_same() -> None:
    assert parse_options([("language", "en-US"), ("language", "EN")]).language == "en"


def test_a_parameter_that_comes_twice_differently_is_a_problem() -> None:
    (twice,) = problems(("language", "en"), ("language", "de"))

    assert twice.value == "en, de"
    assert "more than once" in twice.message


def test_an_empty_value_unsets_only_what_is_unset_by_default() -> None:
    assert parse_options([("max_words", ""), ("keywords", ""), ("webhook_url", "")]) == Options()
    assert problem("language", "").value == ""


@pytest.mark.parametrize("text", ["call-17_b.3", "x" * 128])
def test_an_external_session_id_is_letters_digits_and_a_few_marks(text: str) -> None:
    assert parse_options([("external_session_id", text)]).external_session_id == text


@pytest.mark.parametrize("text", ["a b", "é", "a\n", "x" * 129, "a/b"])
def test_any_other_external_session_id_is_refused(text: str) -> None:
    assert problem("external_session_id", text).parameter == "external_session_id"


# What is wrong


def test_every_problem_is_listed_at_once() -> None:
    found = problems(
        ("sample_rate", "11025"), ("encoding", "mp3"), ("language", "zh"), ("max_words", "many")
    )

    assert [one.parameter for one in found] == ["encoding", "sample_rate", "language", "max_words"]
    assert [one.value for one in found] == ["mp3", "11025", "zh", "many"]


def test_a_problem_names_parameter_value_and_what_is_allowed() -> None:
    assert problem("encoding", "mp3") == Problem(
        parameter="encoding",
        value="mp3",
        allowed="one of linear16, linear32, alaw, mulaw, opus, ogg_opus",
        message="encoding=mp3 is not allowed: it must be one of linear16, linear32, alaw, mulaw, "
        "opus, ogg_opus",
    )


def test_a_very_long_value_is_cut_short_where_it_is_repeated() -> None:
    found = problem("encoding", "x" * 100_000)

    assert found.value == "x" * SHOWN_CHARACTERS + "…"
    assert len(found.message) < 300


def test_what_does_not_print_is_escaped_where_it_is_repeated() -> None:
    found = problem("encoding", "a\r\n\x1b[2J\u202e\ud800")

    assert found.value == r"a\r\n\x1b[2J\u202e\ud800"
    assert found.message.isprintable()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([name for spec in TABLE for name in (spec.name, *spec.aliases)])
            | st.text(),
            st.sampled_from(["true", "0", "auto", "16000", "600", "0.25", "en", "w:1"]) | st.text(),
        )
    )
)
def test_any_query_is_read_or_refused_with_all_its_problems(query: list[tuple[str, str]]) -> None:
    try:
        options = parse_options(query)
    except OptionsError as error:
        refused = error
    else:
        assert parse_options(options.query()) == options
        return
    assert refused.problems
    for one in refused.problems:
        assert one.message.isprintable()
        assert one.allowed


# Python


def test_python_code_is_checked_by_the_same_rules() -> None:
    wrong: dict[str, Any] = {"sample_rate": "16000", "endpointing": 1, "vad_threshold": True}

    with pytest.raises(OptionsError) as caught:
        Options(max_words=0, language="zh", **wrong)

    assert [one.parameter for one in caught.value.problems] == [
        "sample_rate",
        "language",
        "endpointing",
        "max_words",
        "vad_threshold",
    ]


def test_python_code_may_give_a_regional_language_too() -> None:
    assert Options(language="de-AT").language == "de"


def test_a_changed_copy_is_checked_again() -> None:
    with pytest.raises(OptionsError):
        msgspec.structs.replace(Options(), language="zh")


def test_options_are_written_as_the_query_that_gives_them_again() -> None:
    options = Options(language="multi", vad_threshold=0.00001, max_words=7, punctuate=False)

    assert options.query() == [
        ("language", "multi"),
        ("punctuate", "false"),
        ("max_words", "7"),
        ("vad_threshold", "0.00001"),
    ]
    assert parse_options(options.query()) == options


@pytest.mark.parametrize(
    ("endpointing", "endpoint", "ceiling", "silence"),
    [(True, 600, 800, 600), (True, 900, 300, 300), (False, 300, 800, 800)],
)
def test_the_endpoint_is_the_shorter_timer_or_the_one_that_counts(
    endpointing: bool, endpoint: int, ceiling: int, silence: int
) -> None:
    options = Options(endpointing=endpointing, endpointing_timeout=endpoint, eou_timeout_ms=ceiling)

    assert options.endpoint_silence_ms == silence


# What is not there yet


def test_a_feature_that_is_not_there_yet_is_refused_by_name() -> None:
    (row,) = [spec for spec in TABLE if spec.name == "keywords"]

    with pytest.raises(ValueError, match="it is not available yet, and must be left out"):
        msgspec.structs.replace(row, available=False).parse("Sferic:2")


# Keywords


def test_keywords_are_words_or_phrases_with_a_boost() -> None:
    assert Keywords().parse("Sferic, Waves Lightning:3,Ångström:1.5") == (
        Keyword("Sferic"),
        Keyword("Waves Lightning", 3),
        Keyword("Ångström", 1.5),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,,b", "not a word"),
        (":2", "not a word"),
        ("a:much", "not a number"),
        ("a:-1", "not a number"),
        ("a:21", "not a number from 0 to 20"),
        ("a\x00", "not a word"),
        ("x" * 101, "not a word"),
        (",".join("w" * 10_001), "at most 10000"),
    ],
)
def test_a_keyword_that_is_wrong_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Keywords().parse(text)


def test_ten_thousand_keywords_are_allowed() -> None:
    assert len(Keywords().parse(",".join("w" * 10_000))) == 10_000  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["word", 3, [Keyword("a", None)], ["word"]])  # type: ignore[arg-type]
def test_python_code_gives_keywords_as_such(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Keywords().check(value)


@given(st.text())
def test_any_text_is_keywords_or_not_and_what_is_reads_back(text: str) -> None:
    try:
        keywords = Keywords().parse(text)
    except ValueError:
        return
    assert Keywords().parse(Keywords().write(keywords)) == keywords


# Dialects


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_a_dialect_says_differently_is_in_the_table_and_allowed(dialect: Dialect) -> None:
    own = {spec.name: spec for spec in rows(dialect)}

    assert own.keys() >= dialect.defaults.keys() | dialect.required
    for name, default in dialect.defaults.items():
        assert own[name].check(default) != own[name].default


def test_the_pulse_path_formats_numbers_only_when_asked() -> None:
    options = parse_options([], dialect=PULSE)

    assert options == Options(itn_normalize=False)
    assert parse_options([("itn_normalize", "true")], dialect=PULSE).itn_normalize


def test_the_live_path_sends_words_only_when_asked_and_needs_a_model_and_a_language() -> None:
    asked = [("model", "pulse"), ("language", "de")]
    options = parse_options(asked, dialect=LIVE)

    assert options == Options(language="de", word_timestamps=False, itn_normalize=False)
    with pytest.raises(OptionsError) as caught:
        parse_options([], dialect=LIVE)
    missing = {problem.parameter: problem.message for problem in caught.value.problems}
    assert missing.keys() == {"model", "language"}
    assert missing["model"] == "model is missing: it must be one of pulse"


def test_another_model_is_refused_where_there_is_a_choice_and_nobodys_business_elsewhere() -> None:
    query = [("model", "pulse-pro"), ("language", "en")]

    with pytest.raises(OptionsError, match="model=pulse-pro is not allowed: it must be one of"):
        parse_options(query, dialect=LIVE)
    for dialect in (LIGHTNING, PULSE):
        assert parse_options(query, dialect=dialect) == parse_options(query[1:], dialect=dialect)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    "options",
    [Options(), Options(word_timestamps=False, itn_normalize=False), Options(language="de")],
)
def test_options_ask_every_path_for_the_same(dialect: Dialect, options: Options) -> None:
    assert parse_options(options.query(dialect), dialect=dialect) == options


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_an_address_tells_its_dialect_whatever_stands_before_it(dialect: Dialect) -> None:
    for path in dialect.paths:
        for address in (path, f"{path}/", f"/speech{path}"):
            assert dialect_at(address) is dialect
    assert dialect_at("/elsewhere") is LIGHTNING
