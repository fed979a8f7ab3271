"""Which words are names, and which are just words.

The list is made by `tools/lexicon.py`; NOTICE says from what. The kinds, one letter each:

* `F` a first name that many people have, `f` any other, `g` a rare one
* `L` a surname that many people have, `l` any other
* `w` a word that is common in small letters, in some language; `e` an English word
* a digit of `OWN`: a first name that is usual in that language
* `p` mostly seen with a capital, and no first name: a place, a company, a German noun
"""

import functools
import gzip
import io
import itertools
from importlib import resources

OWN = {"de": "1", "es": "2", "fr": "3", "hi": "4", "it": "5", "nl": "6", "pt": "7"}
_PREFIX = 3


class Lexicon:
    """A compact dictionary of words and their kinds.

    Words with the same first letters lie in one string, which takes a fraction of the memory of a
    `dict` and is searched about as fast.
    """

    __slots__ = ("_buckets",)

    def __init__(self, text: str) -> None:
        """Take lines in the order of their words: a word, a tab, its kinds."""
        rows = itertools.groupby(io.StringIO(text), key=lambda line: line[:_PREFIX])
        self._buckets = {prefix: "\n" + "".join(lines) for prefix, lines in rows}

    def kinds(self, word: str) -> str:
        """Return the kinds of a word as letters, none if it is not there.

        Args:
            word: Folded, with `'` for every apostrophe.
        """
        bucket = self._buckets.get(word[:_PREFIX] if len(word) >= _PREFIX else f"{word}\t")
        if bucket is None:
            return ""
        start = bucket.find(f"\n{word}\t")
        if start < 0:
            return ""
        start += len(word) + 2
        return bucket[start : bucket.index("\n", start)]


@functools.lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the lexicon that comes with the package."""
    path = resources.files("sferic.text") / "data" / "redaction" / "lexicon.txt.gz"
    return Lexicon(gzip.decompress(path.read_bytes()).decode())
