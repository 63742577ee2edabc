"""Colours by the background they stand on.

Every colour has a contrast of at least 3 to the backgrounds of matplotlib's styles (text
4.5), and pairs that mean opposites stay apart for colour-blind eyes; the tests work both
out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb, to_rgba

# Where black and white text are equally readable.
_MIDDLE = 0.18


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a chart.

    `rising` and `falling` also mean profit and loss. `ramp` leads from little to much,
    `series` is what several curves take in turn.
    """

    text: str
    muted: str
    rising: str
    falling: str
    buying: str
    selling: str
    alarm: str
    series: tuple[str, ...]
    ramp: tuple[str, ...]


LIGHT = Palette(
    text="#1a1a1a",
    muted="#5c5c5c",
    rising="#00796b",
    falling="#d84315",
    buying="#1565c0",
    selling="#ad1457",
    alarm="#c62828",
    series=("#1565c0", "#d15a00", "#00473a", "#b5488f", "#756500", "#5c5c5c"),
    ramp=("#d6e6f4", "#6baed6", "#2171b5", "#08306b"),
)
DARK = Palette(
    text="#f0f0f0",
    muted="#b0b0b0",
    rising="#4db6ac",
    falling="#ff7043",
    buying="#64b5f6",
    selling="#ffd54f",
    alarm="#ff6b6b",
    series=("#64b5f6", "#ff9e40", "#b9f2d0", "#e573b5", "#d4c95a", "#b0b0b0"),
    ramp=("#14283c", "#1f5a8a", "#3a9bc7", "#b5e3f0"),
)


def palette_of(ax: Axes) -> Palette:
    """Return the colours that are readable on a chart's background."""
    return DARK if luminance(background_of(ax)) < _MIDDLE else LIGHT


def background_of(ax: Axes) -> tuple[float, float, float]:
    """Return the colour behind a chart; where nothing is painted, what its text suggests."""
    root: Any = ax.get_figure(root=True)
    figure: Any = ax.get_figure()
    dark_page = luminance(to_rgb(mpl.rcParams["text.color"])) > _MIDDLE
    colour = (0.0, 0.0, 0.0) if dark_page else (1.0, 1.0, 1.0)
    for layer in (root.get_facecolor(), figure.get_facecolor(), ax.get_facecolor()):
        red, green, blue, alpha = to_rgba(layer)
        colour = (
            red * alpha + colour[0] * (1 - alpha),
            green * alpha + colour[1] * (1 - alpha),
            blue * alpha + colour[2] * (1 - alpha),
        )
    return colour


def luminance(colour: Any) -> float:
    """Return the relative luminance of a colour, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Any, other: Any) -> float:
    """Return how well two colours stand apart, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def amount_colours(palette: Palette) -> Colormap:
    """Return colours from little to much; nothing stays transparent."""
    ramp = LinearSegmentedColormap.from_list("amounts", list(palette.ramp))
    return ramp.with_extremes(bad=(0, 0, 0, 0))


def profit_colours(ax: Axes) -> Colormap:
    """Return colours from loss over nothing, the background, to profit."""
    palette = palette_of(ax)
    ends = [to_rgb(palette.falling), background_of(ax), to_rgb(palette.rising)]
    return LinearSegmentedColormap.from_list("profits", ends).with_extremes(bad=(0, 0, 0, 0))
