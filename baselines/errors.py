"""The one error that this room raises for people to read."""


class BaselineError(ValueError):
    """A baseline or its training data cannot be used.

    The message says what is wrong, where (file, column, line), and what to write instead.
    """
