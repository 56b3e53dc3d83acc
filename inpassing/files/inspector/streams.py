"""What streams unpack to, measured in pieces so that a bomb is met early. No reader involved."""

import base64
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .reading import RefusedError

STREAM_BYTES = 32 * 1024 * 1024
STREAMS_BYTES = 128 * 1024 * 1024  # all streams but pictures together
PICTURES_BYTES = 128 * 1024 * 1024  # of pictures that are unpacked to see whether they fit
PICTURE_BYTES = 512 * 1024 * 1024  # of one picture by its own measures; A4 at 600 dpi has 105 MB
PIECE = 262_144
FILTERS = 8

FLATE = frozenset(("/FlateDecode", "/Fl"))
LZW = frozenset(("/LZWDecode", "/LZW"))
RUN_LENGTH = frozenset(("/RunLengthDecode", "/RL"))
ASCII85 = frozenset(("/ASCII85Decode", "/A85"))
HEXADECIMAL = frozenset(("/ASCIIHexDecode", "/AHx"))
UNPACKING = FLATE | LZW | RUN_LENGTH

Chunks = Iterable[bytes]


@dataclass
class Unpacking:
    """Adds up what the streams of one file unpack to; refuses as too_complex what is too much.

    Formats of pictures (JPEG, fax) count as they are: their size is in pixels.
    """

    streams: int = 0
    pictures: int = 0

    def add(self, raw: Callable[[], bytes], filters: list[str]) -> None:
        """A stream that is no picture."""
        self.streams += self._measured(raw, filters, STREAM_BYTES)
        if self.streams > STREAMS_BYTES:
            raise RefusedError("too_complex")

    def add_picture(self, raw: Callable[[], bytes], filters: list[str], size: int) -> None:
        """A picture that takes `size` bytes by its own measures: it must fit them.

        Pictures beyond the first 128 MiB are believed: to unpack them all would take too long.
        """
        if size > PICTURE_BYTES:
            raise RefusedError("too_complex")
        if self.pictures + size <= PICTURES_BYTES:
            self.pictures += self._measured(raw, filters, size + PIECE)

    def _measured(self, raw: Callable[[], bytes], filters: list[str], limit: int) -> int:
        if len(filters) > FILTERS:
            raise RefusedError("too_complex")
        if UNPACKING.isdisjoint(filters):
            return 0
        size = 0
        for chunk in unpacked([raw()], filters, limit):
            size += len(chunk)
            if size > limit:
                raise RefusedError("too_complex")
        return size


def unpacked(chunks: Chunks, filters: list[str], limit: int) -> Chunks:
    """What comes out of the filters, as far as they are general ones."""
    for name in filters:
        if name in FLATE:
            chunks = inflate(chunks)
        elif name in LZW:
            chunks = expand(lzw_lengths(_joined(chunks, limit)))
        elif name in RUN_LENGTH:
            chunks = expand(run_lengths(_joined(chunks, limit)))
        elif name in ASCII85:
            chunks = [from_ascii85(_joined(chunks, limit))]
        elif name in HEXADECIMAL:
            chunks = [from_hexadecimal(_joined(chunks, limit))]
        else:
            break
    return chunks


def _joined(chunks: Chunks, limit: int) -> bytes:
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
        if len(whole) > limit:
            raise RefusedError("too_complex")
    return bytes(whole)


def inflate(chunks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """What the chunks inflate to, in pieces of at most 256 KiB; ends at the first error."""
    engine = zlib.decompressobj()
    for chunk in chunks:
        for start in range(0, len(chunk), PIECE):
            waiting: bytes | memoryview = chunk[start : start + PIECE]
            while waiting:
                try:
                    piece = engine.decompress(waiting, PIECE)
                except zlib.error:
                    return
                yield piece
                if engine.eof:
                    return
                waiting = engine.unconsumed_tail


def expand(lengths: Iterator[int]) -> Iterator[bytes]:
    """Blank bytes of these lengths: what a stream says does not matter for its size."""
    total = 0
    for length in lengths:
        total += length
        if total >= PIECE:
            yield bytes(total)
            total = 0
    yield bytes(total)


def lzw_lengths(data: bytes) -> Iterator[int]:
    """How many bytes each LZW code stands for, without unpacking any."""
    lengths = [1] * 256 + [0, 0]
    width, held, bits, previous = 9, 0, 0, 0
    for byte in data:
        held, bits = held << 8 | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code, held = held >> bits, held & (1 << bits) - 1
        if code == 256:
            lengths, width, previous = [1] * 256 + [0, 0], 9, 0
            continue
        if code == 257 or code > len(lengths):
            return
        current = lengths[code] if code < len(lengths) else previous + 1
        if previous and len(lengths) < 4096:
            lengths.append(previous + 1)
        yield current
        previous = current
        width = min(12, max(9, (len(lengths) + 1).bit_length()))


def run_lengths(data: bytes) -> Iterator[int]:
    """How many bytes each run stands for."""
    at, end = 0, len(data)
    while at < end:
        count = data[at]
        if count == 128:
            return
        yield count + 1 if count < 128 else 257 - count
        at += count + 2 if count < 128 else 2


def from_ascii85(data: bytes) -> bytes:
    """The bytes behind ASCII85; nothing when it is not valid."""
    text = re.sub(rb"[\s\x00]+", b"", data.split(b"~", 1)[0])
    try:
        return base64.a85decode(text)
    except ValueError:
        return b""


def from_hexadecimal(data: bytes) -> bytes:
    """The bytes behind hexadecimal digits."""
    digits = re.sub(rb"[^0-9A-Fa-f]", b"", data.split(b">", 1)[0])
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
