"""Jobs: what a worker's child processes do. One kind a file, each with ``run(job, context) -> JobResult``."""
