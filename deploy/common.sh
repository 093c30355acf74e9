# shellcheck shell=bash
# Shared by quickstart.sh and test.sh, which source it: finding Python, making .venv, saying what is missing.

say() { printf '==> %s\n' "$*" >&2; }

fail() {
    printf 'Error: %s\n' "$*" >&2
    exit 3
}

check_platform() {
    local system machine
    system=$(uname -s)
    machine=$(uname -m)
    if [ "$system" != Linux ]; then
        fail "steer runs on Linux, and this is $system; use a Linux machine, a virtual machine or WSL 2."
    fi
    case $machine in
        x86_64) ;;
        aarch64)
            command -v redis-server >/dev/null || command -v valkey-server >/dev/null ||
                fail "on $machine no Redis comes with steer; install redis-server or valkey-server 7.2 or later and run this again."
            ;;
        *) fail "steer runs on x86_64 (and aarch64 with a Redis of its own), and this is $machine; use another machine." ;;
    esac
}

# Prints the first interpreter of a supported version.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.12 python3.11 python3 python; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "Python 3.11 or 3.12 is needed and none was found; install one (Debian, Ubuntu: apt-get install python3 python3-venv python3-dev) or name it as PYTHON=/path/to/python3.12."
}

check_compiler() {
    command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null ||
        fail "a C compiler is needed, because mstool comes as source only; install one (Debian, Ubuntu: apt-get install gcc libc6-dev)."
}

check_headers() {
    local python=$1 include
    include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    [ -f "$include/Python.h" ] ||
        fail "the headers of $python are needed to build mstool, and $include/Python.h is missing; install them (Debian, Ubuntu: apt-get install python3-dev)."
}

check_space() {
    local needed_gb=$1 free_kb
    free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "$free_kb" -ge $((needed_gb * 1024 * 1024)) ] ||
        fail "about $needed_gb GB of disk space are needed here and only $((free_kb / 1024)) MB are free in $PWD; make room, or clone into a larger file system."
}

mstool_installed() { [ -x .venv/bin/python ] && .venv/bin/python -c 'import importlib.util as u, sys; sys.exit(u.find_spec("mstool") is None)' 2>/dev/null; }

venv_usable() {
    [ -x .venv/bin/python ] &&
        .venv/bin/python -c 'import pip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

# Makes .venv, or keeps one that works, after naming anything that would make the installation fail.
make_venv() {
    local python
    check_platform
    if venv_usable && mstool_installed; then
        say "using the virtual environment in .venv"
        return
    fi
    python=$(find_python)
    check_compiler
    check_headers "$python"
    check_space 4
    if venv_usable; then
        say "using the virtual environment in .venv"
        return
    fi
    say "making a virtual environment in .venv with $("$python" --version)"
    "$python" -m venv --clear .venv ||
        fail "$python cannot make a virtual environment; install its venv module (Debian, Ubuntu: apt-get install python3-venv)."
}

# pip_install WHAT...: one line for each package as it arrives, so that nobody watches a silent terminal.
pip_install() {
    local log=.venv/pip-install.log status=0
    .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off "$@" 2>&1 |
        tee "$log" | arrivals >&2 || status=$?
    [ "$status" -eq 0 ] || {
        tail -n 20 "$log" >&2
        fail "the installation failed, see the lines above and $log; check the network and the free space, then run this again."
    }
}

# Of what pip says, the packages as they arrive: name, version and size.
arrivals() {
    awk '/^ *(Downloading|Using cached) / && !/\.metadata/ {
             at = $1 == "Using" ? 3 : 2
             split($at, part, "-")
             print "    " part[1] " " part[2] " " $(at + 1) " " $(at + 2)
             fflush()
         }
         /^ *Building wheel for / { print "    building " $4; fflush() }
         /^Installing collected/ { print "    installing all of them"; fflush() }'
}
