"""Colours: readable on every background, apart for every eye."""

import itertools

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from btcc_research.plot.style import (
    DARK,
    LIGHT,
    amount_colours,
    background_of,
    contrast,
    luminance,
    palette_of,
    profit_colours,
)

# Machado, Oliveira and Fernandes (2009), full strength, on linear RGB.
EYES = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)
OPPOSITES = (("rising", "falling"), ("buying", "selling"))


def seen_by(eye, colour):
    """A colour in CIELAB as an eye sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.array(EYES[eye]) @ linear, 0, 1) / [0.95047, 1, 1.08883]
    cube = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * cube[1] - 16, 500 * (cube[0] - cube[1]), 200 * (cube[1] - cube[2])])


def distance(eye, one, other):
    return np.linalg.norm(seen_by(eye, one) - seen_by(eye, other))


def drawn_colours(palette):
    names = ("rising", "falling", "buying", "selling", "alarm")
    return [getattr(palette, name) for name in names] + list(palette.series)


def test_contrast_is_that_of_the_accessibility_guidelines():
    assert contrast("white", "black") == 21
    assert contrast("#777777", "white") == pytest.approx(4.48, abs=0.01)
    assert luminance("white") == pytest.approx(1)


@pytest.mark.parametrize("style", ["default", *plt.style.available])
def test_everything_is_readable_on_the_background_of_every_style(style):
    with plt.style.context(style):
        _, ax = plt.subplots()
        palette, back = palette_of(ax), background_of(ax)
        assert contrast(palette.text, back) >= 7
        assert contrast(palette.muted, back) >= 4.5
        for colour in drawn_colours(palette):
            assert contrast(colour, back) >= 3, colour


@pytest.mark.parametrize("back", ["#000000", "#111111", "#1e1e1e", "#263238", "#2b2b2b"])
def test_everything_is_readable_on_the_dark_themes_of_notebooks(back):
    assert min(contrast(colour, back) for colour in drawn_colours(DARK)) >= 3
    assert contrast(DARK.muted, back) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_opposites_stay_apart_for_every_eye(palette, eye):
    for one, other in OPPOSITES:
        assert distance(eye, getattr(palette, one), getattr(palette, other)) > 25
    assert distance(eye, palette.alarm, palette.series[0]) > 40  # holes in what is there


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_the_first_curves_stay_apart_for_every_eye(palette, eye):
    for one, other in itertools.combinations(palette.series[:4], 2):
        assert distance(eye, one, other) > 12, (one, other)


def test_a_transparent_figure_is_judged_by_its_text():
    with plt.rc_context(
        {"figure.facecolor": "none", "axes.facecolor": "none", "text.color": "white"}
    ):
        _, ax = plt.subplots()
        assert palette_of(ax) is DARK
    with plt.rc_context({"figure.facecolor": "none", "axes.facecolor": "none"}):
        _, ax = plt.subplots()
        assert palette_of(ax) is LIGHT


def test_half_transparent_axes_let_the_figure_through():
    _, ax = plt.subplots(facecolor="black")
    ax.set_facecolor((1, 1, 1, 0.2))
    assert background_of(ax) == pytest.approx((0.2, 0.2, 0.2))


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_more_is_darker_on_light_and_lighter_on_dark(palette):
    steps = [luminance(amount_colours(palette)(share)) for share in np.linspace(0, 1, 20)]
    falls = np.diff(steps) < 0
    assert falls.all() if palette is LIGHT else (~falls).all()
    assert amount_colours(palette)(np.nan)[3] == 0


def test_no_profit_is_the_background():
    _, ax = plt.subplots(facecolor="#202020")
    ax.set_facecolor("#202020")
    assert profit_colours(ax)(0.5)[:3] == pytest.approx(background_of(ax), abs=0.02)
