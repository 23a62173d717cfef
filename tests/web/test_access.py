"""Everybody can use it: by keys, with a screen reader, on a phone; and it stays at home."""
import pathlib
import shutil
import subprocess
import tarfile
import urllib.parse

import pytest
from selenium.webdriver.common.keys import Keys

ROOT = pathlib.Path(__file__).resolve().parents[2]
AXE = "4.14.1"


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """axe-core's rules, from npm."""
    cached = ROOT / ".cache" / f"axe-core-{AXE}.js"
    if not cached.exists():
        if not shutil.which("npm"):
            pytest.skip("axe-core is not at hand: there is no npm")
        folder = tmp_path_factory.mktemp("axe")
        try:
            subprocess.run(["npm", "pack", "--silent", f"axe-core@{AXE}"], cwd=folder, check=True, timeout=90,
                           capture_output=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("axe-core is not at hand: npm could not fetch it")
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            text = archive.extractfile("package/axe.min.js").read()
        cached.parent.mkdir(exist_ok=True)
        cached.write_bytes(text)
    return cached.read_text()


def violations(page, axe):
    """In light, and in the dark what depends on it."""
    if page.value("typeof axe === 'undefined'"):
        page.js(axe)
    found = []
    for scheme, rules in ("light", ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]), \
            ("dark", ["color-contrast"]):
        page.media(**{"prefers-color-scheme": scheme})
        page.drawn()
        found += page.later(f"""{{
          const done = await axe.run(document, {{runOnly: {rules}}});
          return done.violations.map((v) => `${{v.id}}: ${{v.nodes.map((n) => n.target.join(' ')).join(', ')}}, {scheme}`);
        }}""")
    page.media()
    return found


def test_axe_finds_nothing(page, between, axe, sample):
    assert violations(page, axe) == [], "the welcome"
    page.js("document.getElementById('choose').style.color = '#0a6a4a'; document.getElementById('try').textContent = ''")
    for rule in ("color-contrast", "button-name"):
        assert any(found.startswith(rule) for found in violations(page, axe)), "it can find something"
    page.driver.refresh()
    page.wait_server()
    page.choose(sample("duck"), sample("mug"))
    page.wait_done(2)
    for name in ("colour", "blur", "picture"):
        page.click(f"[name=background][value={name}]")
    page.click("[name=crop]")
    page.wait("document.querySelector('[name=mode][value=compare]').disabled", "the crop")
    page.wait_done(2)
    assert violations(page, axe) == [], "the bench"
    page.take_brush()
    assert violations(page, axe) == [], "the brush"
    page.press("?")
    assert violations(page, axe) == [], "the shortcuts"
    page.click("#keys .act")
    page.click("#open-settings")
    assert violations(page, axe) == [], "the settings"
    page.click("#settings .act")
    between.refusals.append((422, {}, b"{}"))
    page.click("#brush-done")
    page.click("[name=shadow]")
    page.wait("!document.getElementById('veil').hidden", "a failure")
    assert violations(page, axe) == [], "a failure"


def test_all_by_keyboard(page, between, sample):
    """From the welcome to a downloaded picture without a mouse; focus is always seen and never lost."""
    seen = []
    for _ in range(40):
        page.press(Keys.TAB)
        seen.append(page.value("document.activeElement.id || document.activeElement.name || document.activeElement.className"))
        if seen[-1] == "try":
            break
    assert seen[0] == "skip" and "choose" in seen and seen[-1] == "try"
    page.press(Keys.ENTER)
    page.wait_done()
    page.wait_compared()
    for _ in range(60):
        page.press(Keys.TAB)
        if page.value("document.activeElement.id") == "handle":
            break
    assert page.value("document.activeElement.id") == "handle"
    outline = page.value("getComputedStyle(document.activeElement.querySelector('b')).outlineStyle")
    assert outline == "solid"
    page.press(Keys.ARROW_LEFT)
    assert page.find("#handle").get_attribute("aria-valuenow") == "48"
    for _ in range(60):
        page.press(Keys.TAB)
        if page.value("document.activeElement.id") == "download":
            break
    file = page.downloaded(lambda: page.press(Keys.ENTER))
    assert file.name == "cactus.cut.png"


