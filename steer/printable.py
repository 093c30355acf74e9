"""Text from elsewhere, made fit for a terminal: names of workers, reasons, errors and paths may hold anything.

An escape sequence in a worker's name could otherwise clear the screen, forge lines, or set a terminal's title to a
command.
"""

from __future__ import annotations

import logging

__all__ = ["PrintableFormatter", "printable"]


def printable(text: str, keep: str = "") -> str:
    """The text with everything that a terminal might obey written out.

    Parameters
    ----------
    text : str
    keep : str
        Characters to leave alone although they are not printable, as ``"\\n"``.

    Examples
    --------
    >>> printable("\\x1b[2Jgone")
    '\\\\x1b[2Jgone'
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


class PrintableFormatter(logging.Formatter):
    """Formats a record's message into one line that a terminal does not obey; a traceback follows as it is."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        """The line of a record."""
        return printable(super().formatMessage(record))
