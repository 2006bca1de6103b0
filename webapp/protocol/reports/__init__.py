"""Reports: missed seats, seats by standing, counts for Today, demand for make-ups, timeliness of the protocol's steps."""
