"""A page in headless Chromium, spoken to over its debugging pipe: what it says, draws and asks of the network."""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

FLAGS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--remote-debugging-pipe"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    *("--disable-dev-shm-usage",),
)
PATIENCE: Final = 120
_PAINTED: Final = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def found() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page:
    """One page, its console and its requests.

    Attributes
    ----------
    said : list of str
        Everything on the console, every exception, everything that the browser itself complains of.
    requested : list of str
        Every address that the page asked for; ``data:`` and ``blob:`` need no network.
    """

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write, self._rest, self._last = read, write, b"", 0
        self._session: dict[str, str] = {}
        self.said: list[str] = []
        self.requested: list[str] = []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = {"sessionId": session}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command, take the events that come before its answer, and give the answer."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params} | self._session
        _send(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._last:
            self._note(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, path: Path, width: int, height: int = 900) -> None:
        """Open a file in a window of this size and wait until it is loaded and painted."""
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self("Page.navigate", url=path.resolve().as_uri())
        while (event := self._receive()).get("method") != "Page.loadEventFired":
            self._note(event)
        self.painted()

    def painted(self) -> None:
        self.run(_PAINTED)

    def run(self, script: str) -> Any:
        """Give the value of an expression in the page, a promise's once it is kept."""
        answer = self("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, selector: str) -> bytes:
        where = self.run(
            f"(() => {{ const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            "return {x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height, scale: 1}; })()"
        )
        return base64.b64decode(self("Page.captureScreenshot", clip=where, captureBeyondViewport=True)["data"])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], PATIENCE)
            assert ready, f"Chromium has said nothing for {PATIENCE} s"
            more = os.read(self._read, 1 << 20)
            assert more, "Chromium has closed its pipe"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        parsed: dict[str, Any] = json.loads(message)
        return parsed

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Runtime.consoleAPICalled":
                self.said.append(f"{params['type']}: {[one.get('value') for one in params['args']]}")
            case "Runtime.exceptionThrown":
                self.said.append(json.dumps(params["exceptionDetails"]))
            case "Log.entryAdded":
                self.said.append(f"{params['entry']['level']}: {params['entry']['text']}")
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Page]:
    """Start a browser of one's own, whose profile lies in an empty folder, and end it afterwards."""
    binary = found()
    assert binary, "no Chromium"
    ours, theirs = _pipe(), _pipe()

    def plug_in() -> None:
        os.dup2(ours[0], 3)
        os.dup2(theirs[1], 4)

    command = [binary, *FLAGS, f"--user-data-dir={folder / 'profile'}"]
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, preexec_fn=plug_in, pass_fds=(3, 4))
    os.close(ours[0])
    os.close(theirs[1])
    try:
        page = Page(theirs[0], ours[1])
        yield page
        page("Page.close")
    finally:
        os.close(ours[1])
        os.close(theirs[0])
        process.terminate()
        process.wait(timeout=30)


def _pipe() -> tuple[int, int]:
    """Open a pipe whose ends are not 3 or 4, which Chromium reads and writes."""
    ends = os.pipe()
    moved = (fcntl.fcntl(ends[0], fcntl.F_DUPFD_CLOEXEC, 10), fcntl.fcntl(ends[1], fcntl.F_DUPFD_CLOEXEC, 10))
    for end in ends:
        os.close(end)
    return moved


def _send(write: int, message: bytes) -> None:
    while message:
        message = message[os.write(write, message) :]
