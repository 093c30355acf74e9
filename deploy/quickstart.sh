#!/usr/bin/env bash
# From a fresh clone to a finished campaign: makes .venv, installs steer, explores the Trp-cage mini-protein.
#
# Usage: bash deploy/quickstart.sh
#
# Needs Linux x86_64, Python 3.11 or 3.12, a C compiler, about 4 GB of disk and the network; neither root nor Redis.
# Run it again to resume a campaign that was interrupted. PYTHON names another interpreter, STEER_QUICKSTART another
# folder for the results.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/common.sh
source deploy/common.sh

results=${STEER_QUICKSTART:-quickstart}

main() {
    make_venv
    say "installing steer and what it needs (one to four minutes the first time)"
    pip_install --editable .
    say "exploring Trp-cage (20 residues) in $results: about eight minutes on two cores; Ctrl-C stops it, the same command resumes it"
    .venv/bin/steer run examples/trp-cage/campaign.toml --directory "$results"
}

main
