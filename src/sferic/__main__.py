"""`python -m sferic`: the command line."""

from sferic.cli import main

main()
