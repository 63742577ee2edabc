"""Questions of a quote conversation: candles and boards. There are no request ids on the wire.

"BTCC Quote API" (quote OpenAPI, November 2023), ReqKline and ReqRealPanel: an answer is told
by what it holds, so one question per product and candle length is under way, others wait.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from btcc_research.protocol.quote_forms import request_text
from btcc_research.protocol.quote_frames import KlineAnswer
from btcc_research.protocol.quote_socket import KLINE_TYPES, KlineType

ANSWER_SECONDS = 10.0

_Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class KlineQuestion:
    """Candles of a product that open from `start` until `end`, in Unix seconds."""

    request_id: int
    code: int
    kind: KlineType
    start: int
    end: int

    def text(self) -> str:
        """Return the request."""
        return request_text(
            "ReqKline",
            {"code": self.code, "interval": self.kind.code, "from": self.start, "to": self.end},
        )

    def is_answered_by(self, answer: KlineAnswer) -> bool:
        """Whether candles lie in the range asked for; others answer a question given up."""
        margin = self.kind.seconds or 31 * 86_400
        return all(self.start - margin <= row.open_time <= self.end for row in answer.rows)


@dataclass(slots=True)
class PanelQuestion:
    """Boards: one answer arrives for each."""

    request_id: int
    sent_at: float
    zones: set[int]
    rows: list[Any] = field(default_factory=list)


class Questions:
    """What was asked and is not answered yet."""

    def __init__(self) -> None:
        self._last_id = 0
        self._klines: dict[_Key, tuple[KlineQuestion, float]] = {}
        self._waiting: deque[KlineQuestion] = deque()
        self._panels: list[PanelQuestion] = []

    def ask_klines(self, code: int, kind: KlineType, start: int, end: int) -> int:
        """Note a question about candles; `texts_to_send` lets it go when its turn comes."""
        self._last_id += 1
        self._waiting.append(KlineQuestion(self._last_id, code, kind, start, end))
        return self._last_id

    def ask_panel(self, zones: set[int], now: float) -> tuple[int, str]:
        """Note a question about boards; return its id and text."""
        self._last_id += 1
        self._panels.append(PanelQuestion(self._last_id, now, zones))
        text = request_text("ReqRealPanel", {"zone": sorted(zones), "seq": self._last_id})
        return self._last_id, text

    def texts_to_send(self, now: float) -> list[str]:
        """Return the questions whose product and candle length is free now."""
        texts = []
        for _ in range(len(self._waiting)):
            question = self._waiting.popleft()
            key = (question.code, question.kind.code)
            if key in self._klines:
                self._waiting.append(question)
            else:
                self._klines[key] = (question, now)
                texts.append(question.text())
        return texts

    def take_klines(self, answer: KlineAnswer) -> KlineQuestion | None:
        """Return the question that candles answer."""
        found = self._klines.get((answer.code, answer.interval))
        if found is None or not found[0].is_answered_by(answer):
            return None
        del self._klines[answer.code, answer.interval]
        return found[0]

    def take_panel(self, zone: int, rows: list[Any]) -> list[PanelQuestion]:
        """Add a board to the questions it answers; return those that are complete."""
        for question in self._panels:
            if zone in question.zones:
                question.zones.discard(zone)
                question.rows += rows
        complete = [question for question in self._panels if not question.zones]
        self._panels = [question for question in self._panels if question.zones]
        return complete

    def overdue(self, now: float) -> list[tuple[str, int]]:
        """Take out what got no answer in time: (call, request id)."""
        late = [
            (key, question.request_id)
            for key, (question, sent_at) in self._klines.items()
            if now - sent_at >= ANSWER_SECONDS
        ]
        for key, _ in late:
            del self._klines[key]
        panels = [panel for panel in self._panels if now - panel.sent_at >= ANSWER_SECONDS]
        self._panels = [panel for panel in self._panels if panel not in panels]
        return [("Kline", request_id) for _, request_id in late] + [
            ("Panel", panel.request_id) for panel in panels
        ]

    def drop_all(self) -> list[tuple[str, int]]:
        """Take out everything: the connection is gone."""
        asked = [question for question, _ in self._klines.values()]
        dropped = [("Kline", question.request_id) for question in (*asked, *self._waiting)]
        dropped += [("Panel", panel.request_id) for panel in self._panels]
        self._klines.clear()
        self._waiting.clear()
        self._panels.clear()
        return dropped


def kline_type(seconds: int | None) -> KlineType | None:
    """Return the candle length of so many seconds; None asks for a month."""
    return next((kind for kind in KLINE_TYPES.values() if kind.seconds == seconds), None)
