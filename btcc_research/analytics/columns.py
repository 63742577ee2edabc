"""The frames this package hands out: their columns, the same also when they are empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from btcc_research.protocol.endpoint import (
    decimal,
    identifier,
    integer,
    text,
    time_s,
)
from btcc_research.tables import Columns, describe

Function = TypeVar("Function", bound=Callable[..., object])

_VENUE = text("venue", meaning="spot or futures")
_MARKET = text("market")
_BASE = text("base", meaning="the coin")
_POSITION = identifier("position_id", meaning="futures")
_CURRENCY = text("currency", meaning="of all money in the row")
_SIDE = text("side", meaning="long or short")
_AMOUNT = decimal("amount", meaning="base")

LOTS: Columns = (
    time_s("opened_at"),
    _VENUE,
    _MARKET,
    _BASE,
    _SIDE,
    _AMOUNT,
    decimal("price", meaning="cost / amount"),
    decimal("cost", meaning="price x amount when it was opened, without fees"),
    decimal("fees", meaning="paid when it was opened, for what is left of it"),
    _CURRENCY,
    identifier("id", meaning="of the execution that opened it"),
    _POSITION,
)
ROUND_TRIPS: Columns = (
    time_s("opened_at"),
    time_s("closed_at"),
    _VENUE,
    _MARKET,
    _BASE,
    _SIDE,
    _AMOUNT,
    decimal("entry_price"),
    decimal("exit_price"),
    decimal("entry_value", meaning="entry_price x amount, in the quote currency"),
    decimal("exit_value", meaning="exit_price x amount, in the quote currency"),
    decimal("gross", meaning="profit before fees and funding"),
    decimal("fees", meaning="of entry and exit"),
    decimal("funding", meaning="futures, signed: negative was paid; 0 on spot"),
    decimal("net", meaning="gross - fees + funding"),
    _CURRENCY,
    decimal("return", meaning="net / value at entry"),
    decimal("margin", meaning="futures: value at entry / leverage"),
    decimal("return_on_margin", meaning="net / margin"),
    identifier("entry_id", meaning="of the execution that opened it"),
    identifier("exit_id", meaning="of the execution that closed it"),
    _POSITION,
)
TAX_LOTS: Columns = (
    text("asset", meaning="the coin"),
    _AMOUNT,
    time_s("acquired_at"),
    time_s("disposed_at"),
    integer("holding_days", meaning="whole days held"),
    text("term", meaning="short or long"),
    text("acquired_by", meaning="trade, deposit, or BTCC's word"),
    text("disposed_by", meaning="trade, fee (a coin spent on a fee), withdrawal, or BTCC's word"),
    decimal("proceeds", meaning="without the fee of the disposal"),
    decimal("cost_basis", meaning="with the fee of the acquisition"),
    decimal("gain", meaning="proceeds - cost_basis"),
    _CURRENCY,
    identifier("acquired_id", meaning="of the execution; NA for transfers"),
    identifier("disposed_id", meaning="of the execution; NA for transfers"),
)
_PNL_KEYS: dict[str, Columns] = {
    "market": (_VENUE, _MARKET, _CURRENCY),
    "day": (time_s("day", meaning="its beginning, UTC"), _VENUE, _CURRENCY),
    "position": (_VENUE, _MARKET, _POSITION, _CURRENCY),
    "venue": (_VENUE, _CURRENCY),
}
_PNL_MEASURES: Columns = (
    decimal("realized", meaning="profit of what was closed, before fees and funding"),
    decimal("unrealized", meaning="profit of what is open at `prices`; by day its change"),
    decimal("fees", meaning="all that were charged"),
    decimal("funding", meaning="funding and interest, signed: negative was paid"),
    decimal("other", meaning="all else the ledger booked, and losses promotional money bore"),
    decimal("net", meaning="realized + unrealized - fees + funding + other"),
    decimal("transfers", meaning="deposits less withdrawals"),
    decimal("change", meaning="of the equity: net + transfers"),
    decimal("turnover", meaning="value of all executions"),
    integer("trades", meaning="how many executions"),
)


def pnl_columns(by: str) -> Columns:
    """Return the columns of a profit table; the first ones are what its rows stand for."""
    return _PNL_KEYS[by] + _PNL_MEASURES


PNL_BY = tuple(_PNL_KEYS)

RECONCILIATION: Columns = (
    _VENUE,
    text("asset"),
    decimal("opening", meaning="balance before the first line of the ledger"),
    decimal("executions_in", meaning="received by executions on spot"),
    decimal("executions_out", meaning="given by executions on spot"),
    decimal("fees", meaning="of all executions"),
    decimal("funding", meaning="signed: negative was paid"),
    decimal("profit", meaning="futures: of all closes, before fees"),
    decimal("transfers", meaning="deposits less withdrawals"),
    decimal("other", meaning="what the ledger names otherwise, and losses promotional money bore"),
    decimal(
        "closing",
        meaning="opening + executions_in - executions_out - fees + funding + profit + transfers "
        "+ other",
    ),
    decimal("ledger", meaning="balance on the last line"),
    decimal("reported", meaning="by `balances`; NA without"),
    decimal("residual", meaning="reported (or ledger) - closing; exactly 0 where all is explained"),
    integer("discrepancies", meaning="rows that do not fit"),
)
DISCREPANCIES: Columns = (
    _VENUE,
    text("asset"),
    text("what", meaning="such as missing execution, doubled fee, shifted time"),
    text("table", meaning="ledger, trades, transfers, balances or positions"),
    integer("row", meaning="position of the row in that frame, from 0"),
    text("id", meaning="of the row: execution, line or transaction number"),
    time_s("time"),
    text("expected"),
    text("found"),
    decimal("difference", meaning="found - expected, where they are numbers"),
    text("against", meaning="rows elsewhere that say so"),
    text("why"),
)

EQUITY: Columns = (
    decimal("equity", meaning="of everything held, with open profit of futures"),
    decimal("flow", meaning="deposits less withdrawals in the step"),
    decimal("return", meaning="of the step, time-weighted: without the flows; NA at first"),
    decimal("cash", meaning="of the currency itself"),
    decimal("exposure", meaning="value of coins held and of open futures, long or short"),
    decimal("turnover", meaning="value of the executions in the step"),
)
DRAWDOWNS: Columns = (
    time_s("peak_at"),
    time_s("trough_at"),
    time_s("recovered_at", meaning="NaT: not yet"),
    decimal("depth", meaning="trough / peak - 1"),
    integer("steps", meaning="from the peak until it was reached again, or until the end"),
)
TRIP_STATISTICS: Columns = (
    text("group", meaning="as `by` says"),
    _CURRENCY,
    integer("trips"),
    integer("wins", meaning="net above 0"),
    integer("losses", meaning="net below 0"),
    decimal("win_rate", meaning="wins / trips"),
    decimal("average_win"),
    decimal("average_loss", meaning="negative"),
    decimal("expectancy", meaning="net of an average trip"),
    decimal("profit_factor", meaning="sum of wins / sum of losses; NA without losses"),
    decimal("gross"),
    decimal("fees"),
    decimal("funding"),
    decimal("net"),
    decimal("fee_share", meaning="fees / gross of the trips that had one above 0"),
    decimal("funding_share", meaning="funding paid / the same"),
    decimal("turnover", meaning="entry_value + exit_value, in the quote currency"),
)

EXECUTION_COSTS: Columns = (
    time_s("time"),
    _VENUE,
    _MARKET,
    identifier("id"),
    identifier("order_id"),
    text("side", meaning="buy or sell"),
    text("role", meaning="maker or taker"),
    decimal("price"),
    _AMOUNT,
    decimal("value", meaning="price x amount; all money of the row is in the quote currency"),
    decimal("bid", meaning="of the quote at that time"),
    decimal("ask"),
    decimal("mid"),
    decimal("quoted_spread_bps", meaning="(ask - bid) / mid"),
    decimal("spread_paid", meaning="sign x (price - mid) x amount: half the effective spread"),
    decimal("effective_spread_bps", meaning="2 x sign x (price - mid) / mid"),
    decimal("realized_spread_bps", meaning="2 x sign x (price - later mid) / mid"),
    decimal("impact_bps", meaning="2 x sign x (later mid - mid) / mid"),
    decimal("arrival_mid", meaning="mid when the order was created"),
    decimal("slippage", meaning="sign x (price - arrival_mid) x amount"),
    decimal("slippage_bps", meaning="sign x (price - arrival_mid) / arrival_mid"),
    decimal("fee", meaning="in the quote currency"),
    decimal("fee_bps", meaning="fee / value"),
)
ORDER_COSTS: Columns = (
    time_s("created_at"),
    _VENUE,
    _MARKET,
    identifier("id"),
    text("side", meaning="buy or sell"),
    text("type"),
    text("status"),
    decimal("amount", meaning="base; of a market buy by money: at arrival_mid"),
    decimal("filled", meaning="base"),
    decimal("fill_ratio", meaning="filled / amount; of a market buy by money: money spent"),
    decimal("average_price"),
    decimal("arrival_mid", meaning="mid when the order was created"),
    decimal("end_mid", meaning="mid when it was finished"),
    decimal("slippage_bps", meaning="sign x (average_price - arrival_mid) / arrival_mid"),
    decimal("fee", meaning="in the quote currency"),
    decimal("shortfall", meaning="implementation shortfall, in the quote currency"),
    decimal("shortfall_bps", meaning="shortfall / (amount x arrival_mid)"),
    decimal("maker_share", meaning="of the amount that was filled"),
    integer("executions"),
    time_s("first_fill_at"),
    time_s("last_fill_at"),
)
COST_SUMMARY: Columns = (
    text("group", meaning="as `by` says"),
    integer("executions"),
    decimal("value", meaning="traded"),
    decimal("quoted", meaning="share of the value for which there is a quote"),
    decimal("maker_share", meaning="of the value"),
    decimal("fee_bps", meaning="this and all below: weighted by value, where it is known"),
    decimal("effective_spread_bps"),
    decimal("realized_spread_bps"),
    decimal("impact_bps"),
    decimal("slippage_bps"),
)


def lists_columns(columns: Columns) -> Callable[[Function], Function]:
    """Fill the columns of a frame into a docstring, where it says ``{columns}``."""

    def describe_columns(function: Function) -> Function:
        lines = describe(columns).replace("\n", "\n        ")
        function.__doc__ = (function.__doc__ or "").replace("{columns}", lines)
        return function

    return describe_columns
