"""`peel scan find`: by words, by likeness, by SQL; a row for each of its options."""
import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest

import made_library as made
from scan_support import PEEL, pictures

OPTIONS = {"--db", "--like", "--where", "--clip", "--limit", "--json"}


def test_no_option_without_a_test_here():
    if not PEEL.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    done = subprocess.run([PEEL, "scan", "find", "--help"], capture_output=True, text=True)
    found = {line.split()[0].split(",")[-1] for line in done.stdout.splitlines() if re.match(r"  -", line)}
    assert found - {"--help"} == OPTIONS


@pytest.fixture
def library(tmp_path):
    database = made.empty(tmp_path / "l.db")

    def add(name, **of):
        of.setdefault("measures", dict(quality=0.5))
        made.add(database, name, **of)

    add("/p/tabby.jpg", scene="tabby cat", metadata=dict(city="Lisbon", country="Portugal", taken_at="2019-07-03T10:00:00"))
    add("/p/title.jpg", metadata=dict(title="Lisbon by night", keywords='["trams", "rain"]'))
    add("/p/lisbon/plain.jpg", metadata=dict(make="Canon", model="Canon EOS R5", taken_at="2021-12-24T10:00:00"))
    add("/p/dog.jpg", objects=["dog", "person"], metadata=dict(city="Québec", country="Canada"), measures=dict(quality=0.9))
    add("/p/dogs.jpg", objects=["dog"], measures=dict(quality=0.1))
    add("/p/gone-dog.jpg", objects=["dog"], status="gone")
    add("/p/\\xE4.jpg", path_bytes=b"/p/\xe4.jpg", metadata=dict(description="a name that is no text"))
    database.commit()
    database.close()
    return tmp_path / "l.db"


@pytest.fixture
def find(scan, library):
    def go(*arguments, code=0):
        done = scan("find", "--db", library, *arguments, code=code)
        return done.err if code else [os.path.basename(line) for line in done.stdout.decode(errors="surrogateescape").splitlines()]
    return go


def test_words(find):
    # The title says more than the place, the place more than a folder.
    assert find("lisbon") == ["title.jpg", "tabby.jpg", "plain.jpg"]
    assert find("Lisbon", "tabby") == ["tabby.jpg"] == find("lisbon tabby")
    assert find("lisb") == ["title.jpg", "tabby.jpg", "plain.jpg"]  # begins so
    assert find("isbon") == []
    assert find("quebec") == ["dog.jpg"] == find("QUÉBEC")
    assert find("dogs")[:2] == ["dog.jpg", "dogs.jpg"] or find("dogs")[0] == "dogs.jpg"
    assert find("dog")[:2] == ["dog.jpg", "dogs.jpg"]  # the better picture first; none that is gone
    assert find("2019") == ["tabby.jpg"] == find("july")
    assert find("eos") == ["plain.jpg"] and find("rain") == ["title.jpg"]
    assert find("unicorn") == []


def test_words_that_stand_for_labels(find):
    assert find("kitten") == ["tabby.jpg"]


def test_no_words(find):
    assert "no words" in find("--", "…", code=2)
    assert "give words" in find(code=2)
    assert "choose one" in find("dog", "--where", "1", code=2)


def test_names_are_given_as_they_are(scan, library):
    assert scan("find", "--db", library, "name").stdout == b"/p/\xe4.jpg\n"


def test_limit(find):
    assert len(find("dog")) == 2 and find("dog", "--limit", "1") == ["dog.jpg"]
    assert len(find("--where", "1", "--limit", "3")) == 3
    find("dog", "--limit", "0", code=2)


def test_json(scan, library):
    found = json.loads(scan("find", "--db", library, "--json", "lisbon", "cat").stdout)
    assert [entry["path"] for entry in found] == ["/p/tabby.jpg"]
    assert found[0]["city"] == "Lisbon" and found[0]["score"] > 0 and found[0]["objects"] == []
    assert "scene: tabby cat" in found[0]["why"] and "place: Lisbon" in found[0]["why"]
    assert json.loads(scan("find", "--db", library, "--json", "unicorn").stdout) == []


def test_db(scan, library, tmp_path):
    done = scan("find", "dog", code=3)
    assert "there is no such library" in done.err
    (tmp_path / ".peel").mkdir()
    shutil.copy(library, tmp_path / ".peel/library.db")
    assert b"dog.jpg" in scan("find", "dog").stdout  # the folder at hand is the default
    (tmp_path / "text.db").write_text("no database" * 1000)
    assert "no SQLite database" in scan("find", "dog", "--db", "text.db", code=3).err


