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
    local code=0
    .venv/bin/steer run examples/trp-cage/campaign.toml --directory "$results" || code=$?
    case $code in
        0) whats_next ;;
        4 | 130) say "stopped; resume with: bash deploy/quickstart.sh" ;;
    esac
    exit "$code"
}

whats_next() {
    cat <<END

The campaign is finished. Its coverage plot is in $results/plots.

  look at it again         .venv/bin/steer status $results
  draw the plots again     .venv/bin/steer coverage $results
  go on exploring          .venv/bin/steer run $results --until "100 refinements"
  attach another machine   .venv/bin/steer worker URL    (while it runs; 'steer status $results' shows the URL)
  your own protein         .venv/bin/steer init --from protein.pdb
END
}

main
