"""The dealer's behaviour beyond the worked examples, and against itself."""

from dataclasses import replace
from decimal import Decimal as D

import msgspec
import pytest

from btcc_research.protocol import futures
from btcc_research.protocol.rows import read_rows, write_rows
from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.futures_products import Quote
from btcc_research.sandbox.futures_settings import DOCUMENTED_STOP_OUT, FuturesSettings
from btcc_research.sandbox.records import Refused
from tests.sandbox.futures_desk import (
    HOUR,
    NIGHT,
    START,
    Table,
    coin_margined,
    money_in_the_world,
    product,
)


def refused(code):
    return pytest.raises(Refused, match=CODES[code])


CODES = {
    -2: "invalid parameter", -6: "insufficient margin", -7: "not found", -8: "market closed",
    -9: "invalid volume", -10: "price changed",
}  # fmt: skip


# Opening and closing


def test_every_opening_makes_its_own_position():
    table = Table()
    first, second, short = table.opened(100), table.opened(110), table.opened(110, "sell")
    assert [p.open_price for p in table.account.positions.values()] == [100, 110, 110]
    assert table.figures.open_positions == 3
    assert table.figures.margin == first.margin + second.margin + short.margin


def test_a_user_buys_at_the_ask_and_sells_at_the_bid_whatever_was_asked_for():
    table = Table()
    table.quote(99, 101)
    assert table.open("buy", price=D(50)).open_price == 101
    assert table.open("sell", price=D(500)).open_price == 99


@pytest.mark.parametrize(
    "lots", ["0.0005", "0", "-1", "0.0015", "2000000"], ids=["small", "0", "-1", "step", "large"]
)
def test_sizes_outside_the_rules_are_refused(lots):
    table = Table()
    table.quote(100)
    with refused(-9):
        table.open(lots=lots)


def test_all_positions_of_a_product_together_have_a_largest_size():
    table = Table(product(max_position_lots=D(3)))
    table.opened(100, lots="2")
    with refused(-9):
        table.open("sell", lots="1.001")
    table.open("sell", lots="1")


@pytest.mark.parametrize("leverage", [0, -1, 501])
def test_leverage_outside_the_rules_is_refused(leverage):
    table = Table()
    table.quote(100)
    with refused(-2):
        table.open(leverage=leverage)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "deleted"}, -7),
        ({"tradable": "no"}, -8),
        ({"tradable": "sell only"}, -8),
    ],
)
def test_products_that_are_not_listed_or_not_tradable_are_refused(changes, code):
    table = Table(product(**changes))
    table.quote(100)
    with refused(code):
        table.open("buy")


def test_a_product_for_buyers_only_can_still_be_closed():
    table = Table(product(tradable="buy only"))
    position = table.opened(100)
    with refused(-8):
        table.open("sell")
    assert table.close(position).status == "closed"


def test_without_a_quote_the_market_is_closed():
    with refused(-8):
        Table().open()


def test_unknown_accounts_products_positions_and_orders_are_not_found():
    table = Table()
    position = table.opened(100)
    dealer = table.dealer
    with refused(-7):
        dealer.figures(1, "USDT", table.now)
    with refused(-7):
        table.open(market="NOTHING")
    with refused(-7):
        dealer.close_position(table.id, position.id + 1, "sell", D(1), table.now)
    with refused(-7):
        dealer.close_position(table.id, position.id, "sell", D(1), table.now, product="ETHUSDT")
    with refused(-7):
        dealer.cancel_pending(table.id, 1, table.now)
    stranger = dealer.open_account(2).account_id
    with refused(-7):
        dealer.update_position(stranger, position.id, D(0), D(0), table.now)


