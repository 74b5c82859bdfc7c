"""A web service for the IVR, complete: where parcels are, and whether a customer's code is right.

    python examples/parcels.py 8090

    GET  /parcels/0042                          {"status": "on its way", "due": "2026-05-21", "to_pay": "12.50 UAH"}
    POST /codes   {"phone": …, "code": …}       {"right": "true", "name": "Olena"}

Only the standard library is needed. What a real one would have to do is the same: answer within a second or two,
answer 404 for what it does not know, and never more than the call needs.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PARCELS = {
    "0042": {"status": "on its way", "due": "2026-05-21", "to_pay": "12.50 UAH"},
    "0043": {"status": "lost", "due": "", "to_pay": "0.00 UAH"},
}
CODES = {"1001": ("4711", "Olena")}


class Answers(BaseHTTPRequestHandler):
    """One request; the path says what is asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parcel = PARCELS.get(self.path.removeprefix("/parcels/"))
        self._answer(404 if parcel is None else 200, parcel or {"error": "no such parcel"})

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length", "0")), 10_000)
        try:
            asked = json.loads(self.rfile.read(length))
            code, name = CODES.get(str(asked["phone"]), ("", ""))
            right = bool(code) and str(asked["code"]) == code
        except (ValueError, KeyError, TypeError):
            self._answer(400, {"error": 'send {"phone": "…", "code": "…"}'})
            return
        self._answer(200, {"right": "true" if right else "false", "name": name if right else ""})

    def _answer(self, status: int, values: dict[str, str]) -> None:
        body = json.dumps(values, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Codes are in requests: nothing is logged."""


def serve(port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1; port 0 is any free one. Call its `serve_forever`."""
    return ThreadingHTTPServer(("127.0.0.1", port), Answers)


if __name__ == "__main__":
    server = serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8090)
    print(f"parcels and codes at http://127.0.0.1:{server.server_address[1]}, until Ctrl+C")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
