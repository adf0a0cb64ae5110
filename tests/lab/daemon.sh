# The daemon in the lab: its configuration, a made-up market in which a position is open for hours, and
# what tests ask of it.
# shellcheck shell=bash

STATE=/var/lib/traderd
# Buys RISE once it has left the range of its first half hour.
ROUTE='[[route]]
name = "lab"
strategy = "opening-range"
symbols = ["RISE"]
timeframe_minutes = 5
settings = { sides = "long", range_minutes = 30, entry_minutes = 180, target_multiple = 0 }'

# Everything as after the installation: no store, no configuration of the lab's, nothing failed.
fresh() {
    in_lab systemctl stop traderd.service traderd-backup.timer 2>/dev/null || true
    in_lab umount "$STATE" 2>/dev/null || true
    lab_script <<'SCRIPT'
    rm -rf /etc/systemd/system/traderd.service.d /var/lib/traderd /etc/traderd/credentials/*
    find /etc/traderd/conf.d -name '*.toml' ! -name 10-package.toml -delete
    install -d -m 700 -o traderd -g traderd /var/lib/traderd
    systemctl daemon-reload
    systemctl reset-failed
SCRIPT
    in_lab date +@%s.%6N >"$lab/fresh"
}

# A configuration beside the package's: standard input.
configure() { lab_file /etc/traderd/conf.d/50-lab.toml; }

# One symbol that swings for half an hour and then rises all day. At which pace, in seconds of the market in
# a second: fast until there is a position, slow while something is done to it.
market() { # PACE [MORE]
    in_lab python3 /lab/bars.py /etc/traderd/lab
    configure <<TOML
[market]
source = "recorded"
directory = "/etc/traderd/lab"
clock = "virtual"
start_date = 2024-03-15
pace = $1
$ROUTE
TOML
    [ -z "${2:-}" ] || lab_file /etc/traderd/conf.d/51-lab.toml <<<"$2"
}

# A daemon with a position that its stop protects, in a market that hardly moves any more.
with_position() { # [MORE-CONFIGURATION]
    market 600 "${1:-}"
    in_lab systemctl start traderd.service
    within 60 protected
    in_lab systemctl stop traderd.service
    market 1 "${1:-}"
    in_lab systemctl reset-failed
    in_lab systemctl start traderd.service
    within 20 protected
}

status() { in_lab traderctl --json status; }
positions() { in_lab traderctl --json positions; }

# Whether there is a position, all of which a stop at the broker protects.
protected() {
    positions | in_lab_python '
import json, sys
held = json.load(sys.stdin)
assert held and all(p["protected"] for p in held), held'
}

# Python on standard input.
in_lab_python() { nsenter -t "$leader" -a /usr/bin/python3 -c "$1"; }

field() { python3 -c 'import json,sys; v=json.load(sys.stdin)
for k in sys.argv[1].split("."): v=v[int(k)] if isinstance(v,list) else v[k]
print(v)' "$1"; }

unit() { # PROPERTY [UNIT]
    in_lab systemctl show --property="$1" --value "${2:-traderd.service}"
}

pid() { unit MainPID; }
restarts() { unit NRestarts; }

# Whether the unit is ready under another process than this.
came_back() { # OLD-PID
    local now
    now=$(pid)
    [ "$(unit ActiveState)" = active ] && [ "$now" != 0 ] && [ "$now" != "$1" ]
}

# What the journal has of the daemon since everything was fresh.
journal() { in_lab journalctl --no-pager --since="$(cat "$lab/fresh")" -u traderd.service "$@"; }
