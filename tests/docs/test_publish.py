"""bench/publish.py: figures that were measured anew replace the stored ones, the text beside them stays."""
import importlib.util
import json
import shutil

import pytest

from pages import ROOT


@pytest.fixture
def publish(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("publish", ROOT / "bench/publish.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shutil.copytree(ROOT / "docs/benchmarks", tmp_path / "docs/benchmarks")
    shutil.copy(ROOT / "README.md", tmp_path / "README.md")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PAGES", tmp_path / "docs/benchmarks")
    monkeypatch.setattr(module, "RESULTS", tmp_path / "docs/benchmarks/results")
    return module


def test_new_figures_replace_the_stored_ones(publish, tmp_path, monkeypatch):
    measured = tmp_path / "out"
    measured.mkdir()
    (measured / "cold.json").write_text(json.dumps({"machine": "another one", "date": "2030-01-02"}))
    (measured / "cold.md").write_text("| cold, one photo | wall s |\n|---|---|\n| peel | 0.042 |\n\nMachine: x.\n")
    monkeypatch.setattr("sys.argv", ["publish.py", "--take", str(measured), "cold"])
    assert publish.main() == 0
    page = (tmp_path / "docs/benchmarks/cold.md").read_text()
    assert "| peel | 0.042 |" in page and "Machine: another one, 2030-01-02" in page
    assert "0.245" not in page, "an old figure"
    assert "copied by hand" not in page
    assert publish.read("cold")["title"] in page and publish.read("cold")["about"] in page


def test_a_page_without_a_date_says_where_its_figures_come_from(publish):
    result = publish.read("cold")
    result.pop("date", None)
    assert "Not dated: copied by hand" in publish.measured(result)
    assert "copied" not in publish.measured({**result, "date": "2030-01-02"})


def test_a_changed_page_is_seen(publish, tmp_path, monkeypatch):
    page = tmp_path / "docs/benchmarks/cold.md"
    page.write_text(page.read_text().replace("0.245", "0.145"))
    monkeypatch.setattr("sys.argv", ["publish.py", "--check"])
    assert publish.main() == 1


def test_a_folder_without_a_table_is_refused(publish, tmp_path):
    (tmp_path / "cold.json").write_text("{}")
    (tmp_path / "cold.md").write_text("nothing\n")
    with pytest.raises(SystemExit, match="no table"):
        publish.take(tmp_path, "cold")
