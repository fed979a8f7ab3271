"""words2num2 over pipes, with all that it can write; see `lines`."""

import importlib

from lines import Answer, serve  # type: ignore[import-not-found]


def main() -> None:
    convert = importlib.import_module("words2num2").convert_sentence

    def work(text: str, language: str) -> Answer:
        everything = {"currency": True, "date": True, "phone": True, "percent": True}
        return {"text": convert(text, lang=language, **everything)}

    serve(work)


if __name__ == "__main__":
    main()
