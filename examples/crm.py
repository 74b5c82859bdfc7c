"""A CRM for control points, complete: what each caller is to hear, with a recording, and who is to hear nothing.

    python examples/crm.py 8091

    GET /offers/+380501234567      {"bindings": [{"campaign": "renewal", "template": "renewal", …}]}, with an ETag
    GET /audio/renewal-en.wav      a recording (here: two seconds of a tone), with an ETag

The slot, the template and the web service that go with it are in docs/control-points.md, "With a CRM". Both addresses
are on this machine: [webservice.picks] and [campaigns.audio] need allow_private = ["127.0.0.1"] each.

Only the standard library is needed. A real one does the same: it knows the caller by the number, answers within a
second, and says nothing more than what is to be said. 304 spares both sides the work where nothing has changed.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import struct
import sys
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

#: What is due to whom. Everybody else hears nothing.
RENEWALS: dict[str, dict[str, object]] = {
    "+380501234567": {
        "what": {"en": "motor insurance", "uk": "страхування авто"},
        "price": "2450.00 UAH",
        "until": "2026-12-20",
    },
    "1001": {
        "what": {"en": "travel insurance", "uk": "страхування подорожі"},
        "price": "450.00 UAH",
        "until": "2026-12-31",
    },
}


def bindings(caller: str, base: str) -> dict[str, object]:
    """The document for one caller; docs/control-points.md has every field."""
    renewal = RENEWALS.get(caller)
    if renewal is None:
        return {"bindings": []}
    return {
        "bindings": [
            {
                "campaign": "renewal",
                "template": "renewal",
                "values": renewal,
                "audio": {"en": f"{base}/audio/renewal-en.wav"},
            }
        ]
    }


def recording(seconds: float = 2.0, hz: float = 440.0, rate: int = 16_000) -> bytes:
    """A tone in place of a voice."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        for n in range(int(seconds * rate)):
            sound.writeframesraw(struct.pack("<h", int(8000 * math.sin(2 * math.pi * hz * n / rate))))
    return file.getvalue()


RECORDING = recording()


class Answers(BaseHTTPRequestHandler):
    """One request; the path says what is asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, _, name = self.path.partition("?")[0].lstrip("/").partition("/")
        if kind == "offers":
            base = f"http://{self.headers.get('Host', '127.0.0.1')}"
            body = json.dumps(bindings(unquote(name), base), ensure_ascii=False).encode()
            self._answer(body, "application/json; charset=utf-8")
        elif self.path == "/audio/renewal-en.wav":
            self._answer(RECORDING, "audio/wav")
        else:
            self.send_error(404)

    def _answer(self, body: bytes, media_type: str) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        same = self.headers.get("If-None-Match") == etag
        self.send_response(304 if same else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", "0" if same else str(len(body)))
        self.end_headers()
        if not same:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Numbers of customers are in requests: nothing is logged."""


def serve(port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1; port 0 is any free one. Call its `serve_forever`."""
    return ThreadingHTTPServer(("127.0.0.1", port), Answers)


if __name__ == "__main__":
    server = serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8091)
    print(f"offers at http://127.0.0.1:{server.server_address[1]}/offers/1001, until Ctrl+C")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
