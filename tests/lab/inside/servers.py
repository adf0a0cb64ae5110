"""A name server that knows hooks.lab.test, and an HTTPS server there that writes down what it is asked."""

import http.server
import pathlib
import socket
import ssl
import struct
import sys
import threading

log = pathlib.Path(sys.argv[1])


def names():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        query, peer = server.recvfrom(512)
        end = query.index(b"\0", 12) + 5
        question = query[12:end]
        known = question.startswith(b"\x05hooks\x03lab\x04test\0") and question[-4:-2] == b"\0\x01"
        answer = b"\xc0\x0c\0\x01\0\x01" + struct.pack(">IH", 60, 4) + bytes([127, 0, 0, 1]) if known else b""
        head = query[:2] + b"\x85\x80\0\x01" + (b"\0\x01" if known else b"\0\0") + b"\0\0\0\0"
        server.sendto(head + question + answer, peer)


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with log.open("a") as page:
            page.write(f"{self.command} {self.path} {body.decode()}\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


threading.Thread(target=names, daemon=True).start()
web = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Hook)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/lab/server.pem")
web.socket = context.wrap_socket(web.socket, server_side=True)
log.touch()
web.serve_forever()
