"""Reconciliation: sound accounts have residual 0, planted faults are found to the row."""

from decimal import Decimal as D
from functools import cache, partial

import pandas as pd
import pytest

from btcc_research import analytics
from btcc_research.errors import InvalidArgument
from tests.analytics import faults
from tests.analytics.accounts import futures_account, spot_account
from tests.analytics.by_hand import futures, ledger, spot
from tests.conftest import rules_vectors

MAKERS = {
    "spot": spot_account,
    "futures, named": partial(futures_account, steps=60),
    "futures, as live": partial(futures_account, steps=60, words=False),
}
KINDS = tuple(MAKERS)


@cache
def sound(kind, seed, exact):
    return MAKERS[kind](seed, exact=exact).frames


NEEDS_A_CLOSE = {
    faults.changed_price,
    faults.changed_amount,
    faults.wrong_profit,
    faults.wrong_sign,
}
CASES = [
    (kind, fault) for kind in KINDS for fault in (faults.SPOT if kind == "spot" else faults.FUTURES)
]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_account_is_explained_to_the_last_digit(kind, seed, exact):
    frames = sound(kind, 100 + seed, exact)
    found = analytics.reconcile(**frames)
    assert found["residual"].tolist() == [0] * len(found)
    assert found["discrepancies"].tolist() == [0] * len(found)
    assert len(analytics.discrepancies(**frames)) == 0
    if exact:
        for row in found.itertuples():
            closing = row.opening + row.executions_in - row.executions_out - row.fees
            closing += row.funding + row.profit + row.transfers + row.other
            assert closing == row.closing == row.ledger


@pytest.mark.parametrize("bonus_lines", [True, False])
@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("seed", range(10))
def test_losses_promotional_money_bore_are_explained(seed, words, bonus_lines):
    frames = futures_account(seed, words=words, bonus=60, bonus_lines=bonus_lines).frames
    found = analytics.reconcile(**frames)
    assert found["residual"].tolist() == [0] * len(found)
    borne = found.loc[found["asset"] == "USDT", "other"].iloc[0]
    assert 0 <= borne <= 60
    left = frames["balances"].set_index("asset")["bonus"]["USDT"]
    assert borne == 60 - left
    assert len(analytics.discrepancies(**frames)) == 0


def planted(kind, fault, seed, exact):
    frames = sound(kind, seed, exact)
    action = "close" if kind != "spot" and fault in NEEDS_A_CLOSE else None
    return fault(frames, faults.trade_row(frames, action=action))


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("kind", "fault"), CASES, ids=lambda case: getattr(case, "__name__", case))
def test_a_planted_fault_is_found_to_the_row(kind, fault, exact):
    for seed in range(3):
        case = planted(kind, fault, seed, exact)
        found = analytics.discrepancies(**case.frames)
        rows = set(zip(found["table"], found["row"], strict=True))
        assert rows, seed
        # Nobody says on live that a line is funding.
        live_twin = case.what == "doubled funding" and kind == "futures, as live"
        allowed = {case.what, "doubled line"} if live_twin else {case.what}
        assert set(found["what"]) <= allowed, seed
        if case.rows is not None and "position of" not in case.rows:
            assert rows <= case.rows, seed
        if case.what == "missing execution":
            assert rows == case.rows, seed
        told = analytics.reconcile(**case.frames)
        assert sum(told["discrepancies"]) == len(found)


def test_missing_funding_points_to_the_close_that_reports_it_and_to_its_place():
    frames = futures_account(0, steps=60).frames
    place = faults.funding_line(frames)
    position = int(frames["ledger"]["remark"][place].split()[1].rstrip(","))
    case = faults.missing_funding(frames, 0)
    found = analytics.discrepancies(**case.frames).iloc[0]
    assert frames["trades"]["position_id"][found["row"]] == position
    assert D(str(found["difference"])) == -frames["ledger"]["change"][place]
    assert f"lost after line {frames['ledger']['reference'][place - 1]}" in found["why"]


@pytest.mark.parametrize(
    "fault",
    [
        faults.missing_execution, faults.doubled_execution, faults.doubled_fee, faults.changed_amount,
        faults.lost_line, faults.doubled_fee_line, faults.fee_charged_twice, faults.missing_transfer,
        faults.doubled_transfer, faults.changed_transfer, faults.balance_off, faults.wrong_fee_rate,
    ],
    ids=lambda fault: fault.__name__,
)  # fmt: skip
def test_money_that_is_not_explained_is_in_the_residual(fault):
    case = planted("spot", fault, 1, True)
    residual = analytics.reconcile(**case.frames)["residual"]
    if fault in (faults.lost_line, faults.doubled_fee_line, faults.fee_charged_twice):
        # The records still explain the reported balance: only the ledger is wrong.
        assert residual.tolist() == [0] * len(residual)
    else:
        assert any(residual.tolist())


def of_the_rules():
    """Return the round trip of the rules with its ledger: on a balance of 1000."""
    vectors = {found["id"]: found for found in rules_vectors("fut.")}
    lines = vectors["fut.ledger.reconciliation"]
    trip = vectors["fut.pnl.long_round_trip"]
    inputs, expected = trip["inputs"], trip["expected"]
    trades = futures(
        ("00:30", "open", "buy", inputs["open_ask"], inputs["lots"], expected["open_fee"], None, None),
        ("09:30", "close", "sell", inputs["close_bid"], inputs["lots"], expected["close_fee"],
         expected["profit"], expected["funding"]),
    )  # fmt: skip
    times = {"open_fee": "00:30", "funding": "01:00", "profit": "09:30", "close_fee": "09:30"}
    booked = [
        (times[one["kind"]], "USDT", "unknown(102)", one["change"])
        for one in lines["inputs"]["entries"]
    ]
    start = ("00:00", "USDT", "deposit", lines["inputs"]["start_balance"])
    return trades, ledger(start, *booked), lines["expected"]


