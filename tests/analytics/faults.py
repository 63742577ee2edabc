"""Faults to plant into the frames of a sound account, and the rows they should be found at."""

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

D = Decimal


@dataclass
class Planted:
    """The frames with a fault; `rows` are the guilty rows as (table, position)."""

    frames: dict
    what: str
    rows: set


def change(frame, row, **values):
    frame = frame.copy()
    for name, value in values.items():
        column = frame[name].tolist()
        column[row] = value
        frame[name] = pd.array(column, dtype=frame[name].dtype)
    return frame


def drop(frame, row):
    return frame.drop(index=row).reset_index(drop=True)


def double(frame, row, **values):
    """Return a frame with a row twice, the copy right after the original."""
    copy = change(frame, row, **values).iloc[[row]]
    return pd.concat([frame.iloc[: row + 1], copy, frame.iloc[row + 1 :]], ignore_index=True)


def in_order(frame, row):
    """Return a frame sorted by time, and where the row went."""
    ordered = frame.sort_values("time", kind="stable")
    return ordered.reset_index(drop=True), list(ordered.index).index(row)


def carry_on(ledger, row, by):
    """Return a ledger whose balances of one account are off from a row on, as if it were true."""
    same = (ledger["asset"] == ledger["asset"][row]) & (ledger["venue"] == ledger["venue"][row])
    same &= ledger.index >= row
    numbers = ledger["balance"].tolist()
    moved = [
        value + type(value)(by) if hit else value for value, hit in zip(numbers, same, strict=True)
    ]
    return ledger.assign(balance=pd.array(moved, dtype=ledger["balance"].dtype))


def number(frame, row, name, factor):
    value = frame[name][row]
    return value * type(value)(factor)


def trade_row(frames, *, side=None, action=None, market=None, nth=8):
    """Return the position of the nth trade of a kind, of a kind of execution nobody repeats."""
    trades = frames["trades"]
    mask = pd.Series(True, index=trades.index)
    for name, value in (("side", side), ("action", action), ("market", market)):
        mask &= True if value is None else trades[name] == value
    if action == "close":
        mask &= trades["position_id"].duplicated(keep=False)
    return int(mask[mask].index[min(nth, mask.sum() - 1)])


def lines_of(frames, row):
    """Return the positions of a trade's ledger lines."""
    trade, ledger = frames["trades"].iloc[row], frames["ledger"]
    same = (ledger["time"] == trade["time"]) & (ledger["venue"] == trade["venue"])
    if trade["venue"] == "spot":
        for name in ("order_id", "price", "amount"):
            same &= (ledger[name] == trade[name]).fillna(False).astype(bool)
    return [int(place) for place in ledger.index[same]]


def fee_line(frames, row):
    fee = frames["trades"]["fee"][row]
    return next(
        place for place in lines_of(frames, row) if frames["ledger"]["change"][place] == -fee
    )


def funding_line(frames, nth=3):
    """Return a line of funding of a position that was closed, told by what is no execution's."""
    ledger, trades = frames["ledger"], frames["trades"]
    on_the_hour = (ledger["time"].dt.minute == 0) & (ledger["time"].dt.second == 0)
    closed = trades.loc[(trades["funding"].fillna(0) != 0), "position_id"]
    marked = ledger["remark"].fillna("").str.extract(r"position (\d+)")[0]
    if marked.notna().any():
        on_the_hour &= marked.isin([str(key) for key in closed])
    return int(ledger.index[on_the_hour][nth])


def transfer_line(frames, nth=2):
    ledger = frames["ledger"]
    moved = ledger["business"].isin(["deposit", "withdraw", "withdrawal"])
    return int(ledger.index[moved][nth])


def missing_execution(frames, row):
    lines = {("ledger", place) for place in lines_of(frames, row)}
    return Planted({**frames, "trades": drop(frames["trades"], row)}, "missing execution", lines)


def doubled_execution(frames, row):
    twice = double(frames["trades"], row)
    return Planted(
        {**frames, "trades": twice}, "doubled execution", {("trades", row), ("trades", row + 1)}
    )


def doubled_execution_of_another_id(frames, row):
    twice = double(frames["trades"], row, id=999_999_999)
    return Planted(
        {**frames, "trades": twice}, "doubled execution", {("trades", row), ("trades", row + 1)}
    )


def doubled_fee(frames, row):
    trades = change(frames["trades"], row, fee=number(frames["trades"], row, "fee", 2))
    return Planted({**frames, "trades": trades}, "doubled fee", {("trades", row)})


def doubled_fee_line(frames, row):
    place = fee_line(frames, row)
    twice = double(frames["ledger"], place)
    return Planted(
        {**frames, "ledger": twice}, "doubled fee", {("ledger", place), ("ledger", place + 1)}
    )


