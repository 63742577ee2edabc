"""What the futures calls answer, column by column: standard terms beside BTCC's spellings.

"BTCC API Guide (TradeOpenApi)". Sizes are lots: base units are lots times `contract_size`.
Times of positions and orders are printed as 0 and taken as seconds, times of reports are
milliseconds; a reader goes by magnitude.
"""

from __future__ import annotations

from dataclasses import replace

from btcc_research.protocol import futures_codes as codes
from btcc_research.protocol.endpoint import (
    Field,
    decimal,
    enum,
    flag,
    identifier,
    integer,
    json,
    text,
    time_ms,
    time_s,
)

Columns = tuple[Field, ...]


def _text(field: Field) -> Field:
    """A number that BTCC writes as text."""
    return replace(field, as_text=True)


ACCOUNT: Columns = (
    identifier("id", "account_id"),
    text("account_no", "account_number", meaning="login name of the quote socket"),
    identifier("userid", "user_id", required=False),
    identifier("account_groupid", "account_group_id", required=False),
    decimal("balance"),
    decimal("equity", meaning="balance + bonus + unrealized"),
    decimal("margin", required=False, meaning="in use"),
    decimal("free_margin", required=False),
    decimal("margin_level", required=False, meaning="scale not documented"),
    decimal("margin_stopout", "stop_out_margin", required=False, meaning="not documented"),
    decimal("bonus", required=False, meaning="promotional money"),
    integer("positions", "open_positions", required=False),
    enum("status", codes.LISTED, required=False),
)
KEEPALIVE: Columns = (
    identifier("accountid", "account_id", required=False),
    time_s("server_time", "time"),
)
PRODUCT: Columns = (
    text("name", "product", meaning="the name all trading calls use"),
    identifier("id", "product_id"),
    text("base_currency", "base"),
    text("profit_currency", "quote", meaning="currency profit is counted in"),
    text("margin_currency", "margin_asset"),
    integer("digits", "price_precision"),
    decimal("volumes_min", "min_lots"),
    decimal("volumes_step", "step_lots"),
    decimal("volumes_max", "max_lots"),
    decimal("position_volumes_max", "max_position_lots", required=False),
    decimal("contract_size", meaning="base units a lot"),
    enum("tradable", codes.TRADABLE),
    enum("status", codes.LISTED),
    # The printed sample has false on a tradable product: `tradable` and `status` decide (F17).
    flag("enable", "is_enabled", required=False, meaning="polarity unclear; not used"),
    time_s("start_time", "starts_at", required=False),
    time_s("expiry_time", "expires_at", required=False),
    time_s("create_time", "created_at", required=False),
    decimal("long_swap", "long_rollover", required=False, meaning="interest of longs"),
    decimal("short_swap", "short_rollover", required=False, meaning="interest of shorts"),
    decimal("three_days_swap", "holiday_rollover", required=False),
    decimal("stop_level", "min_stop_distance", required=False, meaning="unit not documented"),
    decimal("maxstop_level", "max_stop_distance", required=False, meaning="unit not documented"),
    identifier("code_id", "quote_code", required=False, meaning="probably of the quote socket"),
    identifier("uuid", "revision", required=False, meaning="larger where attributes changed"),
    json("symbol_margin_level", "margin_tiers"),
    json("commissions"),
    decimal("pips_ratio", required=False),
    decimal("spread", required=False),
    decimal("spread_balance", required=False),
    decimal("range_init", required=False),
    decimal("margin_initial", required=False),
    integer("calc_margin_type", "margin_method", required=False),
    integer("default_first", required=False),
    text("volumes_list", "preset_lots", required=False),
    decimal("max_pos_value", "max_position_value", required=False),
    decimal("gap_value", required=False),
)
GROUP: Columns = (
    identifier("id", "account_group_id"),
    text("name"),
    text("currency", "asset"),
    decimal("stop_out_level", meaning="scale not documented; 30 in the sample"),
    decimal("margin_call_level", required=False, meaning="scale not documented"),
    integer("digits", required=False, meaning="decimals of money"),
    flag("enable", "is_enabled", required=False),
    enum("status", codes.LISTED, required=False),
    text("platform", required=False),
    identifier("companyid", "company_id", required=False),
)

