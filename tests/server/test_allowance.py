import pytest

from sferic.errors import OptionsError
from sferic.protocol.dialects import LIGHTNING, Dialect
from sferic.protocol.options import parse_options
from sferic.server.allowance import MOST_VALUES, Allowance
from sferic.server.refusal import Refusal

STRICT = Dialect(name="strict", defaults={"punctuate": False}, required=frozenset({"language"}))


def asked(allowance: Allowance, query: str, dialect: Dialect = LIGHTNING) -> dict[str, str]:
    """What a session has that asks for this, as far as it is no default."""
    pairs = [(name, value) for name, _, value in (one.partition("=") for one in query.split())]
    options = parse_options(pairs, dialect=allowance.applied(dialect))
    allowance.check(options, dialect)
    return dict(options.query())


def refused(allowance: Allowance, query: str, dialect: Dialect = LIGHTNING) -> dict[str, str]:
    """What is allowed in place of that, by option."""
    with pytest.raises(Refusal) as caught:
        asked(allowance, query, dialect)
    assert (caught.value.status, caught.value.code) == (403, "option_not_allowed")
    return {problem.parameter: problem.allowed for problem in caught.value.problems}


def test_a_value_that_is_fixed_holds_for_who_does_not_ask_and_nobody_gets_another() -> None:
    allowance = Allowance.of({"language": "de", "redact_pii": True, "endpointing_timeout": 300})
    fixed = {"language": "de", "redact_pii": "true", "endpointing_timeout": "300"}
    assert asked(allowance, "") == fixed
    assert asked(allowance, "language=de-AT redact_pii=1") == fixed
    assert refused(allowance, "language=en redact_pii=false") == {
        "language": "de",
        "redact_pii": "true",
    }


def test_of_a_list_the_first_is_what_a_session_has_that_does_not_ask() -> None:
    allowance = Allowance.of({"language": ["fr", "en", "FR"]})
    assert allowance.values == {"language": ("fr", "en")}
    assert asked(allowance, "") == {"language": "fr"}
    assert asked(allowance, "language=en") == {}
    assert refused(allowance, "language=de") == {"language": "fr or en"}


def test_null_is_any_value() -> None:
    allowance = Allowance.of({"language": None})
    assert asked(allowance, "language=hi") == {"language": "hi"}
    assert asked(allowance, "") == {}


def test_what_is_not_named_keeps_the_default_of_the_path() -> None:
    allowance = Allowance.of({"language": None})
    assert refused(allowance, "diarize=true numerals=false external_session_id=x") == {
        "diarize": "false",
        "numerals": "auto",
        "external_session_id": "left out",
    }
    assert asked(allowance, "diarize=false") == {}
    assert refused(allowance, "language=en punctuate=true", STRICT) == {"punctuate": "false"}


def test_how_audio_is_encoded_is_free_unless_it_is_named() -> None:
    assert asked(Allowance.of({}), "encoding=opus sample_rate=48000")
    allowance = Allowance.of({"encoding": ["linear16", "opus"]})
    assert refused(allowance, "encoding=mulaw") == {"encoding": "linear16 or opus"}


def test_a_fixed_value_stands_in_for_one_that_the_path_requires() -> None:
    assert asked(Allowance.of({"language": "it"}), "", STRICT)["language"] == "it"
    with pytest.raises(OptionsError, match="language is missing"):
        asked(Allowance.of({"language": None}), "", STRICT)


def test_an_alias_names_its_option() -> None:
    assert Allowance.of({"vad": True}).values == {"vad_events": ("true",)}


def test_all_that_is_wrong_with_an_allowance_is_told_at_once() -> None:
    many: list[object] = ["en"] * (MOST_VALUES + 1)
    with pytest.raises(OptionsError) as caught:
        Allowance.of(
            {
                "langauge": "en",
                "language": "xx",
                "diarize": {},
                "numerals": [],
                "encoding": many,
                "max_words": 0,
                "keywords": "word:much",
            }
        )
    assert [problem.parameter for problem in caught.value.problems] == [
        "langauge",
        "language",
        "diarize",
        "numerals",
        "encoding",
        "max_words",
        "keywords",
    ]
    assert all(problem.message and problem.allowed for problem in caught.value.problems)
