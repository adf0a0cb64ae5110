# Other releases, and the end of the installation.
# shellcheck shell=bash

test_an_upgrade_in_mid_session_keeps_the_position_and_loses_nothing() {
    local previous before after
    previous=$(tests/lab/previous)
    cp "$previous" "$lab/root/lab/previous.deb"
    in_lab systemctl stop traderd.service
    in_lab dpkg -i --force-downgrade /lab/previous.deb
    fresh
    with_position
    same "$(in_lab traderctl --json status | field version)" 0.0.1
    before=$(in_lab runuser -u traderd -- traderd audit verify --state-dir "$STATE" --json)
    in_lab dpkg -i /lab/traderd.deb
    same "$(unit ActiveState)" active
    protected
    lacks "$(in_lab traderctl --json status | field version)" 0.0.1
    # Every row that was there before is there, and the head that was kept is in the chain.
    after=$(in_lab runuser -u traderd -- traderd audit verify --state-dir "$STATE" \
        --against "$(field head.seq <<<"$before"):$(field head.hash <<<"$before")" --json)
    [ "$(field rows <<<"$after")" -ge "$(field rows <<<"$before")" ]
    figure "upgraded in mid-session: $(field rows <<<"$before") rows before, $(field rows <<<"$after") after, in one chain"
}

# It goes on from the test before: the store has a migration that the previous release does not know.
test_a_downgrade_refuses_and_corrupts_nothing() {
    in_lab dpkg -i --force-downgrade /lab/previous.deb
    within 60 refused_or_failed
    in_lab systemctl stop traderd.service
    holds "$(journal -o cat)" "newer"
    in_lab dpkg -i /lab/traderd.deb
    in_lab systemctl reset-failed
    in_lab systemctl start traderd.service
    protected
    in_lab runuser -u traderd -- traderd audit verify --state-dir "$STATE" >/dev/null
}

refused_or_failed() { [ "$(unit ExecMainStatus)" = 73 ]; }

# The commands of the guide, as they stand there, as a new user would type them.
test_the_guide_holds() {
    fresh
    in_lab dpkg --purge traderd
    in_lab rm -rf "$STATE" /etc/traderd
    https_server
    in_lab mkdir -p /lab/guide
    in_lab cp /lab/traderd.deb /lab/guide/traderd.deb
    awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' packaging/GUIDE.md >"$lab/guide"
    [ "$(wc -l <"$lab/guide")" -gt 15 ]
    nsenter -t "$leader" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_PAGER=cat LC_ALL=C.UTF-8 \
        bash -euxo pipefail -c 'cd /lab/guide; source /dev/stdin' <"$lab/guide"
}

test_removed_it_leaves_configuration_and_journal_and_purged_only_the_journal() {
    fresh
    with_position
    in_lab dpkg --remove traderd
    code_is 1 in_lab pgrep -x traderd || code_is 127 in_lab pgrep -x traderd
    in_lab test -e "$STATE/traderd.db"
    in_lab test -e /etc/traderd/traderd.toml
    in_lab dpkg -i /lab/traderd.deb
    in_lab systemctl start traderd.service
    protected
    in_lab dpkg --purge traderd
    in_lab test -e "$STATE/traderd.db"
    code_is 1 in_lab test -e /etc/traderd
    code_is 1 in_lab test -e /run/traderd
    code_is 1 in_lab test -e /lib/systemd/system/traderd.service
}
