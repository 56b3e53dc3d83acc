"""What one reader found in a file, and how a reader says that it gives up."""

from dataclasses import dataclass, field


class RefusedError(Exception):
    """The file is refused with a code that nothing read later can change."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LockedError(Exception):
    """The empty password does not open the file."""


@dataclass
class Reading:
    """`whole` when every object was read as it stands, without guessing or leaving out.

    `slow` when the reader was stopped before it had seen all; it then says little.
    """

    pages: int = 0
    active: bool = False
    whole: bool = True
    slow: bool = False
    tidy: bool = True  # the cross-reference table is right in every entry
    encrypted: bool = False
    faults: list[str] = field(default_factory=list)
