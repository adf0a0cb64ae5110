"""Writes one-minute bars of RISE: half an hour of swings, then a steady rise until the close. A breakout
strategy buys at ten and holds until the end of the day."""

import datetime
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rows = ["timestamp,open,high,low,close,volume"]
for day in ("2024-03-14", "2024-03-15", "2024-03-18"):
    start = datetime.datetime.fromisoformat(day + "T13:30:00")
    last = 5000
    for minute in range(390):
        close = 5000 + (-8, 0, 8, 0)[minute % 4] if minute < 30 else last + (3 if minute % 3 else -1)
        high, low = max(last, close) + 1, min(last, close) - 1
        at = start + datetime.timedelta(minutes=minute)
        prices = ",".join(f"{cents / 100:.2f}" for cents in (last, high, low, close))
        rows.append(f"{at.isoformat()}Z,{prices},20000")
        last = close
(folder / "RISE.csv").write_text("\n".join(rows) + "\n")
