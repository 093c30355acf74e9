"""``python -m fleet_stand_ins URL JSON-OPTIONS``: a real worker daemon whose jobs count, unless ``real_jobs`` is set."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from steer.exceptions import SteerError
from steer.jobs.registry import RUNNERS
from steer.messages import KINDS
from steer.worker import WorkerOptions, run_worker

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = json.loads(sys.argv[2])
    if "directory" in options:
        options["directory"] = Path(options["directory"])
    real = options.pop("real_jobs", False)
    runners = RUNNERS if real else dict.fromkeys(KINDS, "fleet_stand_ins.jobs:run")
    try:
        code = run_worker(WorkerOptions(url=sys.argv[1], runners=runners, **{"gpus": [], **options}))
    except SteerError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    sys.exit(code)
