"""text2num over pipes; see `lines`. Small numbers become digits too."""

import importlib

from lines import Answer, serve  # type: ignore[import-not-found]


def main() -> None:
    alpha2digit = importlib.import_module("text_to_num").alpha2digit
    serve(lambda text, language: Answer(text=alpha2digit(text, language, threshold=0)))


if __name__ == "__main__":
    main()
