"""CPU time of a process and all below it, from /proc: unlike the clock on the wall it hardly hears the neighbours."""

import os
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name in brackets, which may hold spaces: proc_pid_stat(5), counted from 3.
_PARENT, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 11, 12, 13, 14


def cpu_seconds(pid: int) -> float:
    """Seconds that a process and its descendants have used on all cores together, in steps of a tick (10 ms)."""
    rows = dict(_rows())
    family, found = {pid}, True
    while found:
        more = {one for one, row in rows.items() if int(row[_PARENT]) in family} - family
        family, found = family | more, bool(more)
    kinds = (_USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM)
    return sum(int(rows[one][kind]) for one in family if one in rows for kind in kinds) / _TICKS_PER_S


def _rows() -> list[tuple[int, list[str]]]:
    rows: list[tuple[int, list[str]]] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # it has ended
            rows.append((int(folder.name), text[text.rindex(")") + 2 :].split()))
    return rows
