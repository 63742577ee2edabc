"""Trading with nothing but requests and hashlib, written from BTCC's spot document alone."""

import hashlib
import sys

import requests


def call(method, base, path, access_id="", secret="", **given):
    url, headers = f"{base}/btcc_api_trade/{path}", {}
    if access_id:
        given |= {
            "access_id": access_id,
            "tm": requests.get(f"{base}/btcc_api_trade/time").json()["data"],
        }
        pairs = sorted(f"{n}={v}" for n, v in {**given, "secret_key": secret}.items())
        headers["authorization"] = hashlib.md5("&".join(pairs).encode()).hexdigest()
    sent = {"json": given} if method == "POST" else {"params": given}
    reply = requests.request(method, url, headers=headers, **sent).json()
    assert not reply["error"], reply
    return reply["result"]


def main(base, *key):
    before = call("GET", base, "asset/query", *key)["USDT"]["available"]
    ask, size = call("GET", base, "market/depth", market="BTCUSDT", limit="5", merge="0")["asks"][0]
    amount = f"{float(size) + 0.001:.5f}"
    order = {"market": "BTCUSDT", "side": 1, "amount": amount, "price": ask, "source": "plain"}
    placed = call("POST", base, "order/limit", *key, **order, option=0)
    assert 0 < float(placed["left"]) < float(amount), "partly filled"
    call("POST", base, "order/cancel", *key, market="BTCUSDT", id=placed["id"])
    page = {"market": "BTCUSDT", "offset": 0, "limit": 10}
    deals = call("GET", base, "order/deal", *key, **page, order_id=placed["id"])["records"]
    done = call("GET", base, "order/finished", *key, **page)["records"][0]
    return before, call("GET", base, "asset/query", *key)["USDT"], placed, deals, done


if __name__ == "__main__":
    print(main(*sys.argv[1:4]))