def test_the_ledger_of_the_rules_is_explained():
    trades, lines, expected = of_the_rules()
    assert [str(value.normalize()) for value in lines["balance"][1:]] == expected["balances"]
    found = analytics.reconcile(lines, trades).iloc[0]
    assert found["closing"] == D(expected["end_balance"])
    assert found["profit"] == D("289.24")
    assert found["fees"] == D("12.469842")
    assert found["funding"] == D("-1.3710635")
    assert found["residual"] == 0


def test_a_line_of_the_rules_is_before_plus_change():
    vector = rules_vectors("fut.ledger.before_after")[0]
    given, expected = vector["inputs"], vector["expected"]
    lines = ledger(
        ("00:00", "USDT", "deposit", given["amount_before"]),
        ("01:00", "USDT", "deposit", str(D(given["income"]) - D(given["expenditure"]))),
    )
    found = analytics.reconcile(lines, spot()).iloc[0]
    assert found["closing"] == D(expected["amount_after"])
    assert found["opening"] == 0


def test_an_execution_booked_in_one_line_is_understood():
    trades = futures(
        ("00:00", "open", "buy", "100", "1", "0.1", None, None),
        ("01:00:30", "close", "sell", "110", "1", "0.1", "10", "0"),
    )
    lines = ledger(
        ("00:00", "USDT", "unknown(102)", "-0.1"), ("01:00:31", "USDT", "unknown(102)", "9.9")
    )
    assert len(analytics.discrepancies(lines, trades)) == 0
    assert analytics.reconcile(lines, trades)["residual"].tolist() == [0]


def test_a_fee_under_the_word_trade_is_understood():
    account = spot_account(2)
    fees = account.ledger["business"] == "fee"
    renamed = account.ledger.assign(business=account.ledger["business"].where(~fees, "trade"))
    frames = {**account.frames, "ledger": renamed}
    assert len(analytics.discrepancies(**frames)) == 0


def test_what_the_cut_of_a_shown_balance_hides_is_no_residual():
    account = spot_account(2)
    shown = account.balances.set_index("asset")["total"]
    held = account.truth["held"]
    assert any(shown[asset] != held[asset] for asset in held)
    assert analytics.reconcile(**account.frames)["residual"].tolist() == [0] * len(shown)


def test_several_faults_are_all_named():
    frames = spot_account(4).frames
    first, second = faults.trade_row(frames, nth=4), faults.trade_row(frames, nth=12)
    case = faults.doubled_fee(frames, first)
    case = faults.changed_price(case.frames, second)
    case = faults.missing_transfer(case.frames, 0)
    found = analytics.discrepancies(**case.frames)
    assert set(found["what"]) == {"doubled fee", "wrong price", "missing transfer"}


def test_a_history_that_begins_later_has_an_opening_balance():
    account = spot_account(6)
    since = account.ledger["time"].iloc[len(account.ledger) // 2]
    frames = {name: frame[frame["time"] > since].reset_index(drop=True)
              for name, frame in account.frames.items() if frame is not None and "time" in frame}  # fmt: skip
    found = analytics.reconcile(**frames, balances=account.balances)
    assert any(found["opening"].tolist())
    assert found["residual"].tolist() == [0] * len(found)


def test_without_transfers_and_balances_the_ledger_is_believed():
    account = spot_account(7)
    found = analytics.reconcile(account.ledger, account.trades)
    assert found["reported"].isna().all()
    assert found["residual"].tolist() == [0] * len(found)
    assert any(found["transfers"].tolist())


def test_both_venues_are_reconciled_together():
    one, other = spot_account(8), futures_account(8)
    frames = {name: pd.concat([getattr(one, name), getattr(other, name)], ignore_index=True)
              for name in ("ledger", "trades", "transfers", "balances")}  # fmt: skip
    found = analytics.reconcile(**frames, positions=other.positions)
    assert set(found["venue"]) == {"spot", "futures"}
    assert found["residual"].tolist() == [0] * len(found)
    assert found["discrepancies"].tolist() == [0] * len(found)


def test_the_demonstration_account_is_explained_on_every_venue(demo):
    reads = ["ledger", "trades", "transfers", "balances"]
    reads += ["positions"] if "futures" in demo.status()["venues"] else []
    frames = {name: getattr(demo, name)(exact=True) for name in reads}
    found = analytics.reconcile(**frames)
    assert set(found["venue"]) == set(demo.status()["venues"])
    assert found["residual"].tolist() == [0] * len(found)
    assert len(analytics.discrepancies(**frames)) == 0


def test_executions_of_unknown_size_are_explained_by_fee_and_reported_profit():
    trades, lines, expected = of_the_rules()
    for name in ("amount", "cost"):
        trades[name] = pd.array([None, None], dtype=trades[name].dtype)
    assert len(analytics.discrepancies(lines, trades)) == 0
    assert analytics.reconcile(lines, trades)["closing"].tolist() == [D(expected["end_balance"])]


def test_a_time_that_is_none_is_refused():
    with pytest.raises(InvalidArgument, match="within='soon'"):
        analytics.reconcile(ledger(), spot(), within="soon")


def test_nothing_is_explained_by_nothing():
    assert len(analytics.reconcile(ledger(), spot())) == 0
    assert len(analytics.discrepancies(ledger(), spot())) == 0
