"""Unpacked: how much a file that is sent comes to when it is read, so that few bytes do not fill the memory."""

import gzip
import io
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

MOST = 256 << 20
"""How many bytes the files of a request may have together, unpacked: 16 times what a body may have."""
_PIECE = 1 << 20
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_CELL = 8


class UnpacksToTooMuch(ValueError):
    """A file that is small as it is sent, and too large as it is read."""


def unpacked_bytes(content: bytes, name: str, most: int = MOST) -> int:
    """Return how many bytes a file has as it is read: of gzip unpacked, of Parquet as columns.

    Raises `UnpacksToTooMuch` as soon as that is more than `most`. A file that is broken is told by who reads it.
    """
    found = len(content)
    if content.startswith(_GZIP):
        found = _of_gzip(content, most)
    elif content.startswith(_PARQUET):
        found = _of_parquet(content)
    if found > most:
        raise UnpacksToTooMuch(
            f"the file {name} is larger than {most >> 20} MB when it is unpacked, which is more than is read of a "
            "request: send it in parts, or ask on the command line"
        )
    return found


def _of_gzip(content: bytes, most: int) -> int:
    found = 0
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            while found <= most and (piece := stream.read(_PIECE)):
                found += len(piece)
    except (OSError, EOFError, zlib.error):
        pass
    return found


def _of_parquet(content: bytes) -> int:
    """Return what a Parquet file's columns say that they have, and no less than their cells have at the least."""
    try:
        about = pq.ParquetFile(io.BytesIO(content)).metadata
    except (pa.ArrowException, OSError):
        return len(content)
    columns = [
        about.row_group(group).column(column).total_uncompressed_size
        for group in range(about.num_row_groups)
        for column in range(about.num_columns)
    ]
    return int(max(sum(columns), about.num_rows * about.num_columns * _CELL))
