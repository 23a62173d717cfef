"""Headless Chromium with the page in it, by what a user does and sees."""
import base64
import io
import json
import pathlib
import time

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

CHROMIUM = pathlib.Path("/usr/bin/chromium")
DRIVER = pathlib.Path("/usr/bin/chromedriver")
PATIENCE = 90  # seconds for what takes one or none: a loaded machine is no failure


def start():
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-quic", "no-first-run",
                 "disable-background-networking", "disable-component-update", "disable-sync",
                 "disable-default-apps", "hide-scrollbars", "lang=en"):
        options.add_argument(f"--{flag}")
    # A page that gives many files asks first, and nobody is here to answer.
    options.add_experimental_option("prefs", {"profile.default_content_setting_values.automatic_downloads": 1})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.add_experimental_option("perfLoggingPrefs", {"enableNetwork": True, "enablePage": False})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    driver.set_script_timeout(PATIENCE)
    driver.set_page_load_timeout(PATIENCE)
    return driver


class Page:
    """The page as it was just opened."""

    def __init__(self, driver, url, downloads):
        self.driver, self.url, self.downloads = driver, url, downloads
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
        self.resize(1280, 800)
        self.media()
        self.logs()  # forget what was before
        driver.get(url)
        self.wait_server()

    def wait_server(self):
        self.wait("document.getElementById('engine').textContent", "what the server is")

    # How it is looked at.
    def size(self, width, height, touch=False):
        """Until the page has seen it."""
        self.resize(width, height, touch)
        self.wait(f"document.documentElement.clientWidth === {width}", "the other size")
        self.drawn()

    def resize(self, width, height, touch=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch})
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})

    def media(self, **features):
        """prefers-reduced-motion is on but for who asks: nothing is waited for that only moves."""
        features = {"prefers-reduced-motion": "reduce", "prefers-color-scheme": "light",
                    **{name.replace("_", "-"): value for name, value in features.items()}}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": name, "value": value} for name, value in features.items()]})

    # Looking.
    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def value(self, expression):
        return self.js(f"return {expression}")

    def later(self, expression):
        """What a promise gives."""
        done = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            f"(async () => {expression})().then((v) => done([v]), (e) => done(String(e)))")
        assert isinstance(done, list), done
        return done[0]

    def wait(self, expression, what):
        end = time.monotonic() + PATIENCE
        while not (value := self.value(expression)):
            assert time.monotonic() < end, f"not in time: {what}; {self.state()}"
            time.sleep(0.03)
        return value

    def state(self):
        return self.value("[document.getElementById('facts').textContent, document.getElementById('veil').textContent, "
                          "...[...document.querySelectorAll('#queue .thumb')].map((t) => t.ariaLabel)].join(' | ')")

    def drawn(self):
        """What has changed is on the screen."""
        self.later("{ await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))) }")

    def wait_compared(self):
        """Original and result lie over each other: both have been decoded."""
        self.wait("!document.getElementById('handle').hidden", "the slider")
        self.drawn()

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def logs(self):
        """What the console was told since: [(level, text)]."""
        return [(entry["level"], entry["message"]) for entry in self.driver.get_log("browser")]

    def requested(self):
        """The addresses of everything that the browser asked for since."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def watch_toasts(self):
        """They go by themselves: from now on they are kept in window.toasted."""
        self.js("""window.toasted = [];
          new MutationObserver((all) => all.forEach(({addedNodes}) =>
            addedNodes.forEach((node) => window.toasted.push(node.textContent))))
            .observe(document.getElementById('toasts'), {childList: true});""")

    def wait_toast(self, words):
        self.wait(f"window.toasted.some((text) => text.includes({json.dumps(words)}))", f"the notice {words!r}")

    def stage_pixel(self, u, v):
        """RGB of what is seen at a place of the picture's stage, 0 to 1 each."""
        self.drawn()
        box = self.value("(({x, y, width, height}) => [x, y, width, height])"
                         "(document.getElementById('stage').getBoundingClientRect())")
        shot = Image.open(io.BytesIO(base64.b64decode(self.driver.get_screenshot_as_base64()))).convert("RGB")
        return shot.getpixel((round(box[0] + u * (box[2] - 1)), round(box[1] + v * (box[3] - 1))))

    # Doing.
    def click(self, selector):
        element = self.find(selector)
        self.js("arguments[0].scrollIntoView({block: 'nearest'})", element)
        # A radio button or switch lies under its own drawing.
        if element.tag_name == "input" and element.get_attribute("type") == "radio":
            ActionChains(self.driver, duration=0).move_to_element(element).click().perform()
        else:
            element.click()

    def take_brush(self):
        self.wait("!document.getElementById('brush').disabled", "the brush, which needs original and matte")
        self.click("#brush")
        self.wait("!document.getElementById('paints').hidden", "the brush")

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def with_ctrl(self, *keys):
        chain = ActionChains(self.driver).key_down(Keys.CONTROL)
        chain.send_keys(*keys).key_up(Keys.CONTROL).perform()

    def choose(self, *files):
        self.find("#files").send_keys("\n".join(map(str, files)))

    def drop(self, *files):
        """A real drop, as the desktop gives it to the browser."""
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.driver.execute_cdp_cmd("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})

    def drag(self, start, *moves):
        """On the stage, in fractions of it, with the mouse."""
        stage = self.find("#stage")
        width, height = stage.size["width"], stage.size["height"]

        def at(u, v):
            return round((u - 0.5) * width), round((v - 0.5) * height)

        chain = ActionChains(self.driver, duration=20).move_to_element_with_offset(stage, *at(*start)).click_and_hold()
        for move in moves:
            chain.move_to_element_with_offset(stage, *at(*move))
        chain.release().perform()

    def set(self, name, value):
        """A control of the panel, by what a hand on it sends."""
        self.js("""const e = document.querySelector('#panel').elements[arguments[0]]; e.value = arguments[1];
                   e.dispatchEvent(new Event('input', {bubbles: true}));""", name, str(value))

    def states(self):
        return self.value("[...document.querySelectorAll('#queue li')].map((row) => row.dataset.state)")

    def wait_done(self, count=1):
        """All are done, and nothing is under way."""
        self.wait(f"document.querySelectorAll('#queue li').length === {count} && "
                  "[...document.querySelectorAll('#queue li')].every((row) => row.dataset.state === 'done' && "
                  "row.querySelector('progress').hidden) && !document.getElementById('download').disabled && "
                  "document.getElementById('facts').textContent.includes('×')", f"{count} cut-outs")

    def downloaded(self, act):
        """The file that appears when this is done, put away: Chromium writes over one of the same name."""
        act()
        end = time.monotonic() + PATIENCE
        while True:
            files = list(self.downloads.iterdir())
            new = [f for f in files if f.suffix != ".crdownload" and not f.name.startswith(".") and f.stat().st_size]
            if new and len(new) == len(files):
                folder = self.downloads.parent / f"taken-{time.monotonic_ns()}"
                folder.mkdir()
                return new[0].rename(folder / new[0].name)
            assert time.monotonic() < end, f"nothing was downloaded; {self.state()}"
            time.sleep(0.03)