def test_where(find):
    assert find("--where", "quality > 0.8") == ["dog.jpg"]
    assert find("--where", "city = 'Lisbon' OR title LIKE '%night'") == ["tabby.jpg", "title.jpg"]
    assert find("--where", "path IN (SELECT path FROM objects WHERE label = 'person')") == ["dog.jpg"]
    assert find("--where", "faces > 100") == []
    assert find("--where", "quality > 0.8 -- only the best") == ["dog.jpg"]


@pytest.mark.parametrize("condition,told", [
    ("quality >", "syntax error"), ("qualty > 1", "no such column: qualty"), ("1; DROP TABLE files", "syntax error"),
    ("1); DELETE FROM files; --", "syntax error"), ("1))); DELETE FROM files; --", "one condition|syntax"), ("load_extension('x')", "not"), ("randomblob(900000000) = 1", "too big"),
    ("1 UNION SELECT 1", "syntax|SELECTs"), ("x'", "unrecognized|syntax"), ("readfile('/etc/passwd') = 1", "no such function"),
    (" ", "syntax error"), ("path = fts3_tokenizer('x')", "not"), ("(PRAGMA user_version) = 1", "syntax error")])
def test_where_that_is_none(find, library, condition, told):
    before = library.read_bytes()
    assert re.search(told, find("--where", condition, code=2)), condition
    assert library.read_bytes() == before


def test_where_reads_alone(find, library, tmp_path):
    """Whatever is put between the words that Peel puts around it."""
    for condition in ("1) OR 1 IN (SELECT 1 FROM pragma_user_version", "1 IN (SELECT 1 FROM pragma_database_list)",
                      "1)); ATTACH 'other.db' AS o; SELECT ((1"):
        find("--where", condition, code=2)
    assert not (tmp_path / "other.db").exists()


def test_like(scan, tmp_path):
    """The same shot at half the size, first; a picture of the library is not like itself."""
    pictures(tmp_path / "in", 4)
    from PIL import Image
    Image.open(tmp_path / "in/002.jpg").resize((160, 120)).save(tmp_path / "small.jpg")
    scan("in", "--db", "l.db", "--phases", "1,2")
    found = json.loads(scan("find", "--db", "l.db", "--like", "small.jpg", "--json").stdout)
    assert [os.path.basename(entry["path"]) for entry in found] == ["002.jpg"] and found[0]["why"] == "the same shot"
    assert scan("find", "--db", "l.db", "--like", "in/002.jpg").stdout == b""
    assert "none.jpg" in scan("find", "--db", "l.db", "--like", "none.jpg", code=3).err
    (tmp_path / "text.jpg").write_text("no picture")
    assert "text.jpg" in scan("find", "--db", "l.db", "--like", "text.jpg", code=3).err


def test_like_by_embedding(scan, tmp_path):
    """Of a picture in the library no file is needed."""
    rng = np.random.default_rng(1)
    one = rng.normal(size=32)
    database = made.empty(tmp_path / "l.db")
    away = [one + 0.3 * i * rng.normal(size=32) for i in range(6)]
    for i, embedding in enumerate(away):
        made.add(database, f"/p/{i}.jpg", measures=dict(phash=f"{rng.integers(2**63):016x}" * 4, phash_quality=100),
                 embedding=embedding)
    cosine = {f"/p/{i}.jpg": one @ other / np.linalg.norm(one) / np.linalg.norm(other)
              for i, other in enumerate(away) if i > 0}
    nearest = sorted(cosine, key=cosine.get, reverse=True)[:3]
    made.add(database, "/p/other.jpg", embedding=rng.normal(size=8))
    database.commit()
    database.close()
    found = json.loads(scan("find", "--db", "l.db", "--like", "/p/0.jpg", "--json", "--limit", "3").stdout)
    assert [entry["path"] for entry in found] == nearest
    assert [entry["score"] for entry in found] == pytest.approx([cosine[path] for path in nearest], abs=2e-3)


def test_clip(scan, find, tmp_path):
    (tmp_path / "clip").mkdir()
    assert "clip" in find("dog", "--clip", tmp_path / "clip", code=3)  # what is missing in the folder is told
    assert "--where looks at no pictures" in find("--where", "1", "--clip", "clip", code=2)
