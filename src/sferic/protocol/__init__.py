"""Options of a stream, messages, dialects."""
