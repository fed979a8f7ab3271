"""Speech segments to words: engines, the streaming policy on top of them, the shared scheduler."""
