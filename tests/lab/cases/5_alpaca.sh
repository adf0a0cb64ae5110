# The daemon as most owners run it: at Alpaca, with keys that are a credential. Alpaca's place takes
# alpaca-sim, which has a clock of its own and a recorded market.
# shellcheck shell=bash

EXCHANGE=127.0.0.1:4000
SECRET=lab-secret-canary

# Everything as after the installation, the keys, an exchange that runs so many seconds in a second from a
# moment on, and a configuration that trades there.
at_alpaca() { # PACE START
    fresh
    [ -e "$lab/root/lab/alpaca-sim" ] || install "$(lab_exchange)" "$lab/root/lab/alpaca-sim"
    in_lab python3 /lab/bars.py /etc/traderd/lab
    # The symbol that `doctor` asks for prices of.
    in_lab cp /etc/traderd/lab/RISE.csv /etc/traderd/lab/SPY.csv
    printf 'lab-key\n%s\n' "$SECRET" | lab_file /etc/traderd/credentials/alpaca 600
    in_lab systemctl stop lab-exchange.service 2>/dev/null || true
    in_lab systemd-run --quiet --collect --unit=lab-exchange /lab/alpaca-sim --listen "$EXCHANGE" --key lab-key \
        --secret "$SECRET" --market /etc/traderd/lab --pace "$1" --start "$2"
    within 20 at_exchange /v2/clock
    configure <<TOML
mode = "simulated"
[market]
source = "alpaca"
clock = "venue"
pace = $1
[broker]
kind = "alpaca"
[alpaca]
endpoint = "simulator"
address = "$EXCHANGE"
feed = "sip"
[watch]
skew_ms = 10000
$ROUTE
TOML
}

# What the exchange says to the owner of the keys.
at_exchange() { # PATH [METHOD BODY]
    in_lab python3 -c '
import sys, urllib.request as web
path, method, body, secret = sys.argv[1:]
ask = web.Request(path, body.encode() or None, {"APCA-API-KEY-ID": "lab-key", "APCA-API-SECRET-KEY": secret}, method=method)
print(web.urlopen(ask).read().decode())' "http://$EXCHANGE$1" "${2:-GET}" "${3:-}" "$SECRET"
}

# Whether a diagnosis has nothing to put right.
all_is_good() {
    in_lab_python '
import json, sys
bad = [check for check in json.load(sys.stdin)["checks"] if check["outcome"] != "good"]
assert not bad, bad'
}

test_it_trades_at_alpaca_with_keys_that_are_a_credential() {
    local old set
    for set in "" strict; do
        at_alpaca 120 2024-03-15T13:25:00Z
        [ -z "$set" ] || in_lab install -D "/usr/share/doc/traderd/examples/$set.conf" "/etc/systemd/system/traderd.service.d/$set.conf"
        in_lab systemctl daemon-reload
        in_lab systemctl start traderd.service
        within 90 protected
        at_exchange /admin/clock POST '{"pace": 1}' >/dev/null
        in_lab sed -i 's/^pace = .*/pace = 1/' /etc/traderd/conf.d/50-lab.toml
        old=$(pid)
        in_lab systemctl kill --signal=KILL traderd.service
        within 60 came_back "$old"
        within 20 protected
        holds "$(at_exchange '/v2/orders?status=open')" '"type":"stop"'
        in_lab traderctl --json doctor | all_is_good
    done
    in_lab traderctl data download --symbols RISE --start-date 2024-03-14 --end-date 2024-03-14 --timeframe 1min >/dev/null
    holds "$(in_lab traderctl data list)" RISE
    in_lab traderctl stop --flatten --wait >/dev/null
    same "$(at_exchange /v2/positions)" "[]"
    lacks "$(journal -o export)" "$SECRET"
}
