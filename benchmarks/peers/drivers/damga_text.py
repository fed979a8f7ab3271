"""damga's inverse normaliser over pipes; see `lines`."""

import functools
import importlib

from lines import Answer, serve  # type: ignore[import-not-found]


def main() -> None:
    normalizer = functools.cache(importlib.import_module("damga").InverseNormalizer)

    def work(text: str, language: str) -> Answer:
        return {"text": normalizer(lang=language).normalize(text)}

    serve(work)


if __name__ == "__main__":
    main()
