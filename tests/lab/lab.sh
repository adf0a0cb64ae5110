# The lab itself: a copy of the root file system, booted in a container without a network.
# shellcheck shell=bash

# What the machine lacks, in words; fails if it lacks nothing.
lab_lacks() {
    [ "$(id -u)" = 0 ] || { echo "needs root"; return 0; }
    local command
    for command in systemd-nspawn:systemd-container debootstrap:debootstrap nsenter:util-linux dpkg-deb:dpkg; do
        command -v "${command%%:*}" >/dev/null || { echo "apt-get install ${command##*:}"; return 0; }
    done
    unshare --mount --pid --fork true 2>/dev/null || { echo "no namespaces"; return 0; }
    tests/lab/root >/dev/null 2>&1 ||
        { echo "its root file system cannot be made: tests/lab/root says why"; return 0; }
    return 1
}

# The package that is under test; it is built unless it is newer than everything that it is made of.
lab_package() {
    local deb
    if [ -n "${TRADERD_LAB_PACKAGE:-}" ]; then
        echo "$TRADERD_LAB_PACKAGE"
        return
    fi
    deb=$(ls target/package/*.deb 2>/dev/null | head -n 1) || true
    if [ -z "$deb" ] || [ -n "$(find Cargo.lock Cargo.toml daemon ctl plugins migrations packaging systemd \
        -newer "$deb" -type f -print -quit)" ]; then
        packaging/build >/dev/null
        deb=$(ls target/package/*.deb)
    fi
    echo "$deb"
}

# A server that speaks Alpaca's language: the program that ALPACA_SIM names, or it is built.
lab_exchange() {
    if [ ! -x "${ALPACA_SIM:-}" ]; then
        cargo build --quiet --locked -p trader-broker-alpaca --features simulator --bin alpaca-sim
        ALPACA_SIM=${CARGO_TARGET_DIR:-target}/debug/alpaca-sim
    fi
    echo "$ALPACA_SIM"
}

lab_begin() { # DEB
    local root base
    lab=$(mktemp -d "${TMPDIR:-/var/tmp}/traderd-lab.XXXXXX")
    mkdir "$lab/log"
    echo @0 >"$lab/fresh"
    base=$(tests/lab/root)
    root=$lab/root
    cp -a --reflink=auto "$base" "$root"
    install -d "$root/lab"
    cp "$1" "$root/lab/traderd.deb"
    cp -r tests/lab/inside/. "$root/lab/"
    # Names are looked up by a server of the lab's own.
    rm -f "$root/etc/resolv.conf"
    echo "nameserver 127.0.0.1" >"$root/etc/resolv.conf"
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn -q -D "$root" --boot --private-network \
        --register=no --keep-unit --console=pipe --link-journal=no </dev/null >"$lab/log/console" 2>&1 &
    nspawn=$!
    leader=""
    until leader=$(pgrep -P "$nspawn" 2>/dev/null | head -n 1) && [ -n "$leader" ]; do
        kill -0 "$nspawn" 2>/dev/null || { cat "$lab/log/console" >&2; return 1; }
        sleep 0.1
    done
    until in_lab test -S /run/dbus/system_bus_socket 2>/dev/null; do sleep 0.1; done
    in_lab systemctl is-system-running --wait >/dev/null || true
}

lab_end() {
    [ -n "${nspawn:-}" ] || return 0
    in_lab systemctl poweroff >/dev/null 2>&1 || true
    for _ in $(seq 100); do
        kill -0 "$nspawn" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$nspawn" 2>/dev/null || true
    wait "$nspawn" 2>/dev/null || true
    if [ "$failed" -eq 0 ]; then rm -rf "$lab"; else rm -rf "$lab/root"; echo "logs: $lab/log" >&2; fi
}

# Runs a command in the lab, as root.
in_lab() {
    nsenter -t "$leader" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@" </dev/null
}

# Runs a script in the lab, as root.
lab_script() { nsenter -t "$leader" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 bash -euo pipefail -s -- "$@"; }

# Writes a file in the lab from standard input.
lab_file() { # PATH [MODE]
    nsenter -t "$leader" -a env -i PATH=/usr/bin:/bin bash -c 'umask 022; mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"' - "$1" "${2:-644}"
}

# Runs a command in the lab as a user.
as() { # USER COMMAND...
    local user=$1
    shift
    in_lab runuser -u "$user" -- "$@"
}

# Fails, with what was found, unless a text holds another.
holds() { # TEXT PART
    case "$1" in
        *"$2"*) ;;
        *) printf 'not found: %s\nin: %s\n' "$2" "$1"; return 1 ;;
    esac
}

lacks() { # TEXT PART
    case "$1" in
        *"$2"*) printf 'found: %s\nin: %s\n' "$2" "$1"; return 1 ;;
    esac
}

same() { # GOT WANTED
    [ "$1" = "$2" ] || { printf 'got: %s\nwanted: %s\n' "$1" "$2"; return 1; }
}

# Waits until a command succeeds, for at most so many seconds.
within() { # SECONDS COMMAND...
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || { echo "not in time: $*"; return 1; }
        sleep 0.2
    done
}

# Fails unless a command fails with this code.
code_is() { # CODE COMMAND...
    local wanted=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$wanted" ] || { echo "ended with $got, not $wanted: $*"; return 1; }
}

figure() { printf 'figure: %s\n' "$*"; }
