"""CLIP by files: the tokenizer against Hugging Face's and openai/CLIP's, pictures and texts against ONNX Runtime."""
import gzip
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tiny_clip  # noqa: E402

PIL = pytest.importorskip("PIL.Image")
ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build" / "label_pictures"
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)

TEXTS = [
    "a photo of a dog", "A Photo  of\ta DOG!", "", " ", "two cats, one dog; 3 birds & 42 fish",
    "it's we've they'll I'd", "don't DON'T 's ''s", "naïve café", "cafe\u0301", "Straße ÄÖÜ äöü", "ΣΊΣΥΦΟΣ",
    "İstanbul ıI", "Ж моё фото кошки", "日本の写真", "한국어 사진", "\u1112\u1161\u11ab", "मेरी तस्वीर", "صورة قطة",
    "תמונה", "ภาพถ่าย", "emoji 😀👨‍👩‍👧 ok", "№5 ½ Ⅷ ² ٣", "tabs\tand\u00a0spaces\u3000wide\u2003em",
    "a_b-c/d\\e|f", "...!!!???", "C++ C# .NET", "x" * 300, "supercalifragilisticexpialidocious", "ﬁne ligature",
    "A\u030A Å Å", "“quotes” – dash — em… ", "1234567890", "e\u0323\u0302", "\ufb01 \u1e9e", "<b>bold</b>",
    "snake_case CamelCase", "ǅ ǈ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "a\u200bb", "' s", "can't've", "٣٤", "Ⅻ",
    " ".join(["long"] * 120),
]


