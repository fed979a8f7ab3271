"""Self-hosted real-time speech-to-text."""
