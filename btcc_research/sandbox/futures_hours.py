"""Trading hours of tokenized products: rows by weekday and season, as the quote login sends them.

"OpenAPI quote websocket", trading hours. The rows give minutes since midnight on a clock the
document does not name, for summer and for standard time; crypto products have no rows and
never close.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

MINUTES_A_DAY = 1440
Season = Literal["summer", "standard"]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hours:
    """The spans of one weekday (0 Sunday) in one season: first and last open minute.

    A span that begins and ends at 0 is a day on which the market is closed.
    """

    weekday: int
    season: Season
    spans: tuple[Span, ...]

    def holds(self, minute: int) -> bool:
        """Whether a minute of this day is open."""
        return any(begin <= minute <= end for begin, end in self.spans if (begin, end) != (0, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The rows of a product's week; one day and season may have several spans."""

    rows: tuple[Hours, ...]


@dataclass(frozen=True, slots=True)
class ScheduleClock:
    """Whose midnight the minutes count from, and whose summer time chooses the rows."""

    zone: str = "Asia/Shanghai"
    summer_time_of: str = "America/New_York"

    def read(self, minute: int) -> tuple[int, int, Season]:
        """Return weekday, minute of the day and season at a minute since 1970 UTC."""
        here = datetime.fromtimestamp(minute * 60, ZoneInfo(self.zone))
        summer = here.astimezone(ZoneInfo(self.summer_time_of)).dst() != timedelta(0)
        season: Season = "summer" if summer else "standard"
        return here.isoweekday() % 7, here.hour * 60 + here.minute, season


UTC_PLUS_8 = ScheduleClock()


def is_open(schedule: Schedule | None, minute: int, clock: ScheduleClock = UTC_PLUS_8) -> bool:
    """Whether a market is open at a minute since 1970 UTC; without a schedule it always is."""
    if schedule is None:
        return True
    return bool(open_minutes(schedule, minute // MINUTES_A_DAY, clock)[minute % MINUTES_A_DAY])


@lru_cache(maxsize=512)
def open_minutes(
    schedule: Schedule, day: int, clock: ScheduleClock = UTC_PLUS_8
) -> NDArray[np.bool_]:
    """Return for each of the 1,440 minutes of a UTC day whether the market is open."""
    first = day * MINUTES_A_DAY
    begin, end = clock.read(first), clock.read(first + MINUTES_A_DAY)
    if begin[1:] == end[1:]:
        return _open_minutes(schedule, begin)
    moments = (clock.read(first + minute) for minute in range(MINUTES_A_DAY))
    return np.array([_holds(schedule, *moment) for moment in moments])  # two days a year


@lru_cache(maxsize=128)
def _open_minutes(schedule: Schedule, begin: tuple[int, int, Season]) -> NDArray[np.bool_]:
    weekday, minute, season = begin
    days, minutes = np.divmod(minute + np.arange(MINUTES_A_DAY), MINUTES_A_DAY)
    moments = zip((weekday + days) % 7, minutes, strict=True)
    return np.array([_holds(schedule, int(at[0]), int(at[1]), season) for at in moments])


def _holds(schedule: Schedule, weekday: int, minute: int, season: Season) -> bool:
    return any(
        hours.holds(minute)
        for hours in schedule.rows
        if hours.weekday == weekday and hours.season == season
    )


def weekly(spans: dict[Season, dict[int, tuple[Span, ...]]]) -> Schedule:
    """Return the schedule of a week: spans by season and weekday; a day left out is closed."""
    rows = (
        Hours(weekday, season, days.get(weekday, ((0, 0),)))
        for season, days in spans.items()
        for weekday in range(7)
    )
    return Schedule(tuple(rows))
