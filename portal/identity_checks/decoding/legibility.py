"""Guess from its pixels whether a picture can be read. It is a hint to the sender, who may go on all the same."""

from enum import StrEnum
from io import BytesIO

from PIL import Image, ImageFilter, ImageStat

_EDGE = 1000
# Our own figures, from photographs of drawn cards on a table. The Laplacian of a sharp picture varies by 250 and more,
# that of an unreadable one by less than 5. The lightest tenth is above 200 in daylight and below 50 at dusk.
_LEAST_VARIANCE = 10
_LEAST_LIGHT = 60
_LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


class PictureDoubt(StrEnum):
    DARK = "dark"
    """Even its lightest tenth is dark."""
    BLURRED = "blurred"
    """It has no sharp edge anywhere: the Laplacian hardly varies."""


def picture_doubt(jpeg: bytes) -> PictureDoubt | None:
    """Return why a picture may not be readable, or None.

    Args:
        jpeg: a JPEG file that this portal made; a stranger's file is never decoded here.
    """
    picture = Image.open(BytesIO(jpeg))
    picture.draft("L", (_EDGE, _EDGE))
    grey = picture.convert("L")
    grey.thumbnail((_EDGE, _EDGE))
    if _lightest_tenth(grey) < _LEAST_LIGHT:
        return PictureDoubt.DARK
    return PictureDoubt.BLURRED if _variance_of_edges(grey) < _LEAST_VARIANCE else None


def _variance_of_edges(grey: Image.Image) -> float:
    """Return the variance of the Laplacian, without the outermost pixels, which the filter leaves as they are."""
    inside = (1, 1, max(2, grey.width - 1), max(2, grey.height - 1))
    variance: float = ImageStat.Stat(grey.filter(_LAPLACE).crop(inside)).var[0]
    return variance


def _lightest_tenth(grey: Image.Image) -> int:
    """Return the grey, from 0 to 255, at which the lightest tenth of the pixels begins."""
    left = grey.width * grey.height // 10
    for light, count in reversed(list(enumerate(grey.histogram()))):
        left -= count
        if left <= 0:
            return light
    return 0
