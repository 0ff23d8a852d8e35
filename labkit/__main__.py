"""`python -m labkit` is `labs`."""

from labkit.cli import main

main()
