from sferic.models import Catalogue, Model, load_catalogue
from sferic.models.recommend import Choice, Figure, choices, cover

GB = 10**9
CATALOGUE = load_catalogue()


def asked(
    *languages: str, memory: int = 64 * GB, cores: int = 2, gpu: bool = False
) -> list[Choice]:
    return choices(CATALOGUE, languages, memory=memory, cores=cores, gpu=gpu)


def named(name: str, found: list[Choice]) -> Choice:
    return next(choice for choice in found if choice.model == name)


def test_what_was_measured_is_said_to_be_and_nothing_else_is() -> None:
    found = asked("en")
    base = named("whisper-base", found)
    assert (base.memory, base.streams) == (Figure(426_000_000, True), Figure(16, True))
    assert base.wer == {"en": 18.0}
    others = [choice for choice in found if choice.model != "whisper-base"]
    assert len(others) > 8
    assert not any(choice.memory.measured or choice.wer for choice in others)
    assert not any(choice.streams and choice.streams.measured for choice in others)


def test_on_other_machines_the_streams_of_a_measured_model_are_an_estimate() -> None:
    assert named("whisper-base", asked("en", cores=4)).streams == Figure(32, False)
    assert named("whisper-base", asked("en", gpu=True)).streams is None


def test_what_decodes_in_another_way_than_what_was_measured_is_not_estimated() -> None:
    found = asked("en")
    assert named("nemotron-3.5-streaming", found).streams is None
    assert named("whisper-small", found).streams == Figure(4, False)


def test_a_language_in_which_a_model_was_measured_to_be_of_no_use_is_not_served_by_it() -> None:
    base = named("whisper-base", asked("de", "ro", "or"))
    assert (base.serves, base.poor) == (("de",), ("ro",))


def test_models_without_the_languages_or_that_recognise_nothing_are_not_in_question() -> None:
    assert [choice.model for choice in asked("or")] == ["omnilingual-ctc"]
    assert {"silero-vad", "campplus"} & {choice.model for choice in asked("en")} == set()


def test_the_first_choice_holds_some_streams_and_the_rest_is_served_by_others() -> None:
    found = asked("en", "de", "ro", "or")
    chosen = cover(found, ["en", "de", "ro", "or"])
    assert [(choice.model, choice.serves) for choice in chosen] == [
        ("whisper-small", ("en", "de", "ro")),
        ("omnilingual-ctc", ("en", "de", "ro", "or")),
    ]


def test_on_a_large_machine_the_largest_model_that_holds_some_streams_goes_first() -> None:
    assert asked("en", cores=64)[0].model == "whisper-large-v3"


def test_what_takes_too_much_memory_is_not_chosen() -> None:
    found = asked("en", memory=500_000_000)
    assert found[0].model == "whisper-base"
    assert not named("whisper-small", found).fits
    assert cover(asked("or", memory=500_000_000), ["or"]) == []


def test_every_model_that_turns_speech_into_words_has_facts() -> None:
    def recognises(model: Model) -> bool:
        return bool(model.languages)

    catalogue: Catalogue = CATALOGUE
    assert all((model.facts is not None) == recognises(model) for model in catalogue)
