"""`python -m webapp.cli`, the same as `rejoin`."""

from webapp.cli import main

main()