def test_slippage_is_bounded_only_by_the_setting():
    table = Table(max_slippage=D("0.01"))
    table.quote(100)
    with refused(-10):
        table.open(price=D(98))
    position = table.open(price=D("99.5"))
    with refused(-10):
        table.close(position, price=D(102))
    assert table.close(position, price=D(0)).status == "closed"


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [("either", {"buy", "sell"}), ("order", {"sell"}), ("position", {"buy"})],
)
def test_both_readings_of_the_closing_side(setting, allowed):
    for side in ("buy", "sell"):
        table = Table(closing_side=setting)
        position = table.opened(100, "buy", lots="2")
        close = (table.id, position.id, side, D(1), table.tick())
        if side in allowed:
            assert table.dealer.close_position(*close).lots == 1
        else:
            with refused(-2):
                table.dealer.close_position(*close)


def test_parts_are_closed_until_nothing_is_left():
    table = Table(fee_rate=D("0.001"), rate=D("0.001"))
    position = table.opened(100, lots="3", leverage=7)
    margin = position.margin
    table.quote(100, now=START + 8 * HOUR)
    funding = position.interest
    table.quote(110)
    for left in ("2", "0.7", "0"):
        table.close(position, position.lots - D(left))
    fills = table.account.executions[1:]
    assert [fill.lots for fill in fills] == [D(1), D("1.3"), D("0.7")]
    assert [fill.realized for fill in fills] == [10, 13, 7]
    assert sum(fill.margin for fill in fills) == margin
    assert sum(fill.interest for fill in fills) == funding == -D("0.3")
    assert (position.status, position.close_price) == ("closed", 110)
    assert table.figures.margin == 0
    assert position.id not in table.account.positions


def test_more_than_is_open_or_a_part_that_is_no_step_cannot_be_closed():
    table = Table()
    position = table.opened(100, lots="2")
    for lots in ("2.001", "0.0001", "0", "-1"):
        with refused(-9):
            table.dealer.close_position(table.id, position.id, "sell", D(lots), table.now)


def test_the_whole_is_always_closable_even_below_the_smallest_size():
    table = Table(product(min_lots=D(1), step_lots=D(1)))
    position = table.opened(100, lots="3")
    table.close(position, D(2))
    assert table.close(position).status == "closed"


def test_references_come_back_with_the_position():
    table = Table()
    position = table.opened(100, lots="2", reference=77, second_reference=78)
    assert (position.reference, position.second_reference) == (77, 78)
    assert table.close(position, D(1)).reference == 77
    assert table.close(position, reference=79).reference == 79


def test_an_account_may_have_a_fee_rate_of_its_own():
    table = Table(fee_rate=D("0.001"))
    table.account.fee_rate = D("0.0003")
    assert table.opened(1000).fee == D("0.3")


# Stop levels


@pytest.mark.parametrize(
    ("side", "levels"),
    [
        ("buy", {"stop_loss": D(100)}),
        ("buy", {"take_profit": D("99.99")}),
        ("sell", {"stop_loss": D(99)}),
        ("sell", {"take_profit": D(101)}),
        ("buy", {"stop_loss": D(-1)}),
    ],
)
def test_stop_levels_on_the_wrong_side_are_refused(side, levels):
    table = Table()
    position = table.opened(100, side)
    with refused(-2):
        table.open(side, **levels)
    with refused(-2):
        stops = [levels.get(name, D(0)) for name in ("stop_loss", "take_profit")]
        table.dealer.update_position(table.id, position.id, *stops, table.now)


@pytest.mark.parametrize(
    ("level", "allowed"), [("99.91", False), ("99.90", True), ("90", True), ("89.99", False)]
)
def test_stop_distances_count_ticks_from_the_watched_quote(level, allowed):
    table = Table(product(min_stop_distance=D(10), max_stop_distance=D(1000)))
    table.quote(100, 101)
    if allowed:
        assert table.open(stop_loss=D(level)).stop_loss == D(level)
    else:
        with refused(-2):
            table.open(stop_loss=D(level))


def test_levels_can_be_moved_and_removed_and_one_that_stays_is_not_checked_again():
    table = Table()
    position = table.opened(100, stop_loss=D(95), take_profit=D(105))
    table.quote("95.01")
    table.dealer.update_position(table.id, position.id, D(95), D(98), table.tick())
    assert (position.stop_loss, position.take_profit) == (95, 98)
    table.dealer.update_position(table.id, position.id, D(0), D(0), table.tick())
    table.quote(1)
    assert position.status == "open"


