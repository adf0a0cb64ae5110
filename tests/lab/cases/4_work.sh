# That the sandbox breaks nothing: jobs, files, the stricter drop-ins; a full disk, copies of the store.
# shellcheck shell=bash

test_jobs_run_in_units_of_their_own() {
    fresh
    in_lab python3 /lab/bars.py /etc/traderd/lab
    in_lab systemctl start traderd.service
    same "$(unit ActiveState traderd-jobs.socket)" active
    in_lab traderctl data import /etc/traderd/lab/RISE.csv --symbol RISE --timeframe 1min >/dev/null
    holds "$(in_lab traderctl data list)" RISE
    holds "$(in_lab traderctl backtest --strategy opening-range --symbols RISE --timeframe 5min \
        --start-date 2024-03-14 --end-date 2024-03-18 --set range_minutes=30)" "Backtest"
    in_lab traderctl data export RISE --timeframe 1min --out /run/lab-export >/dev/null 2>&1 || true
    holds "$(in_lab journalctl --no-pager -o json-pretty _COMM=systemd | grep -o 'traderd-jobs\?@[^"]*' | sort -u)" "traderd-job"
    # They have no network and cannot read the credentials.
    holds "$(in_lab systemctl show --property=PrivateNetwork traderd-job@x.service)" yes
    lacks "$(in_lab systemctl cat traderd-job@x.service)" LoadCredential=
    same "$(in_lab systemctl show --property=Slice --value traderd-job@x.service)" traderd-jobs.slice
}

test_the_drop_ins_lower_the_exposure_and_break_nothing() {
    local set exposure
    for set in strict "strict offline"; do
        fresh
        in_lab mkdir -p /etc/systemd/system/traderd.service.d
        for file in $set; do
            in_lab cp "/usr/share/doc/traderd/examples/$file.conf" /etc/systemd/system/traderd.service.d/
        done
        in_lab systemctl daemon-reload
        with_position
        in_lab traderctl status >/dev/null
        as acts traderctl pause >/dev/null
        as acts traderctl resume --yes >/dev/null
        in_lab systemctl reload traderd.service
        in_lab systemctl restart traderd.service
        protected
        if [ "$set" = strict ]; then
            https_server
            configure <<<$'[alerts]\nwebhook = "https://hooks.lab.test:8443/x"'
            in_lab rm -f /etc/traderd/conf.d/51-lab.toml
            in_lab traderctl stop --flatten --wait >/dev/null
            in_lab rm -rf "$STATE/traderd.db"* "$STATE/sim-broker.json"
            in_lab systemctl start traderd.service
            in_lab traderctl alerts test >/dev/null
        fi
        exposure=$(in_lab systemd-analyze security traderd.service | grep -o 'service: [0-9.]*' | cut -d' ' -f2)
        figure "exposure with $set: $exposure"
    done
}

test_a_full_disk_halts_entries_and_stops_protect() {
    fresh
    in_lab mount -t tmpfs -o "size=96m,mode=0700,uid=traderd,gid=traderd" tmpfs "$STATE"
    with_position
    local old
    old=$(pid)
    in_lab bash -c "cat /dev/zero >$STATE/filler 2>/dev/null || true"
    in_lab traderctl pause >/dev/null 2>&1 || true
    within 20 halted_by_the_journal
    protected
    same "$(pid)" "$old"
    in_lab rm "$STATE/filler"
    in_lab systemctl restart traderd.service
    protected
    in_lab runuser -u traderd -- traderd audit verify --state-dir "$STATE" >/dev/null
    in_lab systemctl stop traderd.service
    # Too full to start with: refused before anything begins.
    in_lab bash -c "cat /dev/zero >$STATE/filler 2>/dev/null || true"
    code_is 1 in_lab systemctl start traderd.service
    same "$(unit ExecMainStatus)" 73
    in_lab systemctl stop traderd.service
    in_lab umount "$STATE"
}

halted_by_the_journal() { holds "$(in_lab traderctl why-halted)" "journal"; }

test_copies_are_made_by_night_and_put_back() {
    fresh
    with_position
    in_lab systemctl start traderd-backup.service
    holds "$(in_lab journalctl --no-pager -o cat -u traderd-backup.service)" "sound, head"
    same "$(unit ActiveState traderd-backup.timer)" active
    protected
    in_lab systemctl stop traderd.service
    local copy
    copy=$(in_lab bash -c "ls $STATE/backups/*.db | tail -n 1")
    in_lab runuser -u traderd -- traderd db restore "$copy" --state-dir "$STATE"
    in_lab systemctl start traderd.service
    protected
    in_lab runuser -u traderd -- traderd audit verify --state-dir "$STATE" >/dev/null
}

# With 50 symbols whose minutes come six times as fast as in life, and nothing else to do.
test_idle_it_needs_little() {
    fresh
    local symbols
    symbols=$(python3 -c 'print(", ".join(f"\"S{chr(65 + n // 26)}{chr(65 + n % 26)}\"" for n in range(50)))')
    configure <<TOML
[market]
clock = "virtual"
start_date = 2024-03-15
pace = 6
[[route]]
name = "many"
strategy = "opening-range"
symbols = [$symbols]
timeframe_minutes = 5
TOML
    in_lab systemctl start traderd.service
    # The session opens after a minute of the market.
    sleep 12
    local before after rss
    before=$(cpu_ticks)
    sleep 20
    after=$(cpu_ticks)
    rss=$(in_lab awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$(pid)/status")
    figure "50 symbols at six times the pace: $rss MB resident, $(((after - before) * 100 / 20 / $(getconf CLK_TCK))) % of a core ($((after - before)) ticks in 20 s)"
    [ "$rss" -lt 60 ]
    [ $((after - before)) -le $((20 * $(getconf CLK_TCK) / 100)) ]
}

# Ten thousand orders of history, made by the program's own engine, broker and store, and a start on it.
test_ready_soon_with_much_history() {
    fresh
    local exec ready orders
    # In memory: how fast this machine's disk writes it is not the question.
    in_lab mount -t tmpfs -o "size=1g,mode=0700,uid=traderd,gid=traderd" tmpfs "$STATE"
    figure "$(in_lab runuser -u traderd -- traderd bench start --orders 10000 --state-dir "$STATE" | head -n 1)"
    in_lab cp "$STATE/traderd.toml" /etc/traderd/conf.d/50-lab.toml
    orders=$(count_orders)
    [ "$orders" -ge 10000 ]
    in_lab systemctl start traderd.service
    exec=$(unit ExecMainStartTimestampMonotonic)
    ready=$(unit ActiveEnterTimestampMonotonic)
    figure "ready $(((ready - exec) / 1000)) ms after exec with $orders orders of history"
    [ $((ready - exec)) -lt 3000000 ]
}

count_orders() {
    in_lab python3 -c "
import sqlite3
print(sqlite3.connect('file:$STATE/traderd.db?mode=ro', uri=True).execute('SELECT count(*) FROM orders').fetchone()[0])"
}

cpu_ticks() { in_lab awk '{ print $14 + $15 }' "/proc/$(pid)/stat"; }
