"""A file on a web server: only ranges of its bytes are asked for."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import vortex_codec


class Ranges(BaseHTTPRequestHandler):
    """Serves ``body`` by ranges, and counts the bytes that it sends."""

    body = b""
    sent = 0

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def do_GET(self):
        asked = self.headers.get("Range", f"bytes=0-{len(self.body) - 1}")
        first, last = (int(n) for n in asked.removeprefix("bytes=").split("-"))
        part = self.body[first : last + 1]
        type(self).sent += len(part)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(self.body)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_):
        pass


@pytest.fixture
def served(jets):
    """The handler and the URL of a file of 400,000 jets."""
    Ranges.body = vortex_codec.compress(jets, level=1, block_bytes=64 << 10) * 20
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Ranges, f"http://127.0.0.1:{server.server_port}/jets.vxc"
    server.shutdown()
    thread.join()
    server.server_close()


def test_ranges_of_a_url(served, jets):
    handler, url = served
    file = vortex_codec.open(url)
    assert len(file) == 20 * len(jets)
    handler.sent = 0
    # From the end of one copy of the jets to the next.
    found = file[10 * len(jets) - 500 : 10 * len(jets) + 500]
    assert (found[:500] == jets[-500:]).all() and (found[500:] == jets[:500]).all()
    assert 0 < handler.sent < 500_000 < len(handler.body) / 4
