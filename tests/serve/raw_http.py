"""HTTP by hand, for what no client library would send."""
import socket

from serve_support import PATIENCE


class Raw:
    def __init__(self, service):
        self.socket = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(65536)
        self.held += data
        return bool(data)

    def answer(self, head_only=False):
        """(status, headers, body) of the next answer; None at the connection's end."""
        while True:
            while b"\r\n\r\n" not in self.held:
                try:
                    if not self._more():
                        return None
                except ConnectionResetError:
                    return None
            head, _, self.held = self.held.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            status = int(lines[0].split()[1])
            if status != 100:
                break
            self.continued = True
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        if head_only or status == 204:
            return status, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            return status, headers, self._chunks()
        size = int(headers["content-length"]) if "content-length" in headers else None
        while size is None or len(self.held) < size:
            if not self._more():
                break
        size = len(self.held) if size is None else size
        body, self.held = self.held[:size], self.held[size:]
        return status, headers, body

    def _chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self.held:
                assert self._more()
            line, _, self.held = self.held.partition(b"\r\n")
            size = int(line, 16)
            while len(self.held) < size + 2:
                assert self._more()
            body += self.held[:size]
            self.held = self.held[size + 2:]
            if size == 0:
                return body

    def closed(self):
        """Whether the server closes it, within the patience."""
        try:
            while self._more():
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
        return True

    continued = False


def form(parts, boundary=b"b0undary"):
    """(body, content type) of a multipart form: (name, file name or None, bytes) each."""
    body = b""
    for name, file, data in parts:
        body += b"--" + boundary + b'\r\nContent-Disposition: form-data; name="' + name.encode() + b'"'
        if file is not None:
            body += b'; filename="' + file.encode() + b'"'
        body += b"\r\n\r\n" + data + b"\r\n"
    return body + b"--" + boundary + b"--\r\n", b"multipart/form-data; boundary=" + boundary


def post(path, body, kind=b"application/octet-stream", extra=b""):
    return (b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Type: " + kind +
            b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n" + extra + b"\r\n" + body)