def test_prices_are_rounded_to_the_digits_of_the_product():
    table = Table()
    assert table.opened(100, stop_loss=D("95.005")).stop_loss == D("95.01")


# Pending orders


def test_a_pending_order_opens_with_its_levels_and_is_kept_in_history():
    table = Table(fee_rate=D("0.001"))
    table.quote(100)
    pending = table.pend("limit", "buy", 90, leverage=20, stop_loss=D(80), take_profit=D(120))
    assert table.figures.margin == 0
    table.quote(89)
    (position,) = table.account.positions.values()
    assert (position.open_price, position.leverage) == (89, 20)
    assert (position.stop_loss, position.take_profit) == (80, 120)
    assert pending.status == "filled"
    assert (pending.fill_price, pending.fee) == (89, D("0.089"))
    assert pending.execution_id == position.execution_id
    assert table.account.closed_pendings == [pending]
    assert table.account.executions[-1].type == "limit"
    assert table.account.pendings == {}


def test_a_gap_beyond_the_stop_loss_of_a_pending_order_opens_it_all_the_same():
    table = Table()
    table.quote(100)
    table.pend("limit", "buy", 90, stop_loss=D(85))
    table.quote(80)
    (position,) = table.account.positions.values()
    table.quote(80)
    assert position.close_price == 80


def test_a_pending_order_that_margin_does_not_suffice_for_is_declined():
    table = Table(money=50)
    table.quote(100)
    pending = table.pend("limit", "buy", 90, lots="10", leverage=10)
    table.quote(90)
    assert pending.status == "declined"
    assert table.account.closed_pendings == [pending]
    assert table.account.positions == {}


def test_pending_orders_hold_margin_where_the_setting_says_so():
    table = Table(money=100, pendings_hold_margin=True)
    table.quote(100)
    pending = table.pend("limit", "buy", 90, lots="10", leverage=10)
    assert table.figures.free_margin == 10
    with refused(-6):
        table.pend("limit", "buy", 80, lots="10", leverage=10)
    with refused(-6):
        table.dealer.update_pending(table.id, pending.id, D(20), D(80), table.tick())
    table.dealer.update_pending(table.id, pending.id, D(10), D(80), table.tick())
    assert table.figures.free_margin == 20
    table.dealer.cancel_pending(table.id, pending.id, table.tick())
    assert table.figures.free_margin == 100


def test_orders_that_close_need_their_position():
    table = Table()
    table.quote(100)
    for type in ("limit_close", "stop_loss", "take_profit"):
        with refused(-7):
            table.pend(type, "sell", 100)


@pytest.mark.parametrize(
    ("type", "price", "level", "close"),
    [
        ("stop_loss", "95", {}, "94"),
        ("stop_loss", "1", {"stop_loss": D(95)}, "95"),
        ("take_profit", "105", {}, "106"),
        ("take_profit", "1", {"take_profit": D(105)}, "105"),
        ("limit_close", "105", {}, "106"),
    ],
)
def test_orders_that_close_take_a_part_when_their_level_is_reached(type, price, level, close):
    table = Table()
    position = table.opened(100, lots="3")
    pending = table.pend(type, "sell", price, lots="2", position_id=position.id, **level)
    table.quote(close)
    assert (position.lots, pending.status) == (1, "filled")
    assert pending.fill_price == D(close)
    reported = "limit" if type == "limit_close" else type
    assert table.account.executions[-1].type == reported


def test_an_order_for_more_than_is_left_closes_what_is_left():
    table = Table()
    position = table.opened(100, lots="3")
    pending = table.pend("stop_loss", "sell", 95, lots="3", position_id=position.id)
    table.close(position, D(2))
    table.quote(94)
    assert (position.status, pending.status, pending.fill_lots) == ("closed", "filled", 1)


