"""`peel scan --report`: one page that shows what is there, whatever names and texts hold, in any browser."""
import html.parser
import re

import pytest
from PIL import Image

import made_library as made
from scan_support import ROOT, scene

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>\'&amp;\u202egpj.exe'


class Page(html.parser.HTMLParser):
    """The page's parts, and that every tag is closed as it was opened."""
    VOID = {"meta", "img", "link", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text, self.ids = [], [], "", []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def report(scan, database, name="report.html"):
    (scan.folder / "in").mkdir(exist_ok=True)
    scan("in", "--db", database, "--phases", "1", "--report", name)
    return (scan.folder / name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """1,200 pictures of every kind."""
    path = tmp_path_factory.mktemp("library") / "l.db"
    images = [Image.open(ROOT / f"samples/{name}.jpg").resize((300, 200)) for name in ("cactus", "chick", "duck", "mug")]
    made.many(path, 1200, images + [scene(i, 200, 300) for i in range(4)])
    return path


def test_every_section_is_there(scan, large):
    text = report(scan, large)
    page = Page(text)
    for section in ("timeline", "places", "scenes", "objects", "faces", "colours", "quality", "duplicates", "stacks",
                    "cameras"):
        assert section in page.ids and {"href": "#" + section} in page.of("a"), section
    assert len(page.ids) == len(set(page.ids))
    for told in ("1,200", "Travels", "Lisbon, Portugal", "Canon EOS R5", "NIKON D750", "tabby cat", "Look alike", "Bursts",
                 "GeoNames", "Natural Earth"):
        assert told in page.text, told
    assert "NIKON CORPORATION NIKON" not in page.text
    assert all(image.get("alt") for image in page.of("img"))
    assert 50 < len(page.of("img")) + len(page.of("image")) < 260


def test_nothing_comes_from_elsewhere_and_nothing_else_runs(scan, large):
    text = report(scan, large)
    page = Page(text)
    policy = next(meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-") and "unsafe" not in policy
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/jpeg;base64,", "../", "./", "https://www.geonames.org/")), value
    assert len(page.of("script")) == 1 and "src" not in page.of("script")[0]
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp", text)


def test_names_and_texts_are_no_markup(scan, tmp_path):
    database = made.empty(tmp_path / "l.db")
    thumbnail = made.jpeg(scene(1))
    ids = [made.add(
        database, f"/p/{EVIL}/{i}{EVIL}.jpg", error=EVIL, status="partial", content_hash=str(i),
        metadata=dict(width=320, height=240, taken_at=EVIL if i else "2024-05-01T10:00:00", make=EVIL, model=EVIL,
                      lens=EVIL, gps_lat=10.0, gps_lon=10.0, city=EVIL, country=EVIL, title=EVIL),
        measures=dict(thumbnail=thumbnail, quality=0.5, sharpness=0.1, exposure=0.0, noise=0.0, colorfulness=1.0,
                      dominant_colors=EVIL + '#12345 #"><b>'),
        scene=EVIL, objects=[EVIL], faces=[(0.1, 0.1, 0.5, 0.5)]) for i in range(3)]
    made.groups(database, "same", ids)
    database.execute("UPDATE duplicate_members SET reason = ?", [EVIL])
    made.insert(database, "runs", started_at=EVIL, version=EVIL, figures='{"%s": "%s"}' % (("<b>" * 2,) * 2))
    database.commit()
    database.close()
    text = report(scan, tmp_path / "l.db")
    page = Page(text)
    assert "alert(1)" in page.text and len(page.of("script")) == 1
    assert not [a for a in page.of("img") if a.get("onerror")]
    assert "\u202e" not in text


def test_a_name_that_is_no_text(scan, tmp_path):
    database = made.empty(tmp_path / "l.db")
    made.add(database, "/p/\\xE4.jpg", path_bytes=b"/p/\xe4.jpg", metadata=dict(width=3, height=2),
             measures=dict(thumbnail=made.jpeg(scene(1)), quality=0.9))
    database.execute("UPDATE metadata SET title = CAST(x'ff3c' AS TEXT)")
    database.commit()
    database.close()
    text = report(scan, tmp_path / "l.db")
    assert any(a.get("href", "").endswith("/p/%E4.jpg") for a in Page(text).of("a"))


def test_links_lead_to_the_pictures(scan, tmp_path):
    """From the report's own folder, so that both may move together."""
    pictures = tmp_path / "photos & more"
    pictures.mkdir()
    scene(3).save(pictures / "a #1?.jpg")
    database = made.empty(tmp_path / "l.db")
    made.add(database, str(pictures / "a #1?.jpg"), metadata=dict(width=320, height=240),
             measures=dict(thumbnail=made.jpeg(scene(3)), quality=0.9))
    database.commit()
    database.close()
    (tmp_path / "out").mkdir()
    report(scan, tmp_path / "l.db", "out/report.html")
    links = [a["href"] for a in Page((tmp_path / "out/report.html").read_text()).of("a") if "jpg" in a.get("href", "")]
    assert links and set(links) == {"../photos%20%26%20more/a%20%231%3F.jpg"}


def test_of_little_or_nothing(scan, tmp_path):
    made.empty(tmp_path / "none.db").close()
    assert "no pictures" in Page(report(scan, tmp_path / "none.db")).text
    database = made.empty(tmp_path / "l.db")
    made.add(database, "/one.jpg", phases=1, metadata=dict(width=3, height=2))
    made.add(database, "/gone.jpg", status="gone", metadata=dict(width=3, height=2, model="A camera that is gone"))
    database.commit()
    database.close()
    page = Page(report(scan, tmp_path / "l.db"))
    assert "1picture" in page.text.replace("\n", "") and "A camera" not in page.text


def test_its_size_does_not_grow_with_the_library(scan, large, tmp_path):
    small = tmp_path / "small.db"
    made.many(small, 300, [Image.open(ROOT / "samples/duck.jpg").resize((300, 200))])
    assert len(report(scan, large)) < 2.5 * len(report(scan, small, "small.html"))


@pytest.fixture(scope="session")
def driver():
    pytest.importorskip("selenium", reason="selenium is not installed: tests/requirements.txt")
    import sys
    sys.path.insert(0, str(ROOT / "tests/web"))
    import browser
    if not (browser.CHROMIUM.exists() and browser.DRIVER.exists()):
        pytest.skip("Chromium and its driver are not here: tools/install_deps.sh browser")
    running = browser.start()
    yield running
    running.quit()


@pytest.mark.parametrize("width", [375, 800, 1280])
def test_in_a_browser(driver, scan, large, width):
    """Nothing is refused by its own policy, nothing is wider than the window, the thumbnails show."""
    report(scan, large)
    driver.get_log("browser")
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
    driver.get((scan.folder / "report.html").as_uri())
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.execute_async_script("""
        const done = arguments[0], images = [...document.images];
        for (const image of images) image.loading = "eager";
        Promise.all(images.map(i => i.decode().then(() => true, () => false))).then(all => done(all.every(Boolean)));""")
    ground = "return getComputedStyle(document.body).backgroundColor"
    grounds = set()
    for scheme in ("light", "dark"):
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                               {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        grounds.add(driver.execute_script(ground))
    before = driver.execute_script(ground)
    driver.execute_script("document.getElementById('look').click()")
    assert len(grounds) == 2 and driver.execute_script(ground) in grounds - {before}
    assert [line for line in driver.get_log("browser") if line["level"] == "SEVERE"] == []
