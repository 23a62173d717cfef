"""The networks of src/library/labels against the code that their publishers use: YOLOX's decoding anew in NumPy on
ONNX Runtime, OpenCV's own FaceDetectorYN, MobileNet on ONNX Runtime, CLIP's tokenizers."""
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import label_reference as reference  # noqa: E402

PIL = pytest.importorskip("PIL.Image")
ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build" / "label_pictures"
MODELS = ROOT / "models" / "scan"
PHOTOS = ROOT.parent / "shared" / "data" / "train" / "images"


def run_tool(*arguments, stdin=""):
    done = subprocess.run([TOOL, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A few photographs as PNG, so that both sides see the same pixels."""
    if not TOOL.is_file():
        pytest.skip("build/label_pictures is not built (make all)")
    if not PHOTOS.is_dir():
        pytest.skip("no ../shared/data/train: the photographs are missing")
    folder = tmp_path_factory.mktemp("photos")
    names = sorted(PHOTOS.glob("coco128_*.jpg"))[::9]
    for number, name in enumerate(names):
        picture = PIL.open(name).convert("RGB")
        # Smaller, as it is, and larger than the networks' inputs, so that each way of scaling is met.
        factor = (0.8, 1, 2.7)[number % 3]
        picture.resize([round(side * factor) for side in picture.size]).save(folder / (name.stem + ".png"))
    return sorted(folder.glob("*.png"))


def pixels(path):
    return np.asarray(PIL.open(path))


def test_objects_are_the_reference_implementations(photos):
    pytest.importorskip("onnxruntime")
    network = reference.session(MODELS / "objects.onnx")
    labels = network.get_modelmeta().custom_metadata_map["labels"].splitlines()
    seen = 0
    for path, line in zip(photos, run_tool("--objects", *photos)):
        expected = reference.objects(network, pixels(path), score=0.3 + 0.02)
        found = [(labels.index(o["label"]), o["score"], reference.corners(o["box"])) for o in line["objects"]]
        # Pixels differ by a level, so two boxes of one thing that are nearly as sure may change places, and one at the
        # threshold may be on either side of it.
        for kind, score, box in expected:
            partners = [f for f in found if f[0] == kind and abs(f[1] - score) < 0.02
                        and reference.overlaps(box, f[2][None])[0] > 0.85]
            assert partners, f"{path.name}: no {labels[kind]} of {score:.3f} at {box}"
            seen += 1
        assert len([f for f in found if f[1] > 0.3 + 0.04]) <= len(expected)
    assert seen > 30


def test_the_scores_threshold_and_the_overlap_change_what_is_found(photos):
    count = {arguments: sum(len(line["objects"]) for line in run_tool("--objects", *arguments, *photos))
             for arguments in ((), ("--score", "0.6"), ("--overlap", "0.95"))}
    assert count["--score", "0.6"] < count[()] < count["--overlap", "0.95"]


def test_faces_are_opencvs(photos):
    cv2 = pytest.importorskip("cv2")
    detector = cv2.FaceDetectorYN.create(str(MODELS / "faces.onnx"), "", (416, 416), 0.8, 0.3, 5000)
    seen = 0
    for path, line in zip(photos, run_tool("--faces", "--score", "0.75", *photos)):
        picture = pixels(path)
        height, width = picture.shape[:2]
        longer = max(width, height)
        size = [416 if side == longer else max(1, round(416 * side / longer)) for side in (width, height)]
        # Peel averages areas where a picture shrinks to less than half.
        way = cv2.INTER_AREA if longer >= 832 else cv2.INTER_LINEAR
        detector.setInputSize(size)
        _, faces = detector.detect(cv2.resize(picture[:, :, ::-1], size, interpolation=way))
        for face in faces if faces is not None else []:
            x, y, w, h = face[:4]
            box = np.clip(np.array([x, y, x + w, y + h]) / [*size, *size], 0, 1)
            partners = [f for f in line["faces"] if reference.overlaps(box, reference.corners(f["box"])[None])[0] > 0.9
                        and abs(f["score"] - face[14]) < 0.03]
            assert partners, f"{path.name}: no face at {box}"
            landmarks = np.array(partners[0]["landmarks"]) * size
            assert np.abs(landmarks - face[4:14].reshape(5, 2)).max() < 0.05 * max(w, h) + 0.5
            seen += 1
    assert seen >= 2


def test_scenes_and_embeddings_are_onnx_runtimes(photos):
    pytest.importorskip("onnxruntime")
    network = reference.session(MODELS / "scenes.onnx")
    same = 0
    for path, line in zip(photos, run_tool("--scenes", "--embedding", *photos)):
        picture = PIL.open(path)
        width, height = picture.size
        middle = picture.crop((width // 16, height // 16, width - width // 16, height - height // 16))
        values = np.asarray(middle.resize((224, 224), PIL.BILINEAR)).transpose(2, 0, 1)[None]
        features, logits = network.run(["features", "logits"], {"image": np.ascontiguousarray(values)})
        names = network.get_modelmeta().custom_metadata_map["labels"].splitlines()
        same += line["scene"] in [name.strip() for name in names[logits[0, 1:].argmax() + 1].split(",")]
        odds = np.exp(logits[0].astype(float) - logits[0, 1:].max())
        assert line["scene_score"] == pytest.approx(1 / odds.sum(), abs=0.06)
        features = features.ravel() / np.linalg.norm(features)
        assert features @ np.array(line["embedding"]) > 0.999
    # A logit is a byte: two may be equal, and the rounding of half a step differs.
    assert same >= len(photos) - 1


def test_batches_say_what_pictures_say_alone(photos):
    few = photos[:5]
    assert run_tool("--batch", 3, "--embedding", *few) == run_tool("--embedding", *few)
