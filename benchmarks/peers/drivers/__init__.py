"""Scripts that the peers' own interpreters run; they import only what is installed there."""