def test_shortcuts(page, sample):
    page.press("?")
    page.wait("document.getElementById('keys').open", "the list")
    assert len(page.driver.find_elements("css selector", "#key-list dt")) > 15
    page.press(Keys.ESCAPE)
    page.wait("!document.getElementById('keys').open", "its end")
    page.choose(sample("duck"), sample("mug"))
    page.wait_done(2)
    page.press("n")
    page.wait("document.querySelector('[aria-current=true]').ariaLabel.startsWith('mug')", "the next picture")
    page.press("p")
    page.wait("document.querySelector('[aria-current=true]').ariaLabel.startsWith('duck')", "the one before")
    page.press("x")
    assert page.value("document.querySelector('[name=mode]:checked').value") == "before"
    page.click("#open-settings")
    page.click("#single-keys")
    page.click("#settings .act")
    page.press("c")
    assert page.value("document.querySelector('[name=mode]:checked').value") == "before", "single keys are off"


def test_screen_readers_are_told(page, sample):
    page.js("""window.said = [];
      new MutationObserver(() => window.said.push(document.getElementById('said').textContent))
        .observe(document.getElementById('said'), {childList: true});""")
    page.choose(sample("duck"))
    page.wait_done()
    page.wait("window.said.some((text) => text.includes('duck.jpg is done'))", "the word that it is done")
    assert page.find(".thumb").get_attribute("aria-label") == "duck.jpg, done"


def test_every_width(page, sample):
    widths = (360, 768, 1280, 2200)
    for width in widths:
        page.size(width, 780, touch=width < 500)
        assert page.value("document.documentElement.scrollWidth") <= width
    page.choose(sample("duck"))
    page.wait_done()
    page.take_brush()
    page.click("[name=background][value=picture]")
    for width in widths:
        page.size(width, 780, touch=width < 500)
        assert page.value("document.documentElement.scrollWidth") <= width
        assert page.find("#stage").size["height"] >= 220
        clipped = page.value("""[...document.querySelectorAll('#work button, #work select, #work input')]
          .filter((e) => e.checkVisibility() && !e.closest('.strip, .segments'))
          .filter((e) => { const b = e.getBoundingClientRect(); return b.left < 0 || b.right > innerWidth + 1; })
          .map((e) => e.id || e.name)""")
        assert clipped == [], width


def test_look_can_be_chosen(page):
    light = page.value("getComputedStyle(document.body).backgroundColor")
    page.click("#open-settings")
    page.click("[name=look][value=dark]")
    assert page.value("getComputedStyle(document.body).backgroundColor") != light
    page.driver.refresh()
    assert page.value("document.documentElement.dataset.look") == "dark"


def test_stays_at_home(page, between, sample):
    """Nothing is asked of anybody else, nothing inline runs, and all of it is small."""
    page.requested()  # forget what was before
    page.driver.refresh()
    page.wait_server()
    page.choose(sample("duck"))
    page.wait_done()
    origin = urllib.parse.urlsplit(page.url).netloc
    asked = page.requested()
    assert asked
    others = [url for url in asked if not url.startswith(("blob:", "data:")) and urllib.parse.urlsplit(url).netloc != origin]
    assert others == []
    files = {url.split("?")[0] for url in asked if "/v1/" not in url and url.startswith(page.url)}
    sizes = {file: page.later(f"{{ return (await (await fetch('{file}')).arrayBuffer()).byteLength }}") for file in files}
    assert len(sizes) > 15 and sum(sizes.values()) < 100_000, sizes

    policy = page.later("{ return (await fetch('/')).headers.get('Content-Security-Policy') }")
    assert "default-src 'none'" in policy and "unsafe" not in policy
    page.js("""window.broken = [];
      document.addEventListener('securitypolicyviolation', (e) => window.broken.push(e.violatedDirective));
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.head.append(script);""")
    page.wait("window.broken.length", "the policy at work")
    assert page.value("window.ran") is None
    assert all("script" in text or "Policy" in text for level, text in page.logs() if level == "SEVERE")


def test_second_visit_sends_nothing_again(page, between):
    between.asked.clear()
    page.driver.get(page.url)
    page.wait_server()
    again = [(asked.path, asked.status) for asked in between.asked if not asked.path.startswith("/v1/")]
    assert again and all(status == 304 for _, status in again), again
