"""Voice activity, endpoints, segments."""