def test_closing_a_position_cancels_the_orders_that_were_to_close_it():
    table = Table()
    position, other = table.opened(100), table.opened(100)
    mine = table.dealer.open_sltp(
        table.id, "BTCUSDT", position.id, D(1), table.now, stop_loss=D(90), take_profit=D(110)
    )
    kept = table.pend("stop_loss", "sell", 90, position_id=other.id)
    assert [order.type for order in mine] == ["stop_loss", "take_profit"]
    table.close(position)
    assert [order.status for order in (*mine, kept)] == ["cancelled", "cancelled", "open"]


def test_attaching_no_level_is_refused():
    table = Table()
    position = table.opened(100)
    with refused(-2):
        table.dealer.open_sltp(table.id, "BTCUSDT", position.id, D(1), table.now)


def test_of_two_levels_both_are_attached_or_none():
    table = Table()
    position = table.opened(100)
    with refused(-2):
        table.dealer.open_sltp(
            table.id, "BTCUSDT", position.id, D(1), table.now, stop_loss=D(90), take_profit=D(95)
        )
    assert table.account.pendings == {}


def test_closing_orders_on_the_wrong_side_are_refused():
    table = Table()
    position = table.opened(100)
    with refused(-2):
        table.pend("stop_loss", "sell", 101, position_id=position.id)
    with refused(-2):
        table.pend("take_profit", "sell", 99, position_id=position.id)


def test_a_pending_order_can_be_changed_and_keeps_its_type():
    table = Table()
    table.quote(100)
    pending = table.pend("limit", "buy", 90, stop_loss=D(80))
    table.dealer.update_pending(
        table.id, pending.id, D(2), D(70), table.tick(), type="stop", stop_loss=D(60)
    )
    assert (pending.type, pending.lots, pending.initial_lots) == ("limit", 2, 1)
    assert (pending.price, pending.stop_loss) == (70, 60)
    table.quote(90)
    assert pending.status == "open"
    table.quote(70)
    assert pending.status == "filled"


@pytest.mark.parametrize(("type", "allowed"), [("limit", True), ("stop", False), (None, False)])
def test_a_change_must_name_the_stored_type_where_the_document_is_taken_at_its_word(type, allowed):
    table = Table(pending_change_type="documented")
    table.quote(100)
    pending = table.pend("limit", "buy", 90)
    change = (table.id, pending.id, D(2), D(70), table.tick())
    if allowed:
        assert table.dealer.update_pending(*change, type=type).lots == 2
    else:
        with refused(-2):
            table.dealer.update_pending(*change, type=type)


def test_a_changed_stop_loss_order_waits_for_its_new_level():
    table = Table()
    position = table.opened(100)
    (pending,) = table.dealer.open_sltp(
        table.id, "BTCUSDT", position.id, D(1), table.now, stop_loss=D(90)
    )
    with refused(-2):
        table.dealer.update_pending(table.id, pending.id, D(1), D(101), table.tick())
    table.dealer.update_pending(table.id, pending.id, D(1), D(95), table.tick())
    table.quote(94)
    assert (pending.status, pending.stop_loss, position.status) == ("filled", 95, "closed")


def test_what_is_triggered_is_carried_out_in_the_order_of_ids():
    table = Table(money=15)
    table.quote(100)
    orders = [table.pend("limit", "buy", 100 - i, leverage=10) for i in range(3)]
    table.quote(90)
    assert [order.status for order in orders] == ["filled", "declined", "declined"]


# The sequence on a quote


def test_a_stop_loss_goes_before_liquidation():
    table = Table(money=15)
    position = table.opened(100, leverage=10, stop_loss=D(95))
    table.quote(80)
    assert table.account.executions[-1].type == "stop_loss"
    assert table.lines("liquidation fee") == []
    assert position.realized == -20
    assert table.wallet.balance == 0
    assert table.changes("shortfall covered") == [5]


def test_what_closes_at_a_settlement_does_not_meet_it_and_what_opens_does():
    table = Table(rate=D("0.001"))
    closing = table.opened(100, stop_loss=D(95))
    table.pend("limit", "buy", 95)
    table.quote(94, now=START + 8 * HOUR)
    opening = next(iter(table.account.positions.values()))
    assert (closing.interest, opening.interest) == (0, -D("0.094"))


