"""The command line: parse, call, render. One file per group of commands.

Heavy imports happen inside the commands, so that a reading command starts in a fraction of a second.
"""

from muniment.cli.app import main

__all__ = ["main"]
