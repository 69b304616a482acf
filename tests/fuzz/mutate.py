"""Random damage: of bytes, as by disks and networks, and of parsed JSON."""

import struct

ODD = [
    *(None, True, False, 0, -1, 1, 1e30, -1e30, 10**400, 1e-320, 2**31, 2**63),
    *(float("nan"), float("inf"), "", " ", "7", "nan", "x" * 5000, "\0", "\ud800"),
    *("../../a", "/etc/passwd", "a\nb", [], {}, [[]], [[1, 2]] * 16, [1, 2], {"": 0}),
]


def damaged(data: bytes, random) -> bytes:
    """Damages bytes in one to three ways."""
    out = bytearray(data)
    for _ in range(random.randint(1, 3)):
        random.choice(DAMAGE)(out, random)
        out = out or bytearray(1)
    return bytes(out)


def _flip(out, random):
    for _ in range(random.randint(1, 20)):
        out[random.randrange(len(out))] = random.randrange(256)


def _cut(out, random):
    del out[random.randrange(len(out)) :]


def _double(out, random):
    start = random.randrange(len(out))
    out[start:start] = out[start : start + random.randint(1, 3000)]


def _drop(out, random):
    start = random.randrange(len(out))
    del out[start : start + random.randint(1, 3000)]


def _blank(out, random):
    start = random.randrange(len(out))
    end = min(start + random.randint(1, 500), len(out))
    out[start:end] = bytes(end - start)


def _head(out, random):
    place = random.randrange(min(len(out), 700))
    out[place] = random.choice([0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)])


def _resize(out, random):
    """Another size and number of channels in the frame of a JPEG."""
    place = out.find(b"\xff\xc0")
    if 0 <= place < len(out) - 10:
        sides = (random.choice([0, 1, 9, 65535, random.randrange(4000)]) for _ in "xy")
        struct.pack_into(">HHB", out, place + 5, *sides, random.randrange(6))


def _trail(out, random):
    out += random.randbytes(random.randint(1, 500))


DAMAGE = (_flip, _cut, _double, _drop, _blank, _head, _resize, _trail)


def odd(value, random):
    """Replaces one to three values of parsed JSON."""
    for _ in range(random.randint(1, 3)):
        value = _odd(value, random)
    return value


def _odd(value, random):
    if isinstance(value, dict | list) and value and random.random() < 0.85:
        keys = [*value] if isinstance(value, dict) else range(len(value))
        key, copied = random.choice(keys), value.copy()
        if random.random() < 0.1:
            del copied[key]
        else:
            copied[key] = _odd(value[key], random)
        return copied
    return random.choice([*ODD, [value], {"a": value}, str(value)])
