"""Bytes that compress well, and bytes that don't: reads as a sequencing machine writes them, and noise."""

import random


def reads(length: int, seed: int = 1) -> bytes:
    """FASTQ-like text: names, four letters in no order, qualities of which one is frequent."""
    source = random.Random(seed)
    lines: list[str] = []
    written = 0
    while written < length:
        letters = "".join(source.choices("ACGT", k=150))
        qualities = "".join(source.choices("FFFFFFFF:,#", k=150))
        lines.append(f"@A00123:45:HX:1:1101:{source.randrange(30000)}:{source.randrange(30000)} 1:N:0\n{letters}\n+\n")
        lines.append(f"{qualities}\n")
        written += len(lines[-1]) + len(lines[-2])
    return "".join(lines).encode()[:length]


def noise(length: int, seed: int = 1) -> bytes:
    """What nothing makes shorter."""
    return random.Random(seed).randbytes(length)
