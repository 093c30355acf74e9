"""Seeded mutation of bytes and of text."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

__all__ = ["mutate_bytes", "mutate_text"]

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF)
_MOST = 6


def _few(random: Random) -> int:
    """Mostly one or two: the smaller the damage, the deeper it gets."""
    return min(random.randint(1, _MOST), random.randint(1, _MOST))


def mutate_bytes(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A few changes to a message: bits, bytes, pieces cut, doubled, moved or taken from another one."""
    changed = bytearray(data)
    for _ in range(_few(random)):
        _change(random, changed, others)
    return bytes(changed)


def _change(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    kind, at = random.randrange(7), random.randint(0, len(data))
    length = random.randint(1, 1 + len(data) // 8)
    if kind == 0 and at < len(data):
        data[at] ^= 1 << random.randrange(8)
    elif kind == 1 and at < len(data):
        data[at] = random.choice(_NUMBERS)
    elif kind == 2:
        del data[at : at + length]
    elif kind == 3:
        data[at:at] = random.randbytes(random.randint(1, 16))
    elif kind == 4:
        data[at:at] = data[at : at + length]
    elif kind == 5:
        other = random.choice(others)
        begin = random.randint(0, len(other))
        data[at : at + length] = other[begin : begin + length]
    else:
        del data[at:]


def mutate_text(random: Random, text: str, words: Sequence[str], others: Sequence[str]) -> str:
    """A few changes to a text: lines cut, doubled, moved or taken from another one, words and characters replaced."""
    lines = text.split("\n")
    for _ in range(_few(random)):
        at = random.randrange(len(lines))
        kind = random.randrange(8)
        if kind == 0 and len(lines) > 1:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[random.randrange(len(lines))])
        elif kind == 2:
            lines.insert(at, random.choice(random.choice(others).split("\n")))
        elif kind == 3:
            lines[at] = _with_word(random, lines[at], random.choice(words))
        elif kind == 4:
            lines[at] = _with_character(random, lines[at])
        elif kind == 5:
            lines[at] = lines[at][: random.randint(0, len(lines[at]))]
        elif kind == 6:
            head, _, _ = lines[at].partition("=")
            lines[at] = f"{head}= {random.choice(words)}"
        else:
            lines[at:at] = [lines[at]] * random.randint(1, 50)
    return "\n".join(lines)


def _with_word(random: Random, line: str, word: str) -> str:
    begin = random.randint(0, len(line))
    end = random.randint(begin, len(line))
    return line[:begin] + word + line[end:]


def _with_character(random: Random, line: str) -> str:
    at = random.randint(0, len(line))
    character = chr(random.choice((random.randrange(128), random.randrange(0xD800), 0xFFFD, 0x1F600)))
    return line[:at] + character + line[at + random.randint(0, 1) :]
