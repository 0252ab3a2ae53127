"""The error that settings raise for people to read."""


class SettingsError(ValueError):
    """The configuration cannot be used.

    The message has a line for each thing wrong: the file or environment variable, the key, what is wrong with it, and
    what to write instead.
    """