def fee_charged_twice(frames, row):
    """A second fee line with a number of its own, and balances that follow from it."""
    place = fee_line(frames, row)
    twice = double(
        frames["ledger"], place, id=frames["ledger"]["id"].max() + 1, reference="TD999999"
    )
    twice = carry_on(twice, place + 1, frames["ledger"]["change"][place])
    if twice["id"].notna().all():  # numbered like lines that were really written
        twice = twice.assign(id=pd.array(range(1, len(twice) + 1), dtype="Int64"))
    return Planted(
        {**frames, "ledger": twice}, "doubled fee", {("ledger", place), ("ledger", place + 1)}
    )


def wrong_fee_rate(frames, row):
    trades = change(frames["trades"], row, fee=number(frames["trades"], row, "fee", "1.5"))
    return Planted({**frames, "trades": trades}, "wrong fee rate", {("trades", row)})


def wrong_fee_rate_in_the_ledger(frames, row):
    place = fee_line(frames, row)
    ledger = change(
        frames["ledger"], place, change=number(frames["ledger"], place, "change", "1.5")
    )
    return Planted({**frames, "ledger": ledger}, "wrong fee rate", {("ledger", place)})


def fee_in_wrong_asset(frames, row):
    other = "ETH" if frames["trades"]["fee_asset"][row] != "ETH" else "USDT"
    trades = change(frames["trades"], row, fee_asset=other)
    return Planted({**frames, "trades": trades}, "wrong fee asset", {("trades", row)})


def shifted_time(frames, row):
    moment = frames["trades"]["time"][row] - pd.Timedelta("7h13min")
    trades, place = in_order(change(frames["trades"], row, time=moment), row)
    return Planted({**frames, "trades": trades}, "shifted time", {("trades", place)})


def shifted_time_of_a_line(frames, row):
    place = fee_line(frames, row)
    moment = frames["ledger"]["time"][place] + pd.Timedelta("31h13min")
    ledger, at = in_order(change(frames["ledger"], place, time=moment), place)
    return Planted({**frames, "ledger": ledger}, "shifted time", {("ledger", at)})


def wrong_sign(frames, row):
    other = {"buy": "sell", "sell": "buy"}[frames["trades"]["side"][row]]
    trades = change(frames["trades"], row, side=other)
    return Planted({**frames, "trades": trades}, "wrong sign", {("trades", row)})


def wrong_sign_in_the_ledger(frames, row):
    place = fee_line(frames, row)
    ledger = change(frames["ledger"], place, change=number(frames["ledger"], place, "change", -1))
    return Planted({**frames, "ledger": ledger}, "wrong sign", {("ledger", place)})


def changed_amount(frames, row):
    trades = frames["trades"]
    amount = number(trades, row, "amount", "1.1")
    trades = change(trades, row, amount=amount, cost=amount * trades["price"][row])
    return Planted({**frames, "trades": trades}, "wrong amount", {("trades", row)})


def changed_price(frames, row):
    trades = frames["trades"]
    price = number(trades, row, "price", "1.25")
    trades = change(trades, row, price=price, cost=price * trades["amount"][row])
    return Planted({**frames, "trades": trades}, "wrong price", {("trades", row)})


def swapped_market(frames, row):
    other = "ETHUSDT" if frames["trades"]["market"][row] != "ETHUSDT" else "BTCUSDT"
    trades = change(frames["trades"], row, market=other)
    return Planted({**frames, "trades": trades}, "wrong market", {("trades", row)})


def lost_line(frames, row):
    place = fee_line(frames, row)
    return Planted(
        {**frames, "ledger": drop(frames["ledger"], place)}, "missing line", {("trades", row)}
    )


def doubled_line(frames, row):
    place = lines_of(frames, row)[0]
    twice = double(frames["ledger"], place)
    kind = (
        "doubled fee"
        if frames["ledger"]["change"][place] == -frames["trades"]["fee"][row]
        else "doubled line"
    )
    return Planted({**frames, "ledger": twice}, kind, {("ledger", place), ("ledger", place + 1)})


def wrong_balance_of_a_line(frames, row):
    place = lines_of(frames, row)[0]
    value = frames["ledger"]["balance"][place]
    ledger = change(frames["ledger"], place, balance=value + type(value)("0.00000001"))
    return Planted({**frames, "ledger": ledger}, "wrong balance", {("ledger", place)})


def balance_off(frames, row, *, by="0.00000001"):
    balances = frames["balances"]
    place = int(balances.index[balances["frozen"].fillna(0) == 0][0])
    value = balances["total"][place]
    balances = change(balances, place, total=value + type(value)(by))
    return Planted({**frames, "balances": balances}, "wrong balance", {("balances", place)})


def balance_off_below(frames, row):
    return balance_off(frames, row, by="-0.00000001")


