"""Whisper: the engine, what runs its network, and what goes in and comes out of it."""
