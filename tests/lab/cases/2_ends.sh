# How it ends and comes back: killed, stuck, stopped, again and again; with a position that must stay
# protected.
# shellcheck shell=bash

test_killed_it_comes_back_and_protects() {
    fresh
    with_position
    local old
    old=$(pid)
    holds "$(unit StatusText)" "1 positions, 0 unprotected"
    in_lab systemctl kill --signal=KILL --kill-who=main traderd.service
    within 20 came_back "$old"
    protected
    same "$(restarts)" 1
    holds "$(journal -o cat)" "goes on with the socket that systemd kept"
}

test_stuck_it_is_ended_by_the_watchdog_and_comes_back() {
    fresh
    with_position
    local old
    old=$(pid)
    in_lab systemctl kill --signal=STOP --kill-who=main traderd.service
    within 60 came_back "$old"
    holds "$(journal -o cat)" "Watchdog timeout"
    protected
}

# A container has no limit of memory to run into. What the allocator does when nothing is left is to abort,
# which is done here from outside.
test_out_of_memory_is_as_if_killed() {
    fresh
    with_position
    local old
    old=$(pid)
    in_lab systemctl kill --signal=ABRT --kill-who=main traderd.service
    within 20 came_back "$old"
    protected
}

test_stopped_it_leaves_the_stop_and_refuses_callers_and_stays_down() {
    fresh
    with_position
    in_lab systemctl stop traderd.service
    same "$(unit Result)" success
    same "$(unit ExecMainStatus)" 0
    code_is 3 in_lab traderctl status
    sleep 3
    same "$(unit ActiveState)" inactive
    code_is 3 in_lab traderctl status
    # What rests at the broker, as the broker inside the program wrote it down.
    in_lab grep -qi stop "$STATE/sim-broker.json"
    in_lab systemctl start traderd.service
    protected
}

test_traderctl_stop_is_for_good() {
    fresh
    in_lab systemctl start traderd.service
    in_lab traderctl stop --wait >/dev/null
    within 10 stopped
    sleep 3
    same "$(unit ActiveState)" inactive
}

test_flattened_on_stop_it_has_time_and_ends_flat() {
    fresh
    with_position
    lab_file /etc/traderd/conf.d/51-lab.toml <<<$'[stop]\nopen_positions = "flatten"'
    in_lab systemctl restart traderd.service
    protected
    in_lab systemctl stop traderd.service
    same "$(unit Result)" success
    market 1
    in_lab systemctl start traderd.service
    same "$(positions)" "[]"
}

test_reload_takes_a_good_configuration_and_keeps_the_old_for_a_bad_one() {
    fresh
    configure <<<$'[log]\nlevel = "info"'
    in_lab systemctl start traderd.service
    local old
    old=$(pid)
    configure <<<$'[log]\nlevel = "debug"\n[risk]\nmax_open_positions = 3'
    in_lab systemctl reload traderd.service
    holds "$(journal -o cat)" "the new configuration is accepted: log.level applied; risk.max_open_positions applies after a restart"
    holds "$(in_lab traderctl config show)" 'level = "debug"'
    configure <<<$'[log]\nlevel = "loud"'
    code_is 1 in_lab systemctl reload traderd.service
    holds "$(journal -o cat)" "the new configuration is refused and the old one kept"
    holds "$(in_lab traderctl config show)" 'level = "debug"'
    same "$(pid) $(unit ActiveState)" "$old active"
    configure <<<$'[log]\nlevel = "warn"'
    in_lab systemctl kill --signal=HUP --kill-who=main traderd.service
    within 10 holds_in_config 'level = "warn"'
}

holds_in_config() { holds "$(in_lab traderctl config show)" "$1"; }

test_a_wrong_configuration_is_not_tried_again() {
    fresh
    configure <<<$'[risk]\nmax_open_position = 3'
    code_is 1 in_lab systemctl start traderd.service
    same "$(unit ExecMainStatus) $(restarts)" "78 0"
    same "$(unit ActiveState)" failed
    within 20 told_of_a_failed_unit "traderd.service has failed and stays down (exit-code, 78)"
}

