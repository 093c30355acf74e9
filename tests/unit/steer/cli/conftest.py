import logging
from collections.abc import Iterator

import pytest

from steer.cli.log import OURS


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Take back the log set-up that calling the command line makes."""
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in OURS)]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
