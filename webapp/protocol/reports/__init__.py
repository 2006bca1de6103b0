"""What the protocol can tell: misses, what waits for a client, demand for make-ups, timeliness."""
