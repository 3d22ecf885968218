"""A headless Chromium driven over the DevTools protocol through two pipes: no driver program and no open port.

Message = one JSON text and a NUL byte; Chromium reads them at descriptor 3 and writes them at 4.
Source: Chrome DevTools Protocol, domains Target, Page, Runtime, Network, Log, Input.
"""

import asyncio
import base64
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_MESSAGE_BYTES_MAX: Final = 64 * 2**20
_STEP_TIMEOUT_S: Final = 60.0


class Page:
    """One tab. `requests` and `complaints` (console errors and warnings, refusals, exceptions) grow as it lives."""

    def __init__(self, chromium: "Chromium", session_id: str) -> None:
        self._chromium = chromium
        self._session_id = session_id
        self.requests: list[dict[str, Any]] = []
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self._chromium.call(method, parameters, self._session_id)

    async def evaluate(self, expression: str) -> Any:
        """The JSON value of a JavaScript expression; a promise is awaited."""
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    async def wait_for(self, expression: str) -> Any:
        """The value of the expression once it is true."""
        try:
            async with asyncio.timeout(_STEP_TIMEOUT_S):
                while not (value := await self.evaluate(expression)):  # noqa: ASYNC110  a page doesn't tell when it's ready
                    await asyncio.sleep(0.1)
        except TimeoutError:
            text = await self.evaluate("document.body.innerText")
            raise AssertionError(f"never true: {expression}\ncomplaints: {self.complaints}\npage: {text}") from None
        return value

    async def click(self, element: str) -> None:
        """Click with the mouse in the middle of the element that the JavaScript expression names."""
        box = await self.wait_for(
            f"(() => {{ const e = {element}; if (!e) return null; e.scrollIntoView({{block: 'nearest'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        at = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, **at)

    async def type(self, text: str) -> None:
        await self.call("Input.insertText", text=text)

    async def screenshot(self, path: Path) -> None:
        answer = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))  # noqa: ASYNC240  a picture for people, seldom taken

    def take_event(self, method: str, parameters: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"])
            case "Log.entryAdded" if parameters["entry"]["level"] in ("warning", "error"):
                self.complaints.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
            case "Runtime.consoleAPICalled" if parameters["type"] in ("warning", "error"):
                self.complaints.append(str(parameters["args"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            case _:
                pass


class Chromium:
    """A running browser; `running_chromium` starts and ends it."""

    def __init__(self, commands: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        self._commands = commands
        self._answers = answers
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def call(self, method: str, parameters: dict[str, Any], session_id: str | None = None) -> dict[str, Any]:
        number = len(self._waiting) + 1
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session_id is not None:
            message["sessionId"] = session_id
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._commands.write(json.dumps(message).encode() + b"\0")
        answer = await asyncio.wait_for(self._waiting[number], _STEP_TIMEOUT_S)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    async def open(self, url: str, *, width: int = 1440, height: int = 900) -> Page:
        """A new tab that shows the url; it is watched from before its first request."""
        target = await self.call("Target.createTarget", {"url": "about:blank"})
        session = await self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        page = self._pages[session["sessionId"]] = Page(self, session["sessionId"])
        for domain in ("Page", "Runtime", "Network", "Log"):
            await page.call(f"{domain}.enable")
        await page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        await page.call("Page.navigate", url=url)
        return page

    async def read(self) -> None:
        """Hand out answers and events until the browser ends."""
        while True:
            try:
                raw = await self._answers.readuntil(b"\0")
            except asyncio.IncompleteReadError:
                return
            message = json.loads(raw[:-1])
            if "id" in message:
                self._waiting[message["id"]].set_result(message)
            elif page := self._pages.get(message.get("sessionId", "")):
                page.take_event(message["method"], message["params"])


@asynccontextmanager
async def running_chromium() -> AsyncGenerator[Chromium]:
    """A browser with a new, empty profile; it ends with the block."""
    assert CHROMIUM is not None, "the test is skipped where no Chromium is installed"
    loop = asyncio.get_running_loop()
    their_input, our_output = os.pipe()
    our_input, their_output = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # The shell moves the pipes to the descriptors 3 and 4, where Chromium looks for them.
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", f'exec "$@" 3<&{their_input} 4>&{their_output}', "bash"),
            *(CHROMIUM, *_FLAGS, f"--user-data-dir={profile}"),
            pass_fds=(their_input, their_output),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(their_input)
        os.close(their_output)
        answers = asyncio.StreamReader(limit=_MESSAGE_BYTES_MAX)
        reading, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(answers), os.fdopen(our_input, "rb")
        )
        writing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(our_output, "wb"))
        chromium = Chromium(asyncio.StreamWriter(writing, protocol, None, loop), answers)
        reader = asyncio.create_task(chromium.read())
        try:
            yield chromium
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            await reader
            reading.close()
            writing.close()