def run_tool(folder, texts, *files):
    done = subprocess.run([TOOL, "--clip", folder, "--texts", *files], input="".join(t + "\n" for t in texts).encode(),
                          capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def merges():
    if not TOOL.is_file():
        pytest.skip("build/label_pictures is not built (make all)")
    pytest.importorskip("tokenizers")
    pytest.importorskip("onnx")
    pages = [p.read_text(encoding="utf-8").lower() for p in sorted((ROOT / "docs").glob("*.md"))[:8]]
    return tiny_clip.merges_of([*pages, *(t.lower() for t in TEXTS)], 1500)


@pytest.fixture(scope="module", params=["open_clip", "transformers"])
def clip(request, merges, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    tiny_clip.save(folder, merges, request.param == "transformers")
    return folder


def hugging_face(folder):
    """The pipeline of transformers' CLIPTokenizerFast."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    pairs = [tuple(line.split()) for line in (folder / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]]
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, continuing_subword_prefix="", end_of_word_suffix="</w>",
                                     fuse_unk=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(words, behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def test_ids_are_hugging_faces(clip):
    expected = hugging_face(clip)
    for text, line in zip(TEXTS, run_tool(clip, TEXTS)):
        assert line["ids"] == expected(text), text


def test_ids_are_openais(tmp_path, merges):
    """With openai/CLIP's vocabulary, where the package (pip: openai-clip) is installed."""
    found = importlib.util.find_spec("clip")
    if found is None:
        pytest.skip("no openai-clip: its vocabulary is missing")
    home = pathlib.Path(found.origin).parent
    spec = importlib.util.spec_from_file_location("simple_tokenizer", home / "simple_tokenizer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tokenizer = module.SimpleTokenizer()
    tiny_clip.save_image(tmp_path / "visual.onnx", "output")
    tiny_clip.save_text(tmp_path / "textual.onnx", "output", 49408, mask=False)
    shutil.copy(home / "bpe_simple_vocab_16e6.txt.gz", tmp_path)
    # Python's lower() knows of final sigmas, and ftfy turns ligatures and quotes into plain letters: other texts.
    texts = [t for t in TEXTS if not set("Σ“ﬁǅ\u200b…") & set(t) and not t.startswith("\u1112")]
    for text, line in zip(texts, run_tool(tmp_path, texts)):
        assert line["ids"] == tokenizer.encode(text), text


def test_vectors_are_onnx_runtimes(clip, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    picture = PIL.open(ROOT / "samples" / "cactus.jpg").convert("RGB")
    files = []
    for number, size in enumerate(((300, 200), (37, 90), (20, 20))):
        files.append(tmp_path / f"{number}.png")
        picture.resize(size).save(files[-1])
    lines = run_tool(clip, TEXTS[:5], *files)
    encode = hugging_face(clip)
    text_file = next(f for f in (clip / "textual.onnx", clip / "text_model.onnx") if f.exists())
    network = onnxruntime.InferenceSession(str(text_file))
    vocabulary = json.loads((clip / "vocab.json").read_text(encoding="utf-8"))
    for text, line in zip(TEXTS[:5], lines):
        ids = [vocabulary["<|startoftext|>"], *encode(text)[:75], vocabulary["<|endoftext|>"]]
        feeds = {"input_ids": np.int64([ids + [0] * (77 - len(ids))])}
        if len(network.get_inputs()) == 2:
            feeds["attention_mask"] = np.int64([[1] * len(ids) + [0] * (77 - len(ids))])
        expected = network.run(None, feeds)[0][0]
        assert line["vector"] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-4), text
    image_file = next(f for f in (clip / "visual.onnx", clip / "vision_model.onnx") if f.exists())
    network = onnxruntime.InferenceSession(str(image_file))
    side = tiny_clip.SIZE
    for file, line in zip(files, lines[5:]):
        whole = PIL.open(file)
        width, height = whole.size
        shorter = min(width, height)
        whole = whole.resize((width * side // shorter, height * side // shorter), PIL.BICUBIC)
        left, top = round((whole.width - side) / 2), round((whole.height - side) / 2)
        values = np.asarray(whole.crop((left, top, left + side, top + side)), np.float32) / 255
        values = ((values - MEAN) / DEVIATION).astype(np.float32).transpose(2, 0, 1)[None]
        expected = network.run(None, {"pixel_values": np.ascontiguousarray(values)})[0][0]
        assert line["vector"] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-4), file.name


def test_a_labellers_embedding_is_the_clips(clip, tmp_path):
    picture = PIL.open(ROOT / "samples" / "cactus.jpg").convert("RGB").resize((120, 80))
    picture.save(tmp_path / "picture.png")
    done = subprocess.run([TOOL, "--scenes", "--embedding", "--clip", clip, tmp_path / "picture.png"],
                          capture_output=True, text=True, timeout=120, check=True)
    line = json.loads(done.stdout)
    assert line["embedding"] == run_tool(clip, [], tmp_path / "picture.png")[0]["vector"]
    assert line["scene"]


def refusal(folder):
    done = subprocess.run([TOOL, "--clip", folder, "--texts"], input=b"a\n", capture_output=True, timeout=60)
    assert done.returncode == 1
    return done.stderr.decode()


def test_a_folder_that_lacks_something_says_what(clip, tmp_path):
    assert "there is no network for pictures; a CLIP's is called one of visual.onnx" in refusal(tmp_path)
    folder = tmp_path / "copy"
    shutil.copytree(clip, folder)
    (folder / "vocab.json").unlink()
    assert "vocab.json" in refusal(folder)
    (folder / "merges.txt").unlink()
    assert "there is no vocabulary" in refusal(folder)
    (folder / "bpe_simple_vocab_16e6.txt.gz").write_bytes(gzip.compress(b"#v\na b\n")[:-9])
    assert "cut short" in refusal(folder)
    image = next(f for f in (folder / "visual.onnx", folder / "vision_model.onnx") if f.exists())
    shutil.copytree(clip, folder, dirs_exist_ok=True)
    tiny_clip.save_image(image, "output", out=5)
    assert "both files must be of one model" in refusal(folder)
    image.write_bytes(b"no model")
    assert image.name in refusal(folder)
