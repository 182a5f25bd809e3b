"""Muniment: one register from conflicting IT inventories, with proof of every value.

The command line is `muniment.cli`; every other folder is one domain with a front page of its own.
"""

__version__ = "0.1.0"
