#!/usr/bin/env bash
# Installs what the tests need and runs everything: style, types, import direction, shell scripts, then all tests.
#
# Usage: bash deploy/test.sh [unit|integration] [pytest options...]
#
# Under CI=true a missing tool is a failure; otherwise it is said and the check is left out.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/common.sh
source deploy/common.sh

bin=.venv/bin
scripts=(deploy/*.sh deploy/container/*.sh .ci/run)

main() {
    make_venv
    say "installing steer and the test tools"
    pip_install --editable '.[test]'
    debian_package shellcheck
    debian_package chromium
    debian_package chromedriver chromium-driver
    debian_package redis-server
    debian_package openssl
    debian_package ip iproute2
    check "ruff check" "$bin/ruff" check .
    check "ruff format" "$bin/ruff" format --check .
    check "mypy" "$bin/mypy"
    check "import direction" "$bin/lint-imports"
    check_scripts
    run_tests "$@"
}

# debian_package TOOL [PACKAGE]: installs a tool where we may; otherwise its check says that it is missing.
debian_package() {
    local package=${2:-$1}
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        say "installing $package"
        { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$package"; } >/dev/null 2>&1 ||
            say "apt-get could not install $package"
    fi
}

failures=()

check() {
    local name=$1
    shift
    say "$name"
    "$@" >&2 || failures+=("$name")
}

check_scripts() {
    if command -v shellcheck >/dev/null; then
        check "shellcheck" shellcheck --external-sources "${scripts[@]}"
    elif [ "${CI:-}" = true ]; then
        failures+=("shellcheck (not installed)")
    else
        say "shellcheck is not installed, so the shell scripts were NOT checked (Debian, Ubuntu: apt-get install shellcheck)"
    fi
}

run_tests() {
    local paths=(tests/unit tests/integration)
    case ${1:-} in
        unit | integration)
            paths=("tests/$1")
            shift
            ;;
    esac
    if [ ${#failures[@]} -gt 0 ]; then
        local name
        for name in "${failures[@]}"; do printf 'FAILED: %s\n' "$name" >&2; done
    fi
    say "pytest"
    # A fixture of a module is made once where neighbours stay together, which worksteal leaves as they are.
    OPENMM_CPU_THREADS=${OPENMM_CPU_THREADS:-1} "$bin/pytest" -n 2 --dist worksteal "${paths[@]}" "$@"
    [ ${#failures[@]} -eq 0 ]
}

main "$@"
