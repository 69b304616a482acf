"""A headless Chromium, driven through pipes by its DevTools protocol.

    python tests/browser.py ADDRESS TEXT SCREENSHOT

writes a screenshot, as JPEG, of a page that shows a text.

https://chromedevtools.github.io/devtools-protocol
"""

import itertools
import json
import os
import select
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path
from tempfile import TemporaryDirectory

COMMANDS, ANSWERS = 3, 4  # file descriptors that Chromium reads from and writes to
SECONDS = 60  # for an answer, or for a condition to become true


class Browser:
    """A browser with one page; a context manager.

    Args:
        flags: More options of the command line.

    Attributes:
        events: All events of the page, as the protocol has them.
    """

    def __init__(self, *flags: str):
        self._folder = TemporaryDirectory(ignore_cleanup_errors=True)
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        options = ["--headless", "--no-sandbox", "--remote-debugging-pipe", *flags]
        self._process = subprocess.Popen(
            ["chromium", *options, f"--user-data-dir={self._folder.name}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=lambda: _place_pipes(commands, answers),
        )
        os.close(commands)
        os.close(answers)
        self._ids, self._session, self.events = itertools.count(1), {}, []
        self._received = bytearray()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": session["sessionId"]}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.terminate()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def call(self, method: str, **parameters) -> dict:
        """Calls a method of the protocol."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        os.write(self._to, json.dumps(message | self._session).encode() + b"\0")
        while (answer := self._read()).get("id") != number:
            self.events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _read(self):
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._from], [], [], SECONDS)
            assert ready, f"chromium has not answered for {SECONDS} seconds"
            more = os.read(self._from, 2**16)
            assert more, "chromium has ended"
            self._received += more
        message, _, self._received = self._received.partition(b"\0")
        return json.loads(message)

    def open(self, address: str):
        """Loads a page, and forgets the events before it."""
        for url in ("about:blank", address):  # else another fragment loads nothing
            self.events.clear()
            self.call("Page.navigate", url=url)
            self.wait_for_event("Page.loadEventFired")

    def evaluate(self, script: str):
        """Evaluates JavaScript; of a promise, what it becomes."""
        answer = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition: str):
        """Waits until a JavaScript expression is true; returns its value."""
        end = time.monotonic() + SECONDS
        while not (value := self.evaluate(condition)):
            shown = self.evaluate("document.body.innerText")
            assert time.monotonic() < end, f"{condition} is not true of: {shown}"
            time.sleep(0.05)
        return value

    def wait_for_event(self, method: str, **parameters):
        """Waits for an event of a method with these parameters."""
        wanted, seen = parameters.items(), 0
        while True:
            for event in self.events[seen:]:
                if event.get("method") == method and wanted <= event["params"].items():
                    return
            seen = len(self.events)
            self.events.append(self._read())

    def choose(self, selector: str, paths):
        """Chooses files in an input element."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        found = self.call("DOM.querySelector", nodeId=root, selector=selector)
        paths = [str(path) for path in paths]
        self.call("DOM.setFileInputFiles", files=paths, nodeId=found["nodeId"])

    def drop(self, path):
        """Drops a file in the middle of the page."""
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, x=200, y=200, data=data)

    def requests(self) -> list[str]:
        """Addresses that the page has asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def errors(self) -> list[str]:
        """Errors in the console: exceptions, refused loads, messages."""
        found = []
        for event in self.events:
            method, facts = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(str(facts["exceptionDetails"]))
            if method == "Runtime.consoleAPICalled" and facts["type"] == "error":
                found.append(str(facts["args"]))
            if method == "Log.entryAdded" and facts["entry"]["level"] == "error":
                found.append(facts["entry"]["text"])
        return found


def _place_pipes(commands, answers):
    """Gives the pipes the numbers that Chromium expects, in the new process."""
    spare = [os.dup(pipe) for pipe in (commands, answers)]
    while min(spare) <= ANSWERS:  # the numbers must not be taken by each other
        spare = [os.dup(pipe) for pipe in spare]
    os.dup2(spare[0], COMMANDS)
    os.dup2(spare[1], ANSWERS)


def main(address, text, path):
    """Writes a screenshot of a page, as JPEG, once it shows a text."""
    with Browser("--window-size=800,980") as browser:
        browser.open(address)
        browser.wait(f"document.body.innerText.includes({json.dumps(text)})")
        shot = browser.call("Page.captureScreenshot", format="jpeg", quality=80)
    Path(path).write_bytes(b64decode(shot["data"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
