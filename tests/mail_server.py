"""A mail server that speaks SMTP on the wire, and may take its time."""

import queue
import socketserver
import threading
from email import message_from_bytes, policy


class Session(socketserver.StreamRequestHandler):
    """As much of RFC 5321 and RFC 4954 as a submission takes."""

    def handle(self):
        self.say("220 mail.test")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            self.server.heard.append(line)
            match verb.upper():
                case "EHLO":
                    self.server.patience.wait()
                    self.say("250-mail.test")
                    self.say("250 AUTH PLAIN")
                case "RCPT" if "refused" in rest:
                    self.say("550 no such mailbox")
                case "DATA":
                    self.say("354 go on")
                    self.server.messages.put(self.message())
                    self.say("250 taken")
                case "QUIT":
                    self.say("221 bye")
                    return
                case "AUTH":
                    self.say("235 welcome")
                case _:
                    self.say("250 ok")

    def message(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        return message_from_bytes(b"".join(lines), policy=policy.default)

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """Listens while entered.

    `heard` are the commands, `messages` what arrived. While `patience` is cleared, whoever connects
    waits for an answer.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.port = self.server_address[1]
        self.heard = []
        self.messages = queue.Queue()
        self.patience = threading.Event()
        self.patience.set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.patience.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
