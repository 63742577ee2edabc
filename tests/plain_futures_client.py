"""Trading futures with nothing but requests and hashlib, from BTCC's trade API guide alone."""

import hashlib
import sys
from urllib.parse import quote

import requests


def call(method, base, path, secret, **given):
    pairs = {name: quote(str(value), safe="") for name, value in given.items()}
    signed = sorted({**pairs, "secret_key": quote(secret, safe="")}.items())
    text = "&".join(f"{name}={value}" for name, value in signed)
    pairs["sign"] = hashlib.md5(text.encode()).hexdigest()
    query = "&".join(f"{name}={value}" for name, value in pairs.items())
    reply = requests.request(method, f"{base}/v1/{path}?{query}").json()
    assert reply["code"] == 0, reply
    return reply


def main(base, user, password, api_key, secret):
    who = {"user_name": user, "password": password, "api_key": api_key, "company_id": 1}
    login = call("POST", base, "user/login", secret, **who)
    mine = {"token": login["token"], "accountid": login["account"]["id"]}
    call("GET", base, "user/keepalive", secret, **mine)
    listed = call("GET", base, "config/symbollist", secret, token=login["token"])["symbols"]
    symbol = next(row["name"] for row in listed if row["name"].endswith("/BTCUSDT100x"))
    order = {"symbol": symbol, "request_price": 0, **mine}
    opened = call(
        "POST", base, "account/openposition", secret, direction=1, request_volume="0.05",
        multiple=20, refid=4711, **order,
    )["position"]  # fmt: skip
    stops = {"id": opened["id"], "stop_loss": 1000, "take_profit": 0, "symbol": symbol}
    changed = call("POST", base, "account/updateposition", secret, **stops, **mine)["position"]
    close = {"positionid": opened["id"], "direction": 2, **order}
    part = call("POST", base, "account/closeposition", secret, request_volume="0.02", **close)
    rest = call("POST", base, "account/closeposition", secret, request_volume="0.03", **close)
    pages = {"token": login["token"], "pageNo": 1, "pageSize": 10}
    history = call("GET", base, "user/getTradeReport", secret, **pages)["list"]
    return opened, changed, part["position"], rest["position"], history


if __name__ == "__main__":
    print(main(*sys.argv[1:6]))
