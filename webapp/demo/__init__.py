"""The demo: its people (the cast, which the tests use too), three weeks of history, and sessions that begin now."""
