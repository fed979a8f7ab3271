"""What the benchmarks share: speech, a server process, streams through it, meters and scores."""
