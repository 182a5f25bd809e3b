"""`python -m muniment.cli` is the same as `muniment`."""

from muniment.cli.app import main

main()
