"""Refusals that are part of the product: each carries a sentence for the person who acted."""


class TransitionError(Exception):
    """A step is refused in the present state; the message says why and what to do next."""


class StaleError(TransitionError):
    """The object changed after the page was opened; nothing was saved."""
