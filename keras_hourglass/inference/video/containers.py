"""Containers of videos: files that are shorter than they say, as broken downloads are.

* MP4 and MOV: ISO/IEC 14496-12, section 4.2 (boxes).
* AVI: Microsoft, AVI RIFF File Reference.
  https://learn.microsoft.com/en-us/windows/win32/directshow/avi-riff-file-reference
* Matroska and WebM: RFC 8794, section 4 (variable-size integers); RFC 9559 (Segment).

Other formats do not state their length.
"""

from pathlib import Path
from struct import error, unpack

MIN_SHARE = 0.95  # of the stated bytes: some writers state a few too many
ZEROS = 2**16  # bytes: downloads fill a file with zeros before they fill it with data
EBML_START, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
BOXES = {b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"meta"}
BOXES |= {b"free", b"skip", b"wide", b"uuid", b"udta", b"pnot", b"emsg", b"prft"}


def is_incomplete(path) -> bool:
    """Returns whether a file has fewer bytes than it states, or ends in zeros."""
    length = Path(path).stat().st_size
    with open(path, "rb") as file:
        try:
            stated = stated_length(file, length)
        except error:  # the file ends within a header
            return True
        file.seek(max(0, length - ZEROS))
        is_zero = length > ZEROS and not any(file.read())
    return is_zero or length < MIN_SHARE * (stated or 0)


def stated_length(file, length: int) -> int | None:
    """Reads how many bytes a file should have.

    Args:
        file: Opened in binary mode.
        length: Bytes that it has.

    Returns:
        The number of bytes; None if the file does not say.

    Raises:
        struct.error: If it ends within a header.
    """
    start = file.read(12)
    if start[4:8] in BOXES:
        return _end_of_boxes(file, length)
    if start[:4] == b"RIFF":
        return _end_of_riff(file, length)
    return _end_of_segment(file) if start[:4] == EBML_START else None


def _end_of_boxes(file, length):
    position = 0
    while position + 8 <= length:
        file.seek(position)
        size, name = unpack(">I4s", file.read(8))
        if name not in BOXES:  # something that was appended
            break
        if size == 1:  # a size of 64 bits follows
            (size,) = unpack(">Q", file.read(8))
        if size < 8:  # 0: up to the end of the file
            return None
        position += size
    return position


def _end_of_riff(file, length):
    position = 0
    while position + 8 <= length:
        file.seek(position)
        name, size = unpack("<4sI", file.read(8))
        if name != b"RIFF" or not size:  # 0: never finished, and playable all the same
            break
        position += 8 + size + size % 2
    return position or None


def _end_of_segment(file):
    file.seek(4)
    size = _variable_integer(file)
    if size is None:
        return None
    file.seek(size, 1)
    if file.read(4) != SEGMENT:
        return None
    size = _variable_integer(file)
    return None if size is None else file.tell() + size


def _variable_integer(file):
    """Reads an EBML size; None if it is unknown, as in live recordings."""
    (first,) = unpack("B", file.read(1))
    extra = 8 - first.bit_length()
    if extra > 7:
        return None
    value = first & (0x7F >> extra)
    for byte in unpack(f"{extra}B", file.read(extra)):
        value = value << 8 | byte
    return None if value == 2 ** (7 * (extra + 1)) - 1 else value
