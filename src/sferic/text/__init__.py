"""Words to words: redaction, numerals, sentences, punctuation and capitals.

Usable without audio:

```python
from sferic.text import process

for line in process(["my card is 4242 4242 4242 4242"], redact_pci=True):
    print(line.text)
```
"""

from sferic.text.lines import Line as Line
from sferic.text.lines import Lines as Lines
from sferic.text.lines import Span as Span
from sferic.text.lines import process as process

__all__ = ["Line", "Lines", "Span", "process"]
