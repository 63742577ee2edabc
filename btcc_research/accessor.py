"""`df.btcc`: what a frame of this package knows about itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from btcc_research.errors import InvalidArgument


@pd.api.extensions.register_dataframe_accessor("btcc")
class BtccAccessor:
    """Natural next steps of a frame that came from this package."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @property
    def coverage(self) -> dict[str, Any]:
        """How complete the frame is: asked, proven, pages, repeats, holes."""
        return dict(self._frame.attrs.get("coverage", {}))

    def gaps(self) -> pd.DataFrame:
        """Return the candles that are missing inside the frame of `btcc.klines`.

        Returns
        -------
        DataFrame
            One row a gap, RangeIndex. Columns: start (open time of the first missing
            candle), end (when the last missing one would have closed), both
            datetime64[us, UTC]; missing (Int64, how many candles).

        Raises
        ------
        InvalidArgument
            If the frame has no index `open_time`.
        """
        index = self._frame.index
        if not isinstance(index, pd.DatetimeIndex) or index.name != "open_time":
            raise InvalidArgument("gaps() needs a frame of klines(), with its index open_time.")
        opens = index.as_unit("us").asi8
        steps = np.diff(opens)
        interval = int(self._frame.attrs.get("interval", 0)) * 1_000_000
        interval = interval or (int(steps.min()) if len(steps) else 0)
        before = np.flatnonzero(steps > interval)
        starts, ends = opens[before] + interval, opens[before + 1]
        return pd.DataFrame(
            {
                "start": pd.DatetimeIndex(starts.view("M8[us]")).tz_localize("UTC"),
                "end": pd.DatetimeIndex(ends.view("M8[us]")).tz_localize("UTC"),
                "missing": pd.array((ends - starts) // max(interval, 1), dtype="Int64"),
            }
        )