def test_a_late_quote_settles_what_was_due_for_those_who_were_there():
    table = Table(rate=D("0.001"))
    before = table.opened(100)
    table.quote(100, now=START + 8 * HOUR - 1)
    between = table.open(now=START + 8 * HOUR + 1)
    table.quote(100, now=START + 17 * HOUR)
    assert before.interest == -D("0.2")
    assert between.interest == -D("0.1")
    assert [line.time for line in table.lines("funding")] == [START + 17 * HOUR] * 3


def test_funding_stops_at_the_floor_and_never_liquidates_by_itself():
    table = Table(money=100, rate=D("0.01"))
    position = table.opened(100, lots="10", leverage=10)
    table.quote("94.5", now=START + 8 * HOUR)
    assert position.status == "open"
    assert position.funding == -D(5)  # equity 45 down to 40, not the 9.45 that are due
    assert table.figures.equity == table.figures.stop_out_margin


def test_what_receivers_are_paid_by_users_is_nobodys_gain():
    table = Table(rate=D("0.0001"), funding_counterparty="users")
    table.quote(3)
    lots = ("7", "11", "13")
    for number, size in enumerate(lots):
        account = table.dealer.open_account(5 + number).account_id
        table.dealer.deposit(account, "USDT", D(1000), table.now)
        side = "buy" if number == 0 else "sell"
        table.dealer.open_position(account, "BTCUSDT", side, D(size), 1, table.tick())
    table.quote(3, now=START + 8 * HOUR)
    inside, outside = money_in_the_world(table.dealer, "USDT")
    assert inside == outside
    assert abs(table.dealer.books.house["USDT"]) < D("0.00000002")


# Liquidation


def test_pending_orders_are_cancelled_before_positions_are_closed():
    table = Table(money=150)
    first, second = table.opened(100, lots="5", leverage=10), table.opened(100, lots="5")
    pending = table.pend("limit", "buy", 50)
    table.quote("88.9")
    assert pending.status == "cancelled"
    assert (first.status, second.status) == ("closed", "open")
    times = [order.finished_at for order in table.account.closed_pendings]
    assert times == [table.now]


def test_the_oldest_of_equal_losses_goes_first():
    table = Table(money=150)
    positions = [table.opened(100, lots="5", leverage=10) for _ in range(2)]
    table.quote("88.9")
    assert [position.status for position in positions] == ["closed", "open"]


def test_wallets_are_liquidated_apart():
    table = Table(product(), coin_margined(), money=15)
    table.dealer.deposit(table.id, "BTC", D(1), table.now)
    dollars = table.opened(100)
    table.quote(100, market="BTCUSD")
    coins = table.open(lots="1", leverage=2, market="BTCUSD")
    table.quote(80)
    assert (dollars.status, coins.status) == ("closed", "open")
    assert table.account.wallet("BTC").balance == 1


def test_a_shortfall_is_the_funds_and_the_balance_ends_at_the_floor():
    table = Table(money=15)
    table.opened(100, leverage=10)
    table.quote(50)
    assert table.wallet.balance == 0
    assert table.changes("shortfall covered") == [35]
    assert table.dealer.books.fund["USDT"] == -35
    assert table.lines("liquidation fee") == []


def test_the_stop_out_ratio_has_a_history():
    rules = FuturesSettings(stop_out_history=DOCUMENTED_STOP_OUT)
    ratios = [rules.stop_out(time * 10**6) for time in (0, 1_698_969_599, 1_698_969_600, 2**31)]
    assert ratios == [D("0.2"), D("0.2"), D("0.3"), D("0.4")]


def test_promotional_money_holds_a_position_and_is_gone_first():
    table = Table(money=10)
    table.dealer.give_bonus(table.id, "USDT", D(5), table.now)
    position = table.opened(100, leverage=10)
    table.quote("88.9")
    assert position.status == "closed"
    assert table.wallet.bonus == 0
    assert [(line.money, line.change) for line in table.lines("profit")] == [
        ("bonus", -5), ("balance", -D("6.1")),
    ]  # fmt: skip


