"""Clients that ask and act all the time, until a file appears: what was refused is printed, and how many
calls there were."""

import os
import subprocess
import sys
import threading

stop = sys.argv[1]
lock = threading.Lock()
calls, refused = 0, []


def call(*arguments):
    global calls
    done = subprocess.run(["traderctl", *arguments], capture_output=True, text=True)
    with lock:
        calls += 1
        if done.returncode != 0:
            refused.append(f"refused: {' '.join(arguments)}: {done.returncode}: {done.stderr.strip()}")


def looks(what):
    while not os.path.exists(stop):
        call(what)


changes = 0


def acts():
    global changes
    while not os.path.exists(stop):
        for what in (["pause"], ["resume", "--yes"]):
            call(*what, "--request-id", f"load-{changes}")
            changes += 1


threads = [threading.Thread(target=looks, args=[what]) for what in ("status", "positions", "orders")]
threads.append(threading.Thread(target=acts))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("\n".join([*refused, f"{calls} calls of 4 clients, {len(refused)} not answered, changes {changes}"]))
