"""Logo of the server: a picture that an owner uploads, kept as a small PNG."""

import io
import struct
import warnings
import zlib

from PIL import Image, UnidentifiedImageError

from fledge.database import Logo
from fledge.serve.errors import ApiError

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 1_000_000
MOST_PIXELS = 16_000_000
SIDE = 256
"""Pixels of the longer side; the bar shows it at a tenth of that."""
DAMAGED = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError),
    *(struct.error, zlib.error),
)
"""Errors with which Pillow's decoders end on damaged files."""


def logo_of(content: bytes) -> Logo:
    """Return a picture as a small PNG without anything else that was in the file.

    A picture is drawn anew, so it holds neither the place where it was taken nor a second file.
    SVG is refused, because it can hold scripts.

    Raises:
        ApiError: 400; it is no PNG, JPEG or WebP picture, or is too large.
    """
    if len(content) > MOST_BYTES:
        raise refused(f"has {len(content):,} bytes, and may have at most {MOST_BYTES:,}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata, which is dropped
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise refused(
                        f"has {width:,} × {height:,} pixels, and may have at most {MOST_PIXELS:,}"
                    )
                picture.thumbnail((SIDE, SIDE))
                drawn = picture.convert("RGBA")
    except UnidentifiedImageError as error:
        raise refused("is no PNG, JPEG or WebP picture") from error
    except Image.DecompressionBombError as error:
        raise refused(f"has more than {MOST_PIXELS:,} pixels") from error
    except DAMAGED as error:
        raise refused("is damaged") from error
    written = io.BytesIO()
    drawn.save(written, "PNG", optimize=True)
    return Logo(written.getvalue())


def refused(reason: str) -> ApiError:
    """Return the error for a file that is no logo."""
    return ApiError(400, f"This file {reason}. Choose another one.", param="logo")