# Hours

OPENS = START + 16 * HOUR  # midnight in UTC+8


def test_a_closed_market_takes_no_orders_triggers_nothing_and_stands_still():
    table = Table(product(schedule=NIGHT))
    table.quote(100, now=OPENS)
    position = table.open(stop_loss=D(95))
    pending = table.pend("limit", "buy", 90)
    closed = OPENS + 10 * HOUR
    table.quote(80, now=closed)
    assert table.dealer.quotes["BTCUSDT"].bid == 100
    assert (position.status, position.unrealized, pending.status) == ("open", 0, "open")
    with refused(-8):
        table.open()
    with refused(-8):
        table.close(position)
    with refused(-8):
        table.pend("limit", "buy", 90)
    with refused(-8):
        table.dealer.update_pending(table.id, pending.id, D(1), D(85), table.tick())
    table.dealer.cancel_pending(table.id, pending.id, table.tick())
    table.quote(80, now=OPENS + 24 * HOUR)
    assert (position.status, position.close_price) == ("closed", 80)


def test_pending_orders_outside_hours_are_a_setting():
    table = Table(product(schedule=NIGHT), pendings_outside_hours=True)
    table.quote(100, now=OPENS)
    table.quote(100, now=OPENS + 10 * HOUR)
    assert table.pend("limit", "buy", 90).status == "open"


def test_a_quote_that_still_stands_may_come_after_the_market_closed():
    table = Table(product(schedule=NIGHT))
    table.quote(100, now=OPENS)
    position = table.open()
    last = Quote("BTCUSDT", D(97), D(97), OPENS + 10 * HOUR - 1)
    table.dealer.take([last], OPENS + 12 * HOUR)
    assert position.unrealized == -3


def test_liquidation_waits_for_what_trades_in_a_closed_market():
    table = Table(product("BTCUSDT", schedule=NIGHT), product("ETHUSDT"), money=100)
    table.quote(100, now=OPENS)
    table.quote(100, market="ETHUSDT")
    night = table.open(lots="5", leverage=10)
    always = table.open(lots="1", leverage=10, market="ETHUSDT")
    table.quote("99", market="BTCUSDT")
    table.quote("25", market="ETHUSDT", now=OPENS + 11 * HOUR)
    assert (night.status, always.status) == ("open", "closed")
    assert table.figures.equity < table.figures.stop_out_margin
    table.quote("99", now=OPENS + 24 * HOUR)
    assert night.status == "closed"


def test_a_product_that_is_halted_waits_like_a_closed_market():
    table = Table()
    position = table.opened(100, stop_loss=D(95))
    table.dealer.products["BTCUSDT"] = replace(table.rules, tradable="no")
    table.quote(90)
    assert position.status == "open"
    with refused(-8):
        table.close(position)


# Money


def test_withdrawals_leave_margin_and_take_promotional_money():
    table = Table(money=100)
    table.dealer.give_bonus(table.id, "USDT", D(7), table.now)
    table.opened(100, leverage=10)
    assert table.dealer.withdrawable(table.id, "USDT") == 90
    with refused(-6):
        table.dealer.withdraw(table.id, "USDT", D("90.01"), table.tick())
    transfer = table.dealer.withdraw(table.id, "USDT", D(90), table.tick())
    assert (transfer.kind, transfer.amount, transfer.balance) == ("withdrawal", 90, 10)
    assert table.wallet.bonus == 0
    assert table.figures.free_margin == 0


@pytest.mark.parametrize("amount", ["0", "-1", "0.000000001"])
def test_transfers_of_nothing_are_refused(amount):
    table = Table()
    for move in (table.dealer.deposit, table.dealer.withdraw, table.dealer.give_bonus):
        with refused(-2):
            move(table.id, "USDT", D(amount), table.now)


def test_amounts_are_booked_at_eight_places_half_up():
    table = Table(product(price_precision=8), fee_rate=D("0.0001"))
    position = table.opened("0.00015", lots="1.001")
    assert position.fee == D("0.00000002")  # 0.000000015015
    assert table.changes("fee") == [-D("0.00000002")]


