"""`python -m steer`: the command line."""

from steer.cli import main

main()
