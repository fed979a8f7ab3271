"""Sentences and the look of the words."""
