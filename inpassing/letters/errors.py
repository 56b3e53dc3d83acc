"""What can be wrong with a letter."""

from collections.abc import Sequence

#: What to do about a character that the font lacks.
MEND = "Perbaiki data asalnya."


class LetterError(Exception):
    """A letter cannot be made; the message says what is missing or wrong, in Indonesian.

    `missing` names the empty fields, in the order in which the letter prints them.
    """

    def __init__(self, message: str, *, missing: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class ServiceError(LetterError):
    """A service that the letter needs does not answer; later it may."""
