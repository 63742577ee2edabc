"""Profit day by day, as a calendar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, TwoSlopeNorm, to_rgba
from numpy.typing import NDArray

from btcc_research.plot.canvas import (
    inches_high,
    inches_wide,
    new_axes,
    say_empty,
    set_heading,
    with_unit,
)
from btcc_research.plot.inputs import Floats, need, numbers, only, zone_of
from btcc_research.plot.scales import number_axis, short
from btcc_research.plot.style import DARK, LIGHT, contrast, palette_of, profit_colours

_TIMES = ("day", "time", "closed_at")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_WEEKS = 54
_BAR = 0.86
"""How much of the width the colour bar leaves."""

_NUMBER, _SUM, _MONTH, _LETTER, _LINE = 0.45, 0.9, 0.32, 0.1, 0.17
"""Inches a number, a month with its sum, its name, one letter, and a line of text need."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where each day stands: weeks to the right, weekdays down, strips below each other."""

    days: pd.DatetimeIndex
    values: Floats
    column: NDArray[np.int64]
    strip: NDArray[np.int64]
    gap: int
    """Rows above each strip that are left free for the names of months."""

    row_inches: float
    column_inches: float

    @property
    def row(self) -> NDArray[np.int64]:
        """The row of each day."""
        found: NDArray[np.int64] = self.top(self.strip) + self.days.day_of_week.to_numpy()
        return found

    @property
    def strips(self) -> int:
        """How many strips there are."""
        return int(self.strip.max()) + 1

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.strips * (7 + self.gap), int(self.column.max()) + 1

    def top(self, strip: Any) -> Any:
        """Return the first row of days of a strip."""
        return strip * (7 + self.gap) + self.gap


def calendar(
    frame: pd.DataFrame | pd.Series, *, value: str = "net", ax: Axes | None = None
) -> Axes:
    """Draw what every day brought: weeks side by side, a strip for each year if there are many.

    Returns
    -------
    matplotlib.axes.Axes
        A field a day, coloured by its sum (grey where nothing was booked), with the number
        where there is room; the months above, with their sums where there is room. Days are
        those of the frame's zone. An empty frame gives a chart that says so.

    Parameters
    ----------
    frame : DataFrame or Series
        Index of times, or a column day, time or closed_at, as
        ``btcc.analytics.pnl(by="day")`` and `btcc.analytics.round_trips` return it; numbers
        in the column `value`, summed by day.
    value : str
        Which column to sum.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the frame has no times, lacks the column, or holds several currencies.
    """
    table = frame.to_frame(value) if isinstance(frame, pd.Series) else frame
    need(table, [value], 'what btcc.analytics.pnl(by="day") returns')
    currency = only(table, "currency", "calendar") or str(frame.attrs.get("currency") or "")
    times = _times_of(table)
    ax = new_axes(ax)
    set_heading(ax, frame, f"{value.replace('_', ' ')} by day")
    sums = _by_day(times, numbers(table[value]))
    if not len(sums):
        say_empty(ax, "nothing was booked")
        return ax
    sheet = _laid_out(ax, sums)
    _draw_fields(ax, sheet, with_unit("a day", currency))
    _draw_months(ax, sheet)
    _name_rows(ax, sheet)
    unknown = int(table[value].isna().sum())
    note = f", without {unknown:,} rows of unknown value" if unknown else ""
    ax.set_xlabel(f"days by week ({zone_of(times)}), {_years_of(sheet)}{note}", loc="left")
    return ax


def _times_of(table: pd.DataFrame) -> pd.DatetimeIndex:
    if isinstance(table.index, pd.DatetimeIndex):
        return table.index
    name = next((name for name in _TIMES if name in table.columns), "day")
    need(table, [name], "a frame with an index of times, or a column day, time or closed_at")
    return pd.DatetimeIndex(table[name])


def _by_day(times: pd.DatetimeIndex, values: Floats) -> pd.Series:
    """Return the sum of every day that has any number."""
    local = times.tz_localize(None) if times.tz is not None else times
    known = np.isfinite(values) & np.asarray(local.notna())
    found: pd.Series = pd.Series(values[known]).groupby(local[known].normalize()).sum()
    return found


