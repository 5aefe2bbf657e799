"""Whether a picture can be read, as far as its pixels tell: a hint to its sender, who knows better and may go on."""

from enum import StrEnum
from io import BytesIO

from PIL import Image, ImageFilter, ImageStat

_EDGE = 1000
# Our own figures, from drawn cards photographed on a table: sharp ones vary by 250 and more, those that nobody
# reads by less than 5; in daylight the lightest tenth is above 200, at dusk below 50.
_LEAST_VARIANCE = 10
_LEAST_LIGHT = 60
_LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


class PictureDoubt(StrEnum):
    DARK = "dark"
    """Even its lightest tenth is dark."""
    BLURRED = "blurred"
    """It has no sharp edge anywhere: the Laplacian hardly varies."""


def picture_doubt(jpeg: bytes) -> PictureDoubt | None:
    """Return why a picture, a JPEG file of our own making, may not be readable, or None."""
    picture = Image.open(BytesIO(jpeg))
    picture.draft("L", (_EDGE, _EDGE))
    grey = picture.convert("L")
    grey.thumbnail((_EDGE, _EDGE))
    if _lightest_tenth(grey) < _LEAST_LIGHT:
        return PictureDoubt.DARK
    return PictureDoubt.BLURRED if _variance_of_edges(grey) < _LEAST_VARIANCE else None


def _variance_of_edges(grey: Image.Image) -> float:
    """Return how much the Laplacian varies inside a picture: the filter leaves the outermost pixels as they are."""
    inside = (1, 1, max(2, grey.width - 1), max(2, grey.height - 1))
    variance: float = ImageStat.Stat(grey.filter(_LAPLACE).crop(inside)).var[0]
    return variance


def _lightest_tenth(grey: Image.Image) -> int:
    """Return from which of 256 greys on the lightest tenth of the pixels begins."""
    left = grey.width * grey.height // 10
    for light, count in reversed(list(enumerate(grey.histogram()))):
        left -= count
        if left <= 0:
            return light
    return 0
