"""A real browser for tests: a tab that does what people do, and keeps what the page complained of and asked for."""

import asyncio
import base64
import shutil

from choreographer import Browser
from choreographer.browsers import Chromium

PATH = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class _Quiet(Chromium):
    """Chromium that asks nothing of the network by itself."""

    def get_cli(self):
        python, wrapper, path, *options = super().get_cli()
        options += ["--disable-background-networking", "--disable-quic"]
        # its output is the channel on which it answers: what else it prints would tear an answer apart
        return [python, wrapper, "/bin/sh", "-c", 'exec "$0" "$@" > /dev/null', path, *options]


class Tab:
    """A page opened in a browser of its own.

    Parameters
    ----------
    path : pathlib.Path
        An HTML file.
    width, height : int
        Of the window in CSS pixels.
    dark : bool
        Whether the reader prefers dark pages.
    touch : bool
        Whether there are fingers in place of a mouse.
    """

    def __init__(self, path, width=1366, height=900, dark=False, touch=False):
        self._loop = asyncio.new_event_loop()
        self.complaints, self.requests = [], []
        self._run(self._open(path.resolve().as_uri(), width, height, dark, touch))

    def _run(self, work):
        return self._loop.run_until_complete(asyncio.wait_for(work, 600))

    async def _open(self, address, width, height, dark, touch):
        self._browser = Browser(PATH, browser_cls=_Quiet, headless=True)
        await self._browser.open()
        self._tab = await self._browser.create_tab("about:blank")
        self._tab.subscribe("Runtime.exceptionThrown", self._note_exception)
        self._tab.subscribe("Runtime.consoleAPICalled", self._note_console)
        self._tab.subscribe("Log.entryAdded", self._note_log)
        self._tab.subscribe("Network.requestWillBeSent", self._note_request)
        for domain in ("Runtime", "Log", "Network", "Page"):
            await self._send(f"{domain}.enable")
        await self._look(width, height, dark)
        await self._send("Emulation.setTouchEmulationEnabled", enabled=touch)
        # keys go to the page that has the focus
        await self._send("Page.bringToFront")
        await self._send("Emulation.setFocusEmulationEnabled", enabled=True)
        await self._send("Page.navigate", url=address)
        await self._until("document.readyState === 'complete' && document.body.dataset.ready === 'yes'")

    async def _look(self, width, height, dark):
        window = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self._send("Emulation.setDeviceMetricsOverride", **window)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._send("Emulation.setEmulatedMedia", features=[scheme])

    async def _note_exception(self, event):
        self.complaints.append(event["params"]["exceptionDetails"])

    async def _note_console(self, event):
        if event["params"]["type"] in ("error", "assert"):
            self.complaints.append(event["params"]["args"])

    async def _note_log(self, event):
        if event["params"]["entry"]["level"] == "error":
            self.complaints.append(event["params"]["entry"])

    async def _note_request(self, event):
        address = event["params"]["request"]["url"]
        # what the page holds itself
        if not address.startswith(("data:", "blob:")):
            self.requests.append(address)

    async def _send(self, command, **params):
        answer = await self._tab.send_command(command, params=params)
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer["result"]

    async def _ask(self, script):
        told = await self._send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise RuntimeError(f"{script}: {told['exceptionDetails']}")
        return told["result"].get("value")

    async def _until(self, script):
        # waits for a state, not for a time: a busy machine takes longer
        while not await self._ask(script):
            await asyncio.sleep(0.1)

    def look(self, width=1366, height=900, dark=False):
        """Give the window another size, or the reader another preference."""
        self._run(self._look(width, height, dark))

    def send(self, command, **params):
        """Send a command of the DevTools protocol and return its result."""
        return self._run(self._send(command, **params))

    def ask(self, script):
        """Return what a script in the page gives."""
        return self._run(self._ask(script))

    def wait(self, script):
        """Wait until a script in the page gives something true."""
        self._run(self._until(script))

    def press(self, key, code=None, text=None):
        """Press a key."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        number = code or codes.get(key, 0)
        shared = {"key": key, "code": key, "windowsVirtualKeyCode": number, "nativeVirtualKeyCode": number}
        letters = {"Enter": "\r"}.get(key, text)
        self.send("Input.dispatchKeyEvent", type="keyDown", **shared, **({"text": letters} if letters else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **shared)

    def drag(self, start, end, touch=False):
        """Move the pressed mouse, or a finger, from one place of the window to another."""
        places = [[a + (b - a) * step / 5 for a, b in zip(start, end, strict=True)] for step in range(6)]
        if touch:
            self.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": start[0], "y": start[1]}])
            for x, y in places[1:]:
                self.send("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x, "y": y}])
            self.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
            return
        mouse = {"button": "left", "buttons": 1, "clickCount": 1}
        self.send("Input.dispatchMouseEvent", type="mousePressed", x=start[0], y=start[1], **mouse)
        for x, y in places[1:]:
            self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, **mouse)
        self.send("Input.dispatchMouseEvent", type="mouseReleased", x=end[0], y=end[1], **mouse)

    def centre(self, selector):
        """Bring an element into the window and return where its middle is."""
        box = self.ask(
            f"(() => {{ const e = document.querySelector({selector!r}); e.scrollIntoView({{block: 'center', "
            "behavior: 'instant'}); const r = e.getBoundingClientRect(); "
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        return tuple(box)

    def picture(self, selector):
        """Return an element as the window shows it, as PNG."""
        box = self.ask(
            f"(() => {{ const r = document.querySelector({selector!r}).getBoundingClientRect(); "
            "return {x: r.x + window.scrollX, y: r.y + window.scrollY, width: r.width, height: r.height, scale: 1}; "
            "})()"
        )
        return base64.b64decode(self.send("Page.captureScreenshot", clip=box)["data"])

    def print(self):
        """Return what is printed, as PDF, in the page's own sizes."""
        return base64.b64decode(self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def close(self):
        """Close the browser."""
        self._run(self._browser.close())
        self._loop.close()