# Replies of trading calls have `symbolid` and `pos_type`, the list has `deal_id`.
POSITION: Columns = (
    identifier("id"),
    text("symbol", "product"),
    enum("direction", codes.DIRECTION, "side"),
    enum("status", codes.POSITION_STATUS),
    decimal("volume", "lots", meaning="still open"),
    decimal("init_volume", "initial_lots", required=False),
    decimal("open_price"),
    decimal("open_margin", "margin", meaning="money; one comment calls it a ratio"),
    integer("multiple", "leverage"),
    decimal("profit", "unrealized"),
    decimal("exec_profit", "realized", meaning="of the last close, before fee and interest"),
    decimal("stop_loss", meaning="0: none"),
    decimal("take_profit", meaning="0: none"),
    decimal("commission", "fee_due", required=False),
    decimal("exec_commission", "fee", meaning="charged by the last fill"),
    decimal("swap", "interest", meaning="accrued; negative: paid"),
    decimal("exec_swap", "funding", required=False),
    decimal("rate", "exchange_rate", required=False),
    decimal("exec_price", "fill_price", required=False, meaning="of the last fill"),
    decimal("exec_volume", "fill_lots", required=False),
    time_s("exec_time", "filled_at", required=False),
    time_s("open_time", "opened_at"),
    time_s("close_time", "closed_at", required=False),
    decimal("close_price", required=False, meaning="0 while open"),
    identifier("order_refid", "reference", required=False, meaning="your own, from placing"),
    identifier("ref_accid", "second_reference", required=False),
    identifier("accountid", "account_id", required=False),
    identifier("groupid", "account_group_id", required=False),
    identifier("deal_id", "execution_id", required=False),
    identifier("symbolid", "product_id", required=False),
    enum("pos_type", codes.ORIGIN, "origin", required=False),
    text("msg", "message", required=False),
)
PENDING: Columns = (
    identifier("id"),
    text("symbol", "product"),
    enum("direction", codes.DIRECTION, "side"),
    enum("type", codes.PENDING_TYPE),
    enum("status", codes.PENDING_STATUS),
    decimal("request_volume", "lots"),
    decimal("init_volume", "initial_lots", required=False),
    decimal("request_price", "price"),
    decimal("stop_loss", meaning="0: none"),
    decimal("take_profit", meaning="0: none"),
    integer("multiple", "leverage", required=False),
    decimal("execute_price", "fill_price", required=False, meaning="0 before"),
    decimal("execute_volume", "fill_lots", required=False),
    time_s("request_time", "created_at"),
    time_s("execute_time", "filled_at", required=False),
    enum("expire_type", codes.EXPIRY, "expiry", required=False),
    time_s("expire_time", "expires_at", required=False),
    identifier("accountid", "account_id", required=False),
    identifier("groupid", "account_group_id", required=False),
)
TODAY: Columns = (
    time_s("exec_time", "time"),
    identifier("id", meaning="of the execution; the document calls it account id (F11)"),
    identifier("positionid", "position_id"),
    text("symbol", "product"),
    enum("direction", codes.DIRECTION, "side"),
    enum("reason", codes.REASON, "action"),
    enum("order_type", codes.TODAY_TYPE, "type"),
    decimal("exec_price", "price"),
    decimal("exec_volume", "lots"),
    decimal("commission", "fee"),
    decimal("profit", "realized"),
    decimal("swap", "interest"),
    integer("multiple", "leverage", required=False),
    decimal("src_price", "open_price", required=False),
    time_s("src_time", "opened_at", required=False),
    decimal("src_volume", "open_lots", required=False),
    integer("status", required=False, meaning="not documented"),
    identifier("accountid", "account_id", required=False),
    identifier("groupid", "account_group_id", required=False),
)
TRADE_REPORT: Columns = (
    time_ms("execTime", "time"),
    _text(identifier("dealId", "id")),
    _text(identifier("positionId", "position_id")),
    text("symbol", "product"),
    text("productName", "market"),
    enum("direction", codes.DIRECTION_WORD, "side"),
    enum("reportType", codes.ACTION, "action"),
    enum("orderType", codes.REPORT_TYPE, "type"),
    decimal("execPrice", "price"),
    decimal("execVolume", "lots"),
    decimal("commission", "fee"),
    text("currency", "asset"),
    _text(decimal("profit", "realized", required=False)),
    _text(decimal("swap", "interest", required=False)),
    integer("multiple", "leverage", required=False),
    _text(decimal("openmargin", "margin", required=False)),
    _text(decimal("openPrice", "open_price", required=False)),
    _text(decimal("closePrice", "close_price", required=False, meaning="0: none")),
    _text(decimal("stoploss", "stop_loss", required=False, meaning="0: none")),
    _text(decimal("takeprofit", "take_profit", required=False, meaning="0: none")),
    time_ms("stoptime", "stops_set_at", required=False),
    integer("digits", "price_precision", required=False),
    text("remark", required=False),
)
PROFIT_REPORT: Columns = (
    time_ms("tradeTime", "closed_at"),
    _text(identifier("dealId", "id")),
    _text(identifier("openNo", "position_id")),
    text("symbol", "product"),
    text("productName", "market"),
    enum("openDirection", codes.DIRECTION_WORD, "side", meaning="of the opening order"),
    enum("orderType", codes.REPORT_TYPE, "type"),
    time_ms("openTime", "opened_at"),
    decimal("openPrice", "open_price"),
    decimal("tradePrice", "close_price"),
    decimal("tradeVolume", "lots", meaning="closed"),
    decimal("profit", "realized"),
    decimal("commission", "fee"),
    decimal("swap", "interest"),
    text("currency", "asset"),
    integer("multiple", "leverage", required=False),
    integer("digits", "price_precision", required=False),
    text("remark", required=False),
)
ORDER_HISTORY: Columns = (
    time_ms("requestTime", "created_at"),
    identifier("orderId", "id"),
    text("symbol", "product"),
    text("productName", "market"),
    enum("direction", codes.DIRECTION_WORD, "side"),
    enum("kind", codes.PENDING_TYPE, "type"),
    enum("type", codes.ACTION, "action"),
    # A number in the request, an (empty) text in the printed reply (F22).
    enum("status", codes.PENDING_STATUS_TEXT),
    _text(decimal("requestVolume", "lots")),
    _text(decimal("requestPrice", "price")),
    _text(decimal("execPrice", "fill_price", meaning="0: not filled")),
    time_ms("exectime", "filled_at", required=False),
    _text(decimal("stoploss", "stop_loss", required=False, meaning="0: none")),
    _text(identifier("dealid", "execution_id", required=False, meaning="0: none")),
    _text(decimal("commission", "fee", required=False)),
    text("currency", "asset", required=False),
    integer("multiple", "leverage", required=False),
    enum("expireType", codes.EXPIRY, "expiry", required=False),
    integer("digits", "price_precision", required=False),
)
BALANCE_CHANGE: Columns = (
    time_ms("joinTime", "time"),
    text("proposalno", "reference", meaning="transaction number"),
    enum("reportType", codes.BOOKING, "business", meaning="only deposits and withdrawals named"),
    decimal("amountSrc", "balance_before"),
    decimal("income"),
    decimal("expenditure"),
    decimal("amountDst", "balance"),
    text("currency", "asset", required=False, meaning="said to be unused"),
    text("remark", required=False),
    text("adjustSubType", "detail", required=False),
    text("coinType", "coin", required=False, meaning="said to be unused"),
    text("dealType", "deal_kind", required=False, meaning="said to be unused"),
)
PRODUCT_DETAIL: Columns = (
    text("symbolName", "market", required=False),
    text("content", "introduction", required=False),
    text("issueDate", "issued_on", required=False),
    text("issueCount", "total_supply", required=False),
    text("currentCount", "circulating_supply", required=False),
    text("fundingPrice", "crowdfunding_price", required=False),
    text("officialWebsite", "website", required=False),
    text("whiteBook", "white_paper", required=False),
    text("blockQuery", "block_explorer", required=False),
)
ADDRESS: Columns = (text("currency", "asset", required=False), text("address"))
WITHDRAWAL_ADDRESS: Columns = (text("address"), text("Result", "outcome", required=False))
TRANSFER: Columns = (
    time_ms("Time", "time"),
    text("OrderID", "reference"),
    decimal("Income", "amount"),
    decimal("AmountSrc", "balance_before", required=False),
    decimal("AmountDst", "balance", required=False),
)
COIN_REQUEST: Columns = (
    time_ms("Time", "time"),
    text("OrderID", "reference"),
    text("Currency", "asset"),
    decimal("Volume", "amount"),
    enum("Status", codes.COIN_STATUS, "status"),
    enum("ProposalStatus", codes.REVIEW, "review", required=False),
    decimal("commission", "fee", required=False, meaning="of a withdrawal"),
    text("TradeID", "transaction_id", required=False),
)
COIN_STATE: Columns = (
    flag("EnableAddCoin", "deposits_open"),
    flag("EnableOutCoin", "withdrawals_open"),
)
COIN_FEE: Columns = (
    decimal("FeeIn", "deposit_fee"),
    decimal("FeeOut", "withdrawal_fee", meaning="BTCC calls both rates; the sample is 1.2"),
)
