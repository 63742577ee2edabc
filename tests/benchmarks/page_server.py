"""A server of its own process that only hands out ready pages, so that clients are measured."""

import asyncio
import json
import sys
import time
from urllib.parse import parse_qs, urlsplit

ORDERS = 50_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def order(number):
    moment = 1_768_000_000 + number * 7.104233
    return {
        "id": 7_310_000_000 + number, "type": 1 + number % 2, "side": 1 + number % 2, "user": 20417,
        "account": 20417, "option": 0, "ctime": round(moment, 6), "mtime": round(moment + 3, 6),
        "market": "BTCUSDT", "source": "bench", "client_id": "", "price": f"{60000 + number / 100:.2f}",
        "amount": f"{0.01 + number / 1e5:.5f}", "taker_fee": "0.0030", "maker_fee": "0.0020",
        "left": "0.00000", "deal_stock": f"{0.01 + number / 1e5:.5f}",
        "deal_money": f"{600 + number / 7:.7f}", "deal_fee": f"{0.00003 + number / 1e9:.9f}",
        "asset_fee": "0", "fee_discount": "1", "fee_asset": None, "ftime": round(moment + 3, 6),
    }  # fmt: skip


RECORDS = [json.dumps(order(n), separators=(",", ":")).encode() for n in range(ORDERS, 0, -1)]


def answer(target):
    parts = urlsplit(target)
    if parts.path.endswith("/time"):
        return json.dumps({"code": 0, "data": int(time.time()), "message": "OK"}).encode()
    asked = parse_qs(parts.query)
    offset, limit = int(asked["offset"][0]), int(asked["limit"][0])
    page = b",".join(RECORDS[offset : offset + limit])
    return b'{"error":null,"result":{"limit":100,"offset":%d,"records":[%s]},"id":0}' % (
        offset,
        page,
    )


async def serve(reader, writer):
    try:
        while line := await reader.readline():
            while (await reader.readline()) != b"\r\n":
                pass
            body = answer(line.split(b" ")[1].decode())
            writer.write(HEAD % len(body) + body)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.setswitchinterval(0.001)
    asyncio.run(main())
