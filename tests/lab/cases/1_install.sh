# What the package brings, and that it starts nothing.
# shellcheck shell=bash

test_installs() {
    in_lab dpkg -i /lab/traderd.deb
    same "$(in_lab systemctl is-enabled traderd.service || true)" disabled
    same "$(unit ActiveState)" inactive
    same "$(unit ActiveState traderd-jobs.socket)" inactive
    same "$(in_lab stat -c '%a %U %G' /etc/traderd/credentials)" "700 root root"
    same "$(in_lab stat -c '%a %U %G' /run/traderd/control)" "2750 traderd traderd-ctl"
    same "$(in_lab stat -c '%a %U %G' /run/traderd/read)" "2750 traderd traderd-ro"
    in_lab getent group traderd-ctl traderd-ro >/dev/null
    same "$(in_lab getent passwd traderd | cut -d: -f6,7)" /var/lib/traderd:/usr/sbin/nologin
    for file in man/man8/traderd.8.gz man/man8/traderd-run.8.gz man/man1/traderctl.1.gz man/man1/traderctl-status.1.gz \
        man/man5/traderd.toml.5.gz bash-completion/completions/traderctl doc/traderd/GUIDE.md \
        doc/traderd/traderd.cdx.json doc/traderd/examples/strict.conf; do
        in_lab test -s "/usr/share/$file"
    done
    in_lab dpkg --verify traderd
    in_lab traderd config check
    lab_script <<'SCRIPT'
    useradd --no-create-home --groups traderd-ro looks
    useradd --no-create-home --groups traderd-ctl acts
    useradd --no-create-home stranger
SCRIPT
}

test_units_are_sound_and_little_exposed() {
    local unit exposure
    for unit in traderd.service traderd-jobs.socket traderd-job@x.service traderd-alert@x.service \
        traderd-backup.service traderd-backup.timer; do
        same "$(in_lab systemd-analyze verify --man=no "/lib/systemd/system/${unit/@x/@}" 2>&1 | grep traderd || true)" ""
    done
    in_lab systemd-analyze security --threshold=12 traderd.service | tail -n 1
    exposure=$(in_lab systemd-analyze security traderd.service | grep -o 'service: [0-9.]*' | cut -d' ' -f2)
    figure "exposure of the loaded unit: $exposure"
}

test_start_returns_when_it_is_ready() {
    fresh
    in_lab systemctl start traderd.service
    same "$(unit ActiveState)" active
    in_lab traderctl status >/dev/null
    local exec ready
    exec=$(unit ExecMainStartTimestampMonotonic)
    ready=$(unit ActiveEnterTimestampMonotonic)
    figure "ready $(((ready - exec) / 1000)) ms after exec with an empty store"
    [ $((ready - exec)) -lt 1000000 ]
    holds "$(unit StatusText)" "simulated, active, "
    holds "$(unit StatusText)" "0 positions, 0 unprotected"
}

# The 41st field of a thread's stat is its policy: 0 takes others' places when it is woken, 3 does not.
policies() {
    in_lab bash -c 'for task in /proc/"$1"/task/*; do
        printf "%s %s\n" "$(cat "$task/comm")" "$(cut -d" " -f41 "$task/stat")"; done' sh "$(unit MainPID)"
}

test_with_the_swift_drop_in_no_thread_takes_the_place_of_the_engine() {
    local policies exposure thread
    fresh
    in_lab systemctl start traderd.service
    # The default allows no policy to be set, and everything works without one.
    same "$(policies | grep '^writer ')" "writer 0"
    in_lab traderctl status >/dev/null
    in_lab systemctl stop traderd.service
    in_lab install -D /usr/share/doc/traderd/examples/swift.conf /etc/systemd/system/traderd.service.d/swift.conf
    in_lab systemctl daemon-reload
    in_lab systemctl start traderd.service
    policies=$(policies)
    same "$(grep '^engine ' <<<"$policies")" "engine 0"
    for thread in writer recorder log-writer; do
        same "$(grep "^$thread " <<<"$policies")" "$thread 3"
    done
    exposure=$(in_lab systemd-analyze security traderd.service | grep -o 'service: [0-9.]*' | cut -d' ' -f2)
    same "$exposure" 1.4
}

test_roles_are_those_of_groups_and_users() {
    fresh
    in_lab systemctl start traderd.service
    as looks traderctl status >/dev/null
    as acts traderctl status >/dev/null
    # 3: it cannot be reached by that way; 1: it refuses.
    code_is 3 as looks traderctl pause
    code_is 3 as stranger traderctl status
    as acts traderctl pause >/dev/null
    as acts traderctl resume --yes >/dev/null
    as acts traderctl kill >/dev/null
    code_is 1 as acts traderctl arm --yes
    in_lab traderctl arm --yes >/dev/null
    code_is 1 in_lab traderctl --socket /run/traderd/read/sock pause
    as traderd traderctl pause >/dev/null
    same "$(in_lab stat -c '%a %U %G' /run/traderd/control/sock)" "660 traderd traderd-ctl"
    same "$(in_lab stat -c '%a %U %G' /run/traderd/read/sock)" "660 traderd traderd-ro"
}
