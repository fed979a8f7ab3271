import sys
from pathlib import Path

import pytest

from benchmarks import redaction_sets
from benchmarks.peers import texts
from benchmarks.peers.environment import Environment
from benchmarks.peers.errors import PeerNotInstalledError, PeerProcessError
from benchmarks.peers.texts import NORMALISERS, REDACTORS, Answer, TextPeer, Tool
from benchmarks.redaction import Plan, measure
from benchmarks.redaction_engines import own, traced
from benchmarks.redaction_report import LANGUAGES, Figures, Form, targets
from benchmarks.redaction_scoring import Mask, Tally, score
from benchmarks.redaction_sets import sessions

TEXTS = ("I'm", "Ada", "King's", "son")
PERSON = ("FIRSTNAME", "LASTNAME")


def test_characters_are_traced_to_words_with_what_is_left_of_them() -> None:
    answer = Answer(spans=((4, 12, "PERSON"),))
    assert list(traced(answer, TEXTS, 10)) == [Mask(first=11, last=12, types=PERSON, shown="'s")]


def test_what_a_tool_finds_and_we_do_not_look_for_does_not_count() -> None:
    assert list(traced(Answer(spans=((0, 3, "ORGANIZATION"),)), TEXTS, 0)) == []


def test_the_own_rules_are_scored_by_the_words_that_they_replace() -> None:
    (session,) = sessions("Hello.\nMy name is {FIRSTNAME|Sergei}.\nThank you.")
    redaction = own(session, "en")
    assert redaction.masks == (Mask(first=4, last=4, types=("FIRSTNAME",), shown="."),)
    assert score(session, redaction.masks)["FIRSTNAME"] == Tally(gold=1, found=1, masks=1, right=1)
    assert redaction.us > 0


def test_what_is_held_back_is_scored_with_the_turn_that_says_what_it_is() -> None:
    (session,) = sessions(
        "My card number is {CREDITCARDNUMBER|four two four two}\n"
        "{CREDITCARDNUMBER|four two four two four two four two four two four two}"
    )
    (tally,) = score(session, own(session, "en").masks).values()
    assert (tally.gold, tally.found, tally.leaked) == (2, 2, 0)


def test_the_set_that_is_asked_for_is_measured_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "en.txt").write_text("My name is {FIRSTNAME|Sergei}.\n\nThank you.\n")
    monkeypatch.setattr(redaction_sets, "FOLDERS", {"second": tmp_path})
    report = measure(Plan(languages=("en",), chosen="second"), command="")
    assert report.chosen == "second"
    assert [(each.form, each.all.gold, each.harmless) for each in report.figures] == [
        ("written", 1, 1),
        ("lower", 1, 1),
    ]


def figures(engine: str, language: str, form: Form, tally: Tally) -> Figures:
    return Figures(
        engine=engine,
        language=language,
        form=form,
        words=1,
        us_a_word=1,
        alarms=0,
        harmless=0,
        early=0,
        by_type={"PIN": tally},
        by_section={},
    )


def test_targets_are_about_the_own_figures() -> None:
    good = Tally(gold=100, found=96, leaked=1, masks=100, right=95)
    forms: tuple[Form, Form] = ("written", "lower")
    rows = [figures("sferic", language, form, good) for language in LANGUAGES for form in forms]
    rows.append(figures("presidio", "en", "written", Tally(gold=100)))
    met = {aim.name: aim.met for aim in targets(rows)}
    assert met["English, written: recall"] is False
    assert met["English, lower: recall"] is True
    assert met["English, written: left readable even in part"] is True
    assert met["hi, written: precision"] is True
    assert [met[f"the seven others, {form}: recall"] for form in forms] == [True, True]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tool:
    """A tool with this interpreter for its environment and the driver `tool.py` for its own."""
    (tmp_path / "driver.py").write_text(
        f"import sys; sys.path.insert(0, {str(texts._DRIVERS)!r})\n"
        "from lines import serve\n"
        "serve(lambda text, language: {'text': text.upper() + language})\n"
    )
    monkeypatch.setattr(texts, "_DRIVERS", tmp_path)
    monkeypatch.setattr(Environment, "require", lambda self: None)
    monkeypatch.setattr(Environment, "python", Path(sys.executable))
    return Tool(name="some", package="some", driver="driver", languages=frozenset({"en"}))


def test_a_tool_is_asked_over_pipes_and_says_how_long_it_took(tool: Tool) -> None:
    with TextPeer(tool) as peer:
        answers = [peer.ask(text, "en") for text in ("five", "नौ")]
    assert [answer.text for answer in answers] == ["FIVEen", "नौen"]
    assert all(answer.us > 0 for answer in answers)


def test_a_tool_that_breaks_off_is_said_to(tool: Tool) -> None:
    (texts._DRIVERS / "driver.py").write_text("raise SystemExit('no model')")
    with pytest.raises(PeerProcessError, match="no model"), TextPeer(tool):
        pass


def test_a_tool_that_is_not_installed_is_said_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SFERIC_PEERS", str(tmp_path))
    with pytest.raises(PeerNotInstalledError, match="install presidio"):
        TextPeer(REDACTORS["presidio"])


@pytest.mark.parametrize("each", [*REDACTORS.values(), *NORMALISERS.values()])
def test_every_tool_has_a_driver_and_its_package_among_its_pins(each: Tool) -> None:
    assert each.version
    assert (texts._DRIVERS / f"{each.driver}.py").is_file()
