"""A worker daemon as `steer worker` starts it, with a shorter lease, so that a test need not wait for the usual one.

``python daemon.py URL JSON-OPTIONS``; the password comes from the environment.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from steer.exceptions import SteerError
from steer.worker import WorkerOptions, run_worker

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = json.loads(sys.argv[2])
    settings["directory"] = Path(settings["directory"])
    try:
        sys.exit(run_worker(WorkerOptions(url=sys.argv[1], gpus=[], **settings)))
    except SteerError as error:
        sys.exit(f"{type(error).__name__}: {error}")