def test_transaction_numbers_have_the_day_of_the_site_and_restart_with_it():
    table = Table(money=0)
    for now in (START + 16 * HOUR - 1, START + 16 * HOUR, START + 16 * HOUR + 1):
        table.dealer.deposit(table.id, "USDT", D(1), now)
    assert [line.reference for line in table.lines()] == [
        "TD260105A00001", "TD260106A00001", "TD260106A00002",
    ]  # fmt: skip


def test_ledger_lines_name_position_and_execution():
    table = Table(fee_rate=D("0.001"))
    position = table.opened(100)
    opening = position.execution_id
    table.quote(101)
    table.close(position)
    remarks = [line.remark for line in table.lines() if line.business in ("fee", "profit")]
    closing = f"position {position.id}, execution {position.execution_id}"
    assert remarks == [f"position {position.id}, execution {opening}", closing, closing]


def test_the_group_shows_the_levels_in_percent():
    group = Table().dealer.group(START)
    assert (group.stop_out_level, group.margin_call_level) == (40, 50)


# Records as the protocol writes them


def busy_table():
    table = Table(fee_rate=D("0.00045"), rate=D("0.0001"))
    table.dealer.give_bonus(table.id, "USDT", D(5), table.now)
    position = table.opened(91250, lots="0.5", leverage=50, stop_loss=D(90000), reference=77)
    table.pend("limit", "buy", 80000)
    table.dealer.cancel_pending(table.id, table.pend("stop", "sell", 70000).id, table.tick())
    table.quote(91300, now=START + 8 * HOUR)
    table.close(position, D("0.2"))
    table.dealer.withdraw(table.id, "USDT", D(100), table.tick())
    return table


def tables(table):
    account, settings = table.account, table.dealer.settings
    closes = [fill for fill in account.executions if fill.action == "close"]
    shown = [futures_rules.reported(fill, settings) for fill in account.executions]
    return {
        futures.SYMBOL_LIST: list(table.dealer.products.values()),
        futures.ACCOUNT_GROUP: [table.dealer.group(table.now)],
        futures.ACCOUNT: [table.figures],
        futures.POSITION_LIST: list(account.positions.values()),
        futures.ORDER_LIST: list(account.pendings.values()),
        futures.DEAL_TODAY_LIST: [fill.of_the_day() for fill in account.executions],
        futures.PROFIT_TODAY_LIST: [fill.of_the_day() for fill in closes],
        futures.GET_TRADE_REPORT: shown,
        futures.GET_PROFIT_REPORT: [fill.of_the_position() for fill in closes],
        futures.GET_HIS_ORDER: account.closed_pendings,
        futures.GET_REPORT_DEAL: account.ledger,
        futures.QUERY_WITHDRAWAL_SAVE_RECORD: account.transfers,
        futures.QUERY_IN_OUT_COIN_RECORD: account.transfers,
    }


@pytest.mark.parametrize("call", tables(busy_table()), ids=lambda call: call.name)
def test_records_are_written_and_read_back_as_they_are(call):
    records = tables(busy_table())[call]
    assert records
    rows = write_rows(call, records)
    payload = rows if call.rows.name == "LIST" else rows[0]
    encoder = msgspec.json.Encoder(decimal_format="number")
    body = encoder.encode({call.member: payload} if call.member else payload)
    decoded = read_rows(call, body, exact=True).rows
    for record, row in zip(records, decoded, strict=True):
        for field in call.columns:
            if field.kind in ("decimal", "integer", "id", "text", "flag"):
                assert getattr(row, field.name) == getattr(record, field.name), field.name


def test_the_three_views_of_a_fill():
    table = busy_table()
    fill = table.account.executions[-1]
    assert (fill.side, fill.action, fill.type) == ("sell", "close", "market")
    assert fill.of_the_day().type == "close"
    assert fill.of_the_position().side == "buy"
    assert table.account.executions[0].of_the_position().side == "buy"
