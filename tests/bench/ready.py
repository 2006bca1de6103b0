"""Imported once by the server that forks the processes of bench_sweep.py: each begins with the whole product ready."""

from sqlalchemy.orm import configure_mappers

import tests.bench.sweeping  # noqa: F401
from tests.databases import every_table

every_table()
configure_mappers()
