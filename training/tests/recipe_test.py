"""The recipe on a tiny made-up data set: prepare, train, resume, refuse, export."""

import csv
import pathlib

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

from training import augment
from training import checkpoint as checkpoint_lib
from training import config as config_lib
from training import export as export_lib
from training import fringe
from training import model as model_lib
from training import pack as pack_lib
from training import prepare as prepare_lib
from training import samples as samples_lib
from training import store as store_lib
from training import teacher as teacher_lib
from training import train as train_lib
from training import u2netp
from training import validate as validate_lib

_CONFIG = pathlib.Path(__file__).resolve().parents[1] / "config.yaml"


class FakeTeacher:
    """Says that bright pixels are the subject."""

    batch = 3

    def predict(self, images, size, mirror, side):
        del size, mirror
        grey = [Image.fromarray(image).convert("L").resize((side, side)) for image in images]
        return np.stack([(np.asarray(one) > 128) * np.uint8(255) for one in grey])


@pytest.fixture
def config(tmp_path):
    """A data set of eight photographs, one of them corrupt, and a tiny recipe."""
    base = tmp_path / "data" / "train"
    (base / "images").mkdir(parents=True)
    (base / "masks").mkdir()
    rng = np.random.default_rng(0)
    records = []
    for i in range(8):
        pixels = rng.integers(0, 90, (60, 80, 3), dtype=np.uint8)
        pixels[15:45, 20:60] = 220
        Image.fromarray(pixels).save(base / "images" / f"made_{i}.jpg")
        mask = np.zeros((60, 80), np.uint8)
        mask[15:45, 20:60] = 255
        Image.fromarray(mask).save(base / "masks" / f"made_{i}.png")
        records.append([f"images/made_{i}.jpg", "made", "CC0", int(i < 4), "train",
                        "thing", "open"])
    (base / "images" / "made_5.jpg").write_bytes(b"not a picture")
    with open(base / "index.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow("file source_repo licence has_mask split category-guess terms".split())
        writer.writerows(records)
    return config_lib.load(_CONFIG, [
        f"paths.data={tmp_path / 'data'}", f"paths.store={tmp_path / 'store'}",
        f"paths.run={tmp_path / 'run'}", "data.size=64", "train.workers=0",
        "samples.passes=1", "loss.guide=0", "loss.answer=0",
        "train.save_every=2", "train.log_every=1", "train.bf16=false",
        "stages=[{name: whole, steps: 4, batch: 2, size: 64, rate: 1.0e-4, rate_end: 0.5}]",
    ])


@pytest.fixture
def store(config, capsys):
    folder = pathlib.Path(config.paths.store)
    folder.mkdir()
    assert prepare_lib.decode(config, folder) == 1
    assert "made_5.jpg" in capsys.readouterr().err
    prepare_lib.cache_pass(config, folder, np.arange(7), FakeTeacher(), {"size": 64, "mirror": False})
    return store_lib.Store.open(folder)


@pytest.fixture
def no_teacher(monkeypatch):
    monkeypatch.setattr(train_lib.inherit, "inherit", lambda net, path: None)


def test_samples_depend_on_their_number_only(config, store):
    pools = samples_lib.make_pools(store, "train", {})
    make = lambda first: samples_lib.Samples(store, pools, config.samples, 1, 64, first, 40)
    a, b = make(0), make(10)
    for item in range(10, 40):
        for key, value in a[item].items():
            assert torch.equal(value, b[item - 10][key])
        assert a[item]["image"].shape == (3, 64, 64)
        assert a[item]["image"].dtype == a[item]["mask"].dtype == torch.uint8
        mask = samples_lib.to_network({k: v[None] for k, v in a[item].items()},
                                      torch.device("cpu"))["mask"]
        assert 0 <= float(mask.min()) <= float(mask.max()) <= 1


def test_resumed_run_equals_an_unbroken_one(config, store, no_teacher, tmp_path):
    train_lib.Trainer(config).run()
    whole = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    config.paths.run = str(tmp_path / "again")
    first = train_lib.Trainer(config)
    first.config.train.save_every = 2

    class Stop(Exception):
        pass

    real = first.save
    def stop_after_two(name="last.pt"):
        real(name)
        raise Stop
    first.save = stop_after_two
    with pytest.raises(Stop):
        first.run()
    train_lib.Trainer(config).run()
    again = torch.load(tmp_path / "again" / "last.pt", weights_only=True)
    for key, value in whole["net"].items():
        assert torch.allclose(value, again["net"][key], atol=1e-6), key


def test_checkpoint_of_another_configuration_is_refused(config, tmp_path):
    net = model_lib.PeelNet()
    checkpoint_lib.save(tmp_path / "a.pt", config, ema=net.state_dict())
    checkpoint_lib.load_weights(tmp_path / "a.pt", config, net)
    other = config_lib.load(_CONFIG, ["model.fine=8"])
    with pytest.raises(checkpoint_lib.CheckpointError, match="another configuration"):
        checkpoint_lib.load(tmp_path / "a.pt", other)
    (tmp_path / "b.pt").write_bytes(b"rubbish")
    with pytest.raises(checkpoint_lib.CheckpointError, match="not a readable"):
        checkpoint_lib.load(tmp_path / "b.pt", config)


def test_nan_stops_and_keeps_the_batch(config, store, no_teacher, tmp_path):
    trainer = train_lib.Trainer(config)
    with torch.no_grad():
        trainer.net.enc1.entry.bias.fill_(float("nan"))
    with pytest.raises(train_lib.NotANumber):
        trainer.run()
    batch = torch.load(tmp_path / "run" / "bad_batch.pt", weights_only=True)
    assert batch["image"].shape == (2, 3, 64, 64)


def test_configuration_is_checked(tmp_path):
    with pytest.raises(config_lib.ConfigError, match="no key"):
        config_lib.load(_CONFIG, ["train.nonsense=1"])
    text = _CONFIG.read_text(encoding="utf-8").replace("seed:", "sead:")
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(config_lib.ConfigError, match="sead"):
        config_lib.load(tmp_path / "bad.yaml")


def test_export_has_the_promised_form(tmp_path):
    path = tmp_path / "tiny.onnx"
    export_lib.to_onnx(model_lib.PeelNet(), 64, 0.25, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [(i.name, i.shape) for i in session.get_inputs()] == [("input", [1, 3, 64, 64])]
    assert [(o.name, o.shape) for o in session.get_outputs()] == [
        ("mask", [1, 1, 64, 64]), ("subject", [1, 1])]
    meta = session.get_modelmeta().custom_metadata_map
    assert meta["peel.family"] == "peel" and meta["peel.size"] == "64"
    assert float(meta["peel.subject_threshold"]) == 0.25
    assert path.stat().st_size < 5_000_000
    allowed = {"Cast", "Conv", "Relu", "Concat", "Resize", "MaxPool", "Add",
               "ReduceMean", "ReduceMax", "Gemm", "Sigmoid", "Slice", "DepthToSpace"}
    assert {node.op_type for node in onnx.load(str(path)).graph.node} <= allowed


def test_training_can_start_from_an_exported_model(config, store, no_teacher, tmp_path):
    net = model_lib.PeelNet()
    export_lib.to_onnx(net, 64, 0.5, tmp_path / "tiny.onnx")
    trainer = train_lib.Trainer(config, tmp_path / "tiny.onnx")
    for name, value in net.state_dict().items():
        if not name.startswith(("side.1", "side.2", "side.3", "side.4")):
            assert torch.allclose(trainer.ema[name], value, rtol=2e-3, atol=1e-6), name


def test_mean_of_checkpoints(config, tmp_path):
    nets = [model_lib.PeelNet() for _ in range(2)]
    paths = [tmp_path / "0.pt", tmp_path / "1.pt"]
    for net, path in zip(nets, paths):
        checkpoint_lib.save(path, config, ema=net.state_dict())
    mean = model_lib.PeelNet()
    checkpoint_lib.load_weights(paths, config, mean)
    a, b = (net.enc1.entry.weight for net in nets)
    assert torch.allclose(mean.enc1.entry.weight, (a + b) / 2)
    export_lib.to_onnx(nets[1], 64, 0.5, tmp_path / "1.onnx")
    checkpoint_lib.load_weights([paths[0], tmp_path / "1.onnx"], config, mean)
    assert torch.allclose(mean.enc1.entry.weight, (a + b) / 2, atol=1e-3)


def test_doubling_has_the_gradient_of_bilinear_enlargement():
    x = torch.randn(2, 3, 5, 7, dtype=torch.double, requires_grad=True)
    weight = torch.randn(2, 3, 10, 14, dtype=torch.double)
    got, = torch.autograd.grad((model_lib.up(x) * weight).sum(), x)
    plain = torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
    wanted, = torch.autograd.grad((plain * weight).sum(), x)
    assert torch.allclose(got, wanted)


def test_stage_without_head_leaves_the_head_and_frozen_parts_alone(config, store, no_teacher):
    config.stages = [{"name": "body", "steps": 2, "batch": 2, "size": 64, "rate": 1e-3,
                      "rate_end": 1.0, "frozen": ["enc1"]}]
    trainer = train_lib.Trainer(config)
    before = {k: v.clone() for k, v in trainer.net.state_dict().items()}
    trainer.run()
    after = trainer.net.state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert {"enc3", "dec2", "side"} <= changed
    assert not changed & {"enc1", "detail", "join", "fine", "head_entry"}


def test_passes_are_made_where_they_are_worth_it():
    small = np.zeros((64, 64), np.uint8)
    small[:8, :8] = 255
    doubtful = small.copy()
    doubtful[20:30, 20:30] = 128
    assert prepare_lib.wanted({}, None)
    assert not prepare_lib.wanted({"area": [0.1, 1]}, small)
    assert prepare_lib.wanted({"area": [0.01, 1]}, small)
    assert not prepare_lib.wanted({"unsure": 0.5}, small)
    assert prepare_lib.wanted({"unsure": 0.5}, doubtful)


def test_soft_rim_keeps_core_and_surroundings():
    alpha = torch.zeros(1, 96, 96)
    alpha[:, 30:70, 30:70] = 1
    colour, matte = fringe.grow(torch.rand(3, 96, 96), alpha, np.random.default_rng(5))
    assert colour.shape == (3, 96, 96) and matte.shape == (1, 96, 96)
    assert float(matte[:, 45:55, 45:55].min()) > 0.95
    assert float(matte[:, :8].max()) < 0.05
    assert 0.02 < float(((matte > 0.1) & (matte < 0.9)).float().mean()) < 0.4


def test_close_up_shows_the_subject():
    mask = torch.zeros(1, 96, 96)
    mask[:, 60:90, 10:30] = 1
    for number in range(20):
        window = augment.close_window(mask, np.random.default_rng(number))
        seen = augment.look(mask, 64, **window)
        assert float((seen > 0.5).float().mean()) > 0.2


def test_teacher_in_pytorch_is_the_teacher(data):
    path = data.parent / "models" / "u2netp-fp32.onnx"
    image = Image.open(next((data / "matting" / "images").glob("*.png"))).convert("RGB").resize((96, 96))
    one = u2netp.BatchTeacher(path, 1, bf16=False).predict(np.asarray(image)[None], 96, True, 96)
    wanted = teacher_lib.Teacher(path, 1).predict(image, 96, True)
    assert np.abs(one[0] / 255 - wanted).max() < 0.01


def test_embedded_model_is_whole():
    path = _CONFIG.parents[1] / "models" / "peel.onnx"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    size = int(session.get_modelmeta().custom_metadata_map["peel.size"])
    mask, subject = session.run(
        ["mask", "subject"], {"input": np.zeros((1, 3, size, size), np.float32)})
    assert mask.shape == (1, 1, size, size) and subject.shape == (1, 1)
    assert 0 <= mask.min() <= mask.max() <= 1
    assert path.stat().st_size < 5_000_000


def test_pack_carries_the_store(config, store, tmp_path):
    path, folder = tmp_path / "set.pack", tmp_path / "unpacked"
    folder.mkdir()
    pack_lib.pack(store, path, 64)
    assert pack_lib.unpack(path, folder, 64) == 7
    again = store_lib.Store.open(folder)
    assert [row["file"] for row in again.rows] == [row["file"] for row in store.rows]
    for i in range(7):
        assert np.abs(again.soft(i).astype(int) - store.soft(i).astype(int)).mean() < 12
        assert np.abs(again.masks[i].astype(int) - store.masks[i].astype(int)).mean() < 12
    path.write_bytes(b"no pack")
    with pytest.raises(pack_lib.PackError, match="not a pack"):
        pack_lib.unpack(path, folder, 64)


@pytest.fixture
def held_out(store):
    """The store, all of it in the `val` split."""
    for row in store.rows:
        row["split"] = "val"
    return store


def scores(config, store, mask):
    """What a network scores whose mask logits are `mask(x)`."""
    return validate_lib.validate(lambda x: (mask(x), None), store, config.samples,
                                 torch.device("cpu"), 8)


def test_validation_knows_a_good_mask_from_a_bad_one(config, held_out):
    # Bright pixels are the subject, as in the made-up photographs; or the others are.
    good, bad = (scores(config, held_out, lambda x: sign * x.mean(1, keepdim=True))
                 for sign in (1, -1))
    assert good["agreed"] > 0.9 and good["drawn"] > 0.9 and good["composite"] > 0.5
    assert bad["agreed"] < 0.1 and bad["drawn"] < 0.1 and bad["composite"] < good["composite"]


def test_validation_counts_mattes_where_there_is_no_subject(config, held_out):
    # Everything is the subject, or nothing is.
    shares = [scores(config, held_out, lambda x: torch.full_like(x[:, :1], logit))["empty"]
              for logit in (1.0, -1.0)]
    assert shares == [1.0, 0.0]


def test_mean_of_checkpoints_by_shares(config, tmp_path):
    net = model_lib.PeelNet()
    for name, value in (("a", 0.0), ("b", 4.0)):
        state = {key: torch.full_like(one, value) for key, one in net.state_dict().items()}
        checkpoint_lib.save(tmp_path / f"{name}.pt", config, ema=state)
    paths = [tmp_path / "a.pt", tmp_path / "b.pt"]
    checkpoint_lib.load_weights(paths, config, net)
    assert all(bool((value == 2).all()) for value in net.state_dict().values())
    checkpoint_lib.load_weights(paths, config, net, [3, 1])
    assert all(bool((value == 1).all()) for value in net.state_dict().values())
    with pytest.raises(checkpoint_lib.CheckpointError, match="3 shares for 2"):
        checkpoint_lib.load_weights(paths, config, net, [1, 1, 1])