# By the message's own id: a process that is over at once is gone before journald asks which unit it was of.
told_of_a_failed_unit() {
    holds "$(in_lab journalctl --no-pager -o cat --since="$(cat "$lab/fresh")" \
        MESSAGE_ID=1bbd79e3a8b18762a463e307a67f6a68)" "$1"
}

test_a_crash_loop_ends_halted_and_then_down_with_the_alerts_sent() {
    fresh
    lab_script <<<'install -m 755 /dev/stdin /usr/local/bin/lab-alert <<<"#!/bin/sh
exec systemd-cat -t lab-alert"'
    with_position $'[alerts]\ncommand = ["/usr/local/bin/lab-alert"]'
    in_lab systemctl reset-failed traderd.service
    local old count
    for count in 1 2 3; do
        old=$(pid)
        in_lab systemctl kill --signal=KILL --kill-who=main traderd.service
        within 20 came_back "$old"
    done
    protected
    # Why it is halted, both ways of the guide.
    holds "$(in_lab traderctl why-halted)" "3 starts within ten minutes"
    holds "$(journal -o cat TRADER_EVENT=halt)" "3 starts within ten minutes"
    holds "$(journal -x TRADER_EVENT=halt | head -n 20)" "Entries are halted"
    within 10 alert_told crash_loop
    # Five starts are allowed.
    for count in 1 2 3; do
        old=$(pid)
        in_lab systemctl kill --signal=KILL --kill-who=main traderd.service
        within 20 came_back_or_down "$old"
    done
    within 20 down
    within 20 alert_told unit_failed
    sleep 3
    same "$(unit ActiveState)" failed
    in_lab systemctl reset-failed traderd.service
    in_lab systemctl start traderd.service
    protected
}

alert_told() { holds "$(in_lab journalctl --no-pager -o cat -t lab-alert)" "\"kind\":\"$1\""; }
stopped() { [ "$(unit ActiveState)" = inactive ]; }
down() { [ "$(unit ActiveState)" = failed ]; }
came_back_or_down() { came_back "$1" || down; }

# Clients ask and act all the time while the daemon restarts again and again.
test_no_caller_is_refused_while_it_restarts() {
    fresh
    configure <<<$'[market]\nclock = "virtual"\nstart_date = 2024-03-15\npace = 1'
    lab_file /etc/systemd/system/traderd.service.d/often.conf <<<$'[Unit]\nStartLimitIntervalSec=0'
    in_lab systemctl daemon-reload
    in_lab systemctl start traderd.service
    local times=${TRADERD_LAB_RESTARTS:-100} started=$SECONDS count
    in_lab rm -f /run/lab-load /run/lab-stop
    in_lab bash -c 'python3 /lab/load.py /run/lab-stop >/run/lab-load 2>&1 &'
    for count in $(seq "$times"); do
        in_lab systemctl restart traderd.service
    done
    in_lab touch /run/lab-stop
    within 60 in_lab grep -q calls /run/lab-load
    figure "$times restarts in $((SECONDS - started)) s, $(in_lab cat /run/lab-load)"
    same "$(in_lab cat /run/lab-load | grep refused: || true)" ""
    # Each change was asked for once and acted once: pauses and resumes take turns in the journal.
    local asked
    asked=$(in_lab cat /run/lab-load | grep -o 'changes [0-9]*' | cut -d' ' -f2)
    [ "$asked" -gt 0 ]
    same "$(in_lab python3 -c "
import sqlite3
store = sqlite3.connect('file:$STATE/traderd.db?mode=ro', uri=True)
print(store.execute('SELECT count(*) FROM journal WHERE kind = \'trading_state_set\'').fetchone()[0])")" "$asked"
    same "$(journal -o cat TRADER_KIND=trading_state_set | grep -c load-)" "$asked"
}
