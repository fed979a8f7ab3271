"""scrubadub with the detectors that it has by itself, over pipes; see `lines`."""

import importlib

from lines import Answer, serve  # type: ignore[import-not-found]


def main() -> None:
    scrubber = importlib.import_module("scrubadub").Scrubber()

    def work(text: str, language: str) -> Answer:  # noqa: ARG001
        found = scrubber.iter_filth(text)
        return {"spans": [(each.beg, each.end, each.type or "") for each in found]}

    serve(work)


if __name__ == "__main__":
    main()