def _laid_out(ax: Axes, sums: pd.Series) -> Sheet:
    """Return every day from the first to the last with its place; NaN where nothing was."""
    days = pd.date_range(sums.index[0], sums.index[-1], freq="D")
    begin = days[:1] - pd.to_timedelta(days[:1].day_of_week, unit="D")
    week = ((days - begin[0]).days // 7).to_numpy()
    strip = np.zeros(len(days), dtype="int64")
    if week[-1] >= _MOST_WEEKS:
        strip = (days.year - days.year[0]).to_numpy("int64")
        new_year = pd.DatetimeIndex(pd.to_datetime(days.year.astype(str) + "-01-01"))
        week = ((days.day_of_year - 1 + new_year.day_of_week) // 7).to_numpy()
    strips, high = int(strip[-1]) + 1, inches_high(ax)
    gap = next((gap for gap in (1, 2) if high / (7 + gap) / strips * gap >= _LINE), 3)
    return Sheet(
        days, sums.reindex(days).to_numpy("float64"), week.astype("int64"), strip, gap,
        high / strips / (7 + gap), inches_wide(ax) * _BAR / (int(week.max()) + 1),
    )  # fmt: skip


def _draw_fields(ax: Axes, sheet: Sheet, unit: str) -> None:
    field, idle = np.full(sheet.shape, np.nan), np.full(sheet.shape, np.nan)
    field[sheet.row, sheet.column] = sheet.values
    idle[sheet.row, sheet.column] = 0.0
    known = np.abs(sheet.values[~np.isnan(sheet.values)])
    most = float(np.quantile(known, 0.98)) or float(known.max()) or 1.0
    looks: Any = {"edgecolors": [ax.get_facecolor()], "linewidth": min(1.2, sheet.row_inches * 6)}
    grey = ListedColormap([to_rgba(palette_of(ax).muted, 0.13)])
    ax.pcolormesh(idle, cmap=grey, **looks)
    fields = ax.pcolormesh(
        field, cmap=profit_colours(ax), norm=TwoSlopeNorm(0, -most, most), **looks
    )
    above = min(float(sheet.gap), _LINE * 1.3 / sheet.row_inches)
    ax.set_ylim(sheet.shape[0], sheet.gap - above)
    if sheet.column_inches >= _NUMBER:
        _write_numbers(ax, sheet, fields)
    figure: Any = ax.get_figure()
    bar = figure.colorbar(fields, ax=ax, label=unit, pad=0.01, aspect=30, extend="both")
    number_axis(bar.ax.yaxis)


def _write_numbers(ax: Axes, sheet: Sheet, fields: Any) -> None:
    for value, row, column in zip(sheet.values, sheet.row, sheet.column, strict=True):
        if np.isnan(value):
            continue
        inside = fields.cmap(fields.norm(value))[:3]
        colour = max((LIGHT.text, DARK.text), key=lambda text: contrast(text, inside))
        ax.text(
            column + 0.5, row + 0.5, short(value, sign=True), ha="center", va="center",
            fontsize="x-small", color=colour,
        )  # fmt: skip


def _draw_months(ax: Axes, sheet: Sheet) -> None:
    """Draw the borders between months, and the name and sum of each above its days."""
    month = sheet.days.year.to_numpy() * 12 + sheet.days.month.to_numpy()
    borders = []
    for number in np.unique(month):
        mine = month == number
        first, strip = int(np.flatnonzero(mine)[0]), int(sheet.strip[mine][0])
        if first and sheet.strip[first - 1] == strip:
            borders.append(_border(sheet, first))
        left, right = int(sheet.column[mine].min()), int(sheet.column[mine].max()) + 1
        words = _month_in_words(sheet, mine, right - left)
        ax.text(
            (left + right) / 2, sheet.top(strip) - 0.04 / sheet.row_inches, words, ha="center",
            va="bottom", fontsize="small", color=palette_of(ax).text,
        )  # fmt: skip
    ax.add_collection(
        LineCollection(borders, colors=palette_of(ax).text, linewidths=1.1, zorder=4),
        autolim=False,
    )


def _month_in_words(sheet: Sheet, mine: NDArray[np.bool_], columns: int) -> str:
    """Return the name of a month, with its sum or shortened as a month's room allows."""
    room, own = 4.3 * sheet.column_inches, columns * sheet.column_inches
    name = f"{sheet.days[mine][0]:%b}"
    if min(room, own) > _SUM:
        return f"{name} {short(float(np.nansum(sheet.values[mine])), sign=True)}"
    if min(room, own) > _MONTH:
        return name
    return name[0] if own > _LETTER else ""


def _border(sheet: Sheet, first: int) -> list[tuple[float, float]]:
    """Return the line before the first day of a month, down one week and up the next."""
    column, row = int(sheet.column[first]), int(sheet.row[first])
    top = int(sheet.top(sheet.strip[first]))
    if row == top:
        return [(column, top), (column, top + 7)]
    return [(column + 1, top), (column + 1, row), (column, row), (column, top + 7)]


def _name_rows(ax: Axes, sheet: Sheet) -> None:
    """Name as many weekdays as there is room for, and the year of each strip if several."""
    step = math.ceil(_LINE / sheet.row_inches)
    names: dict[float, str] = {}
    for strip in range(sheet.strips):
        top = float(sheet.top(strip))
        if sheet.strips > 1:
            names[top - 0.5 * min(sheet.gap, step)] = str(sheet.days[0].year + strip)
        names |= {top + day + 0.5: _DAYS[day] for day in range(0, 7, step)}
    ax.set_yticks(list(names), list(names.values()), fontsize="small")
    ax.set_xticks([])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _years_of(sheet: Sheet) -> str:
    first, last = sheet.days[0].year, sheet.days[-1].year
    return str(first) if first == last else f"{first} to {last}"
