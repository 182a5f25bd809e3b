"""What can go wrong in the program or its surroundings, as three classes.

Raised anywhere, turned into exit codes once per door. Problems in data are values, never these.
A class's docstring is its default message and names the cure.
"""


class MunimentError(Exception):
    """Something went wrong; the message says what, to what, and what to do."""

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))


class Rejected(MunimentError):
    """The request cannot be carried out as asked: change the arguments or the file and try again."""

    exit_code = 2


class NotFound(Rejected):
    """Nothing of that name or id is in this engagement: check it with `muniment assets`."""

    exit_code = 3


class Permanent(MunimentError):
    """The surroundings do not allow this, and trying again will not help: mend what is named."""

    exit_code = 4


class Retryable(MunimentError):
    """The surroundings do not allow this at the moment: try again a little later."""

    exit_code = 5

    def __init__(self, message: str = "", after: float = 1.0) -> None:
        super().__init__(message)
        self.after = after
