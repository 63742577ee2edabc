"""What holds for every chart: its place, its words, its colours, and what it leaves alone."""

import inspect
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text

from btcc_research import plot
from tests.plot import gallery

CHARTS = pytest.mark.parametrize("chart", gallery.CHARTS, ids=lambda chart: chart.__name__)


def drawn_words(figure, monkeypatch):
    """Every text that is drawn, with the box it takes; slanted ones take less than their box."""
    found = []

    def draw(self, renderer, *rest, **more):
        if self.get_visible() and self.get_text().strip():
            found.append((self, self.get_window_extent(renderer)))
        return original(self, renderer, *rest, **more)

    original = Text.draw
    monkeypatch.setattr(Text, "draw", draw)
    figure.canvas.draw()
    found.clear()  # the first drawing may still move things
    figure.canvas.draw()
    monkeypatch.undo()
    return found


def overlap(one, other):
    """How many pixels two boxes share in their narrower direction."""
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return min(wide, high)


@CHARTS
@pytest.mark.parametrize("size", gallery.SIZES)
@pytest.mark.parametrize("style", gallery.STYLES)
def test_no_words_are_cut_off_or_cover_each_other(chart, size, style, monkeypatch):
    figure = gallery.render(chart, style, size)
    words = drawn_words(figure, monkeypatch)
    wide, high = figure.bbox.size
    for text, box in words:
        assert (box.x0 > -1, box.y0 > -1, box.x1 < wide + 1, box.y1 < high + 1) == (True,) * 4, text
    upright = [(text, box) for text, box in words if text.get_rotation() % 90 == 0]
    for place, (text, box) in enumerate(upright):
        for other, beside in upright[place + 1 :]:
            assert overlap(box, beside) < 3, (text, other)


@CHARTS
def test_it_changes_no_global_setting(chart):
    before = dict(mpl.rcParams)
    chart(None)
    assert dict(mpl.rcParams) == before


@CHARTS
def test_it_draws_into_the_axes_it_is_given_and_returns_them(chart):
    figure, axes = plt.subplots(2, figsize=(8, 7))
    assert chart(axes[1]) is axes[1]
    assert isinstance(axes[1], Axes)
    assert not axes[0].has_data()
    assert plt.get_fignums() == [figure.number]


@CHARTS
def test_it_draws_into_a_part_of_a_figure(chart):
    part = plt.figure(layout="constrained").subfigures(1, 2)[1]
    ax = part.subplots()
    assert chart(ax) is ax
    part.get_figure(root=True).canvas.draw()


@CHARTS
def test_the_title_says_what_it_is_and_that_it_is_the_sandbox(chart):
    ax = chart(None)
    title = ax.get_title(loc="left")
    assert len(title) > 5
    if chart is not gallery.calendar_of_years:  # made up without saying so
        assert title.endswith("(sandbox)")


@CHARTS
def test_times_name_their_zone(chart):
    ax = chart(None)
    label = ax.get_xlabel()
    if label.startswith(("time (", "days", "hour")):
        assert "(UTC" in label or "(Europe/Berlin)" in label


@CHARTS
@pytest.mark.parametrize("style", gallery.STYLES)
def test_pictures_are_drawn_in_light_and_dark(chart, style):
    figure = gallery.render(chart, style, "small")
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    dark = (pixels.sum(axis=2) < 384).mean()
    assert dark > 0.5 if style == "dark" else dark < 0.5
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20


def test_the_picture_of_all_of_them_is_small(tmp_path):
    gallery.save_combined(tmp_path / "gallery.png")
    assert 50_000 < (tmp_path / "gallery.png").stat().st_size < 200_000
    assert len(gallery.ONE_OF_EACH) == len(plot.__all__)


def test_every_public_chart_is_in_the_gallery_and_has_few_parameters():
    source = inspect.getsource(gallery)
    for name in plot.__all__:
        assert f"plot.{name}(" in source
        parameters = inspect.signature(getattr(plot, name)).parameters
        assert next(iter(parameters)) == "frame"
        assert parameters["ax"].default is None
        assert len(parameters) <= (7 if name == "candles" else 6)


def test_the_list_of_charts_is_what_a_person_sees():
    assert dir(plot) == sorted(plot.__all__)
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        _ = plot.pie


def test_charts_load_matplotlib_when_one_is_asked_for():
    code = "import btcc_research.plot, sys; assert not {'matplotlib', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_chart_is_named_like_its_module():
    for name, module in plot._MODULES.items():
        assert name != module
        assert getattr(plot, name).__module__ == f"btcc_research.plot.{module}"
