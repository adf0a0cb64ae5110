# What the journal of systemd shows, and what must never show.
# shellcheck shell=bash

test_the_journal_has_fields_ids_and_explanations() {
    fresh
    with_position
    local fill intent
    fill=$(journal -o json TRADER_EVENT=fill | head -n 1)
    same "$(field TRADER_SYMBOL <<<"$fill")" RISE
    same "$(field TRADER_ROUTE <<<"$fill")" lab
    same "$(field PRIORITY <<<"$fill")" 5
    same "$(field SYSLOG_IDENTIFIER <<<"$fill")" traderd
    intent=$(field TRADER_INTENT <<<"$fill")
    # One order's life, by its intent: planned, filled, protected.
    local life
    life=$(journal -o cat "TRADER_INTENT=$intent")
    holds "$life" "buy"
    holds "$life" "filled"
    holds "$life" "stop"
    holds "$(journal -x TRADER_EVENT=fill | head -n 20)" "An order was filled"
    holds "$(journal -x MESSAGE_ID="$(field MESSAGE_ID <<<"$fill")" | head -n 20)" "traderctl why"
    in_lab traderctl kill --request-id lab-kill >/dev/null
    holds "$(journal -o cat TRADER_EVENT=kill)" "kill"
    in_lab traderctl arm --yes >/dev/null
    # The commands say the same.
    holds "$(in_lab traderctl logs "$intent")" "filled"
    holds "$(in_lab traderctl logs RISE)" "filled"
    holds "$(in_lab traderctl logs --today --event fill)" "filled"
    as looks traderctl logs RISE >/dev/null
    in_lab systemctl stop traderd.service
    # The journal has it still, and the daemon is not needed.
    holds "$(in_lab traderctl logs RISE)" "filled"
}

# A refusal is forced, and found by what the guide says, with its rule. Halts: see the crash loop.
test_every_refusal_is_found() {
    fresh
    market 600 $'[risk]\nrestricted = ["RISE"]'
    in_lab systemctl start traderd.service
    within 60 refused
    local refusal
    refusal=$(journal -o json TRADER_EVENT=refusal | head -n 1)
    same "$(field TRADER_SYMBOL <<<"$refusal")" RISE
    same "$(field TRADER_ROUTE <<<"$refusal")" lab
    holds "$(field MESSAGE <<<"$refusal")" "RISE is on the restricted list"
    holds "$(journal -x TRADER_EVENT=refusal | head -n 20)" "An entry or an order was refused"
    holds "$(in_lab traderctl logs --event refusal)" "restricted"
    # The whole life of what was refused: decided, and nothing sent.
    holds "$(in_lab traderctl logs "$(field TRADER_INTENT <<<"$refusal")")" "restricted"
    lacks "$(journal -o cat TRADER_EVENT=fill)" filled
    same "$(positions | in_lab_python 'import json, sys; print(len(json.load(sys.stdin)))')" 0
}

refused() { journal -o cat TRADER_EVENT=refusal | grep -q .; }

# A secret in a credential, and everything that it could show in.
test_a_secret_shows_nowhere() {
    fresh
    local canary=canary-5f2d1c7e9b pid
    lab_file /etc/traderd/credentials/hook 600 <<<"$canary"
    https_server
    configure <<TOML
[alerts]
minimum = "notice"
webhook = "https://hooks.lab.test:8443/services/{token}"
webhook_token_file = "hook"
[log]
level = "trace"
TOML
    in_lab systemctl start traderd.service
    # It is there: the alert arrives under it, through name server, certificate and sandbox.
    in_lab traderctl alerts test >/dev/null
    in_lab grep -q "POST /services/$canary" /run/lab-https
    in_lab traderctl pause >/dev/null
    in_lab traderctl resume --yes >/dev/null
    pid=$(pid)
    lacks "$(in_lab cat "/proc/$pid/environ" "/proc/$pid/cmdline" | tr '\0' '\n')" "$canary"
    lacks "$(in_lab traderctl config show; in_lab traderctl --json status; in_lab traderctl alerts list --all; in_lab traderctl logs --lines 2000)" "$canary"
    # A wrong one is told without its text.
    lab_file /etc/traderd/credentials/hook 600 <<<"$canary two words"
    in_lab systemctl restart traderd.service
    code_is 1 in_lab traderctl alerts test
    lacks "$(in_lab journalctl --no-pager -o verbose)" "$canary"
    # Nobody but root looks into the process, and no image of it is left behind.
    pid=$(pid)
    same "$(in_lab stat -c %U "/proc/$pid/environ")" root
    code_is 1 as traderd cat "/proc/$pid/environ"
    same "$(in_lab awk '/core file size/ { print $5 }' "/proc/$pid/limits")" 0
    in_lab systemctl kill --signal=ABRT --kill-who=main traderd.service
    within 20 came_back "$pid"
    lacks "$(journal -o cat)" "dumped core"
    in_lab systemctl stop traderd.service
    code_is 1 in_lab grep -rqF "$canary" "$STATE" /etc/traderd/traderd.toml /etc/traderd/conf.d
    same "$(in_lab ls /run/credentials 2>/dev/null | grep traderd || true)" ""
}

test_an_encrypted_credential_arrives() {
    fresh
    https_server
    lab_script <<'SCRIPT'
    mkdir -p /etc/credstore.encrypted
    systemd-creds setup >/dev/null 2>&1 || true
    printf encrypted-canary | systemd-creds --with-key=host --name=hook encrypt - /etc/credstore.encrypted/hook
    mkdir -p /etc/systemd/system/traderd.service.d
    printf '[Service]\nLoadCredentialEncrypted=hook:/etc/credstore.encrypted/hook\n' >/etc/systemd/system/traderd.service.d/credentials.conf
    systemctl daemon-reload
SCRIPT
    configure <<<$'[alerts]\nwebhook = "https://hooks.lab.test:8443/services/{token}"\nwebhook_token_file = "hook"'
    in_lab systemctl start traderd.service
    in_lab traderctl alerts test >/dev/null
    in_lab grep -q "POST /services/encrypted-canary" /run/lab-https
}

# A name server and an HTTPS server of the lab, whose authority the lab's machine trusts.
https_server() {
    lab_script <<'SCRIPT'
    if [ ! -e /lab/server.pem ]; then
        cd /lab
        openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=lab authority" -keyout ca.key -out ca.crt 2>/dev/null
        openssl req -newkey rsa:2048 -nodes -subj "/CN=hooks.lab.test" -keyout server.key -out server.csr 2>/dev/null
        printf 'subjectAltName=DNS:hooks.lab.test\n' >ext
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile ext -out server.crt 2>/dev/null
        cat server.crt server.key >server.pem
        cp ca.crt /usr/local/share/ca-certificates/lab.crt
        update-ca-certificates >/dev/null 2>&1
    fi
    systemctl is-active --quiet lab-servers.service ||
        systemd-run --quiet --unit=lab-servers python3 /lab/servers.py /run/lab-https
    until [ -e /run/lab-https ]; do sleep 0.1; done
    : >/run/lab-https
SCRIPT
}