def missing_transfer(frames, row):
    place = transfer_line(frames)
    amount = frames["ledger"]["change"][place]
    transfers = frames["transfers"]
    gone = int(
        transfers.index[
            (transfers["amount"] == amount) & (transfers["time"] == frames["ledger"]["time"][place])
        ][0]
    )
    return Planted(
        {**frames, "transfers": drop(transfers, gone)}, "missing transfer", {("ledger", place)}
    )


def lost_transfer_line(frames, row):
    place = transfer_line(frames)
    gone = frames["ledger"].iloc[place]
    transfers = frames["transfers"]
    at = int(
        transfers.index[
            (transfers["amount"] == gone["change"]) & (transfers["time"] == gone["time"])
        ][0]
    )
    return Planted(
        {**frames, "ledger": drop(frames["ledger"], place)}, "missing line", {("transfers", at)}
    )


def changed_transfer(frames, row):
    transfers = change(
        frames["transfers"], 2, amount=number(frames["transfers"], 2, "amount", "1.01")
    )
    return Planted({**frames, "transfers": transfers}, "wrong transfer", {("transfers", 2)})


def doubled_transfer(frames, row):
    twice = double(frames["transfers"], 2)
    return Planted(
        {**frames, "transfers": twice}, "doubled transfer", {("transfers", 2), ("transfers", 3)}
    )


def wrong_order(frames, row):
    trades = change(frames["trades"], row, order_id=frames["trades"]["order_id"][row] + 7_000_000)
    return Planted({**frames, "trades": trades}, "wrong order", {("trades", row)})


def changed_line(frames, row):
    place = next(p for p in lines_of(frames, row) if p != fee_line(frames, row))
    ledger = change(
        frames["ledger"], place, change=number(frames["ledger"], place, "change", "1.02")
    )
    return Planted({**frames, "ledger": ledger}, "wrong amount", {("ledger", place)})


def missing_funding(frames, row):
    place = funding_line(frames)
    return Planted(
        {**frames, "ledger": drop(frames["ledger"], place)},
        "missing funding",
        {"position of", place},
    )


def doubled_funding(frames, row):
    place = funding_line(frames)
    twice = double(frames["ledger"], place)
    return Planted(
        {**frames, "ledger": twice}, "doubled funding", {("ledger", place), ("ledger", place + 1)}
    )


def funding_charged_twice(frames, row):
    place = funding_line(frames)
    twice = double(frames["ledger"], place, reference="TD999999")
    twice = carry_on(twice, place + 1, frames["ledger"]["change"][place])
    return Planted(
        {**frames, "ledger": twice}, "doubled funding", {("ledger", place), ("ledger", place + 1)}
    )


def wrong_funding(frames, row):
    trades = frames["trades"]
    row = int(trades.index[trades["funding"].fillna(0) != 0][0])
    trades = change(trades, row, funding=number(trades, row, "funding", 2))
    return Planted({**frames, "trades": trades}, "wrong funding", {("trades", row)})


def wrong_profit(frames, row):
    trades = change(frames["trades"], row, realized=frames["trades"]["realized"][row] + 3)
    return Planted({**frames, "trades": trades}, "wrong profit", {("trades", row)})


def wrong_size(frames, row):
    positions = change(frames["positions"], 0, amount=number(frames["positions"], 0, "amount", 2))
    return Planted({**frames, "positions": positions}, "wrong size", {("positions", 0)})


def missing_balance(frames, row):
    return Planted({**frames, "balances": drop(frames["balances"], 0)}, "missing balance", None)


SPOT = [
    missing_execution, doubled_execution, doubled_execution_of_another_id, doubled_fee,
    doubled_fee_line, fee_charged_twice, wrong_fee_rate, wrong_fee_rate_in_the_ledger,
    fee_in_wrong_asset, shifted_time, shifted_time_of_a_line, wrong_sign,
    wrong_sign_in_the_ledger, changed_amount, changed_price, swapped_market, lost_line,
    doubled_line, wrong_balance_of_a_line, balance_off, balance_off_below, missing_transfer,
    lost_transfer_line, changed_transfer, doubled_transfer, wrong_order, changed_line,
    missing_balance,
]  # fmt: skip
FUTURES = [
    missing_execution, doubled_execution, doubled_execution_of_another_id, doubled_fee,
    doubled_fee_line, fee_charged_twice, wrong_fee_rate, wrong_fee_rate_in_the_ledger,
    fee_in_wrong_asset, shifted_time, shifted_time_of_a_line, wrong_sign,
    wrong_sign_in_the_ledger, changed_amount, changed_price, swapped_market, lost_line,
    doubled_line, wrong_balance_of_a_line, balance_off, balance_off_below, missing_transfer,
    lost_transfer_line, changed_transfer, doubled_transfer, missing_funding, doubled_funding,
    funding_charged_twice, wrong_funding, wrong_profit, wrong_size, missing_balance,
]  # fmt: skip
