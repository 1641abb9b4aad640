"""A server for the recordings with old vegetas: /ok answers 200, /busy 503, /drop closes the connection.

Listens on a free port of 127.0.0.1, prints it, and ends with its standard input."""

import http.server
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/drop"):
            self.close_connection = True
            return
        code, body = (503, b'busy, "try" later\n') if self.path.startswith("/busy") else (200, b'{"result":"0x10"}\n')
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
