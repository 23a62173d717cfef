"""A server between the browser and the service: passes everything on, remembers what was asked, and can
answer in the service's place what is hard to bring about (a full queue, a wrong key)."""
import contextlib
import dataclasses
import email.parser
import email.policy
import http.client
import http.server
import json
import threading


@dataclasses.dataclass
class Asked:
    method: str
    path: str
    headers: dict
    fields: dict  # of a form: name → text, or bytes where it is a file
    status: int


def form_of(content_type, body):
    if not content_type or not content_type.startswith("multipart/form-data"):
        return {}
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields = {}
    for part in message.iter_parts():
        data = part.get_payload(decode=True)
        is_file = part.get_filename() is not None
        name = part.get_param("name", header="content-disposition")
        # "matte" is a file (given) or a text (wanted), or both.
        fields[name if is_file or name not in fields else name + "?"] = data if is_file else data.decode()
    return fields


class Between:
    """One for each test, at an address of its own: what a page before asks late does not come here."""

    def __init__(self, port):
        self.port = port
        self.asked = []
        self.refusals = []  # (status, headers, body) for the next POSTs, in order
        self.about = {}     # what /v1/about says otherwise
        self.hold = threading.Event()  # POSTs wait while it is not set
        self.hold.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.handle(self)

            do_POST = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        asked = Asked(handler.command, handler.path, dict(handler.headers),
                      form_of(handler.headers.get("Content-Type"), body), 0)
        self.asked.append(asked)
        if handler.command == "POST":
            self.hold.wait(timeout=120)
        if handler.command == "POST" and self.refusals:
            status, headers, data = self.refusals.pop(0)
        else:
            status, headers, data = self.pass_on(handler, body)
        asked.status = status
        with contextlib.suppress(OSError):  # a browser that has cancelled
            handler.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)

    def pass_on(self, handler, body):
        upstream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            headers = {name: value for name, value in handler.headers.items() if name.lower() != "connection"}
            upstream.request(handler.command, handler.path, body or None, headers)
            answer = upstream.getresponse()
            data = answer.read()
            if handler.path == "/v1/about" and self.about:
                data = json.dumps({**json.loads(data), **self.about}).encode()
            return answer.status, dict(answer.getheaders()), data
        finally:
            upstream.close()

    @property
    def cuts(self):
        return [asked for asked in self.asked if asked.path == "/v1/cut"]

    def close(self):
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
