"""`python -m muniment.cli` is the same as `muniment`.

So the command works where the console script is not on the path.
"""

from muniment.cli.app import main

main()
