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
        f"paths.run={tmp_path / 'run'}", f"paths.carried={tmp_path / 'carried.pt'}",
        "data.size=64", "train.workers=0", "loss.guide=0", "loss.answer=0",
        "train.save_minutes=0", "train.log_every=1", "train.bf16=false", "train.micro=1",
        "train.validate_every=0",
        "stages=[{name: whole, steps: 4, batch: 2, size: 64, rate: 1.0e-4, rate_end: 0.5}]",
    ])


@pytest.fixture
def store(config, capsys):
    folder = pathlib.Path(config.paths.store)
    folder.mkdir()
    assert prepare_lib.decode(config, folder) == 1
    assert "made_5.jpg" in capsys.readouterr().err
    passes = [{"size": 64, "mirror": False}, {"size": 64, "mirror": True}]
    assert prepare_lib.ask("bright", passes, folder, np.arange(7), FakeTeacher()) == 7
    assert prepare_lib.ask("bright", passes, folder, np.arange(7), FakeTeacher()) == 0
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

    class Stop(Exception):
        pass

    real = first.save
    def stop_after_two(name="last.pt"):
        real(name)
        if first.step == 2:
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
               "ReduceMean", "ReduceMax", "Gemm", "Sigmoid", "Slice"}
    assert {node.op_type for node in onnx.load(str(path)).graph.node} <= allowed


def test_run_goes_on_elsewhere_from_a_carried_checkpoint(config, store, no_teacher, tmp_path):
    whole = train_lib.Trainer(config)
    whole.run()
    (tmp_path / "run" / "carried.pt").rename(tmp_path / "carried.pt")
    assert (tmp_path / "carried.pt").stat().st_size < 10_000_000
    config.paths.run = str(tmp_path / "elsewhere")
    config.stages.append({**config.stages[0], "steps": 2})
    again = train_lib.Trainer(config)
    assert (again.stage, again.total) == (1, 4)
    for key, value in whole.net.state_dict().items():
        assert torch.allclose(value, again.net.state_dict()[key], rtol=1e-3, atol=1e-6), key
    again.run()
    assert again.total == 6


def test_carried_checkpoint_keeps_the_slow_moment(config, store, no_teacher, tmp_path):
    trainer = train_lib.Trainer(config)
    trainer.run()
    trainer.stage, trainer.step = 0, 2
    trainer.optimiser = trainer._new_optimiser()
    trainer._update(next(trainer._batches(config.stages[0])), None, True,
                    trainer._weights(config.stages[0]))
    trainer.save()
    config.paths.run, config.paths.carried = str(tmp_path / "new"), tmp_path / "run" / "carried.pt"
    again = train_lib.Trainer(config)
    for have, want in zip(again.optimiser.state_dict()["state"].values(),
                          trainer.optimiser.state_dict()["state"].values(), strict=True):
        assert torch.allclose(have["exp_avg_sq"], want["exp_avg_sq"], rtol=1e-2, atol=1e-12)


def test_run_killed_while_saving_has_its_last_checkpoint(config, store, no_teacher, tmp_path,
                                                         monkeypatch):
    train_lib.Trainer(config).run()
    trainer = train_lib.Trainer(config)

    def killed(state, path):
        path.write_bytes(b"half a file")
        raise KeyboardInterrupt
    monkeypatch.setattr(checkpoint_lib.torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        trainer.save()
    monkeypatch.undo()
    monkeypatch.setattr(train_lib.inherit, "inherit", lambda net, path: None)
    assert train_lib.Trainer(config).total == 4


def test_shares_of_a_batch_are_as_one(config, store, no_teacher, tmp_path):
    results = []
    for name, micro in (("a", 1), ("b", 8)):
        config.paths.run, config.train.micro = str(tmp_path / name), micro
        config.stages = [{**config.stages[0], "batch": 4, "steps": 1,
                          "loss": {"iou": 0.0, "subject": 0.0}}]
        trainer = train_lib.Trainer(config)
        batch = next(trainer._batches(config.stages[0]))
        assert len(trainer._parts(batch)) == (4 if micro == 1 else trainer.shares)
        terms = trainer._update(batch, None, True, trainer._weights(config.stages[0]))
        results.append(float(terms["total"]))
    assert results[0] == pytest.approx(results[1], rel=1e-5)


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
    assert not changed & {"enc1", "join", "look", "draw", "out", "head_entry"}


def test_passes_are_made_where_they_are_worth_it():
    small = np.zeros((64, 64), np.uint8)
    small[:8, :8] = 255
    assert prepare_lib.wanted({}, None)
    assert not prepare_lib.wanted({"area": [0.1, 1]}, None)
    assert not prepare_lib.wanted({"area": [0.1, 1]}, small)
    assert prepare_lib.wanted({"area": [0.01, 1]}, small)


def test_teachers_are_weighed_by_agreement(config, store):
    """With a drawn mask the teacher that agrees with it rules."""
    folder = pathlib.Path(config.paths.store)

    class Wrong(FakeTeacher):
        def predict(self, *args):
            return 255 - super().predict(*args)

    assert not (store.agreed(6) < 1)
    prepare_lib.ask("wrong", [{"size": 64, "mirror": False}], folder, np.arange(7), Wrong())
    both = store_lib.Store.open(folder)
    assert np.abs(both.soft(0).astype(int) - both.masks[0]).mean() < 10  # drawn
    assert both.agreed(0) == 1
    assert 120 <= both.soft(6).mean() <= 135 and both.agreed(6) < 0.05  # not drawn
    trusted = store_lib.Store.open(folder, {"wrong": 0.0})
    assert np.abs(trusted.soft(6).astype(int) - store.soft(6)).max() <= 1
    weights = [samples_lib.make_pools(one, "train", {}).weight for one in (store, both)]
    assert weights[1][6] < weights[0][6] / 5


def test_drawn_masks_are_learnt_from_before_a_teacher_was_asked(config):
    folder = pathlib.Path(config.paths.store)
    folder.mkdir()
    prepare_lib.decode(config, folder)
    store = store_lib.Store.open(folder)
    pools = samples_lib.make_pools(store, "train", {})
    assert [store.rows[i]["has_mask"] for i in pools.all] == ["1"] * 4
    made = samples_lib.Samples(store, pools, config.samples, 1, 64, 0, 1)
    assert 0.2 < float((made.planes(0)[3] > 0.5).float().mean()) < 0.3


def test_small_subjects_are_pasted_small(config, store):
    pools = samples_lib.make_pools(store, "train", {})
    areas = {}
    for share in (0.0, 1.0):
        options = config_lib.Config(**{**vars(config.samples), "composite": 1.0, "fringe": 0.0,
                                       "small": share})
        made = samples_lib.Samples(store, pools, options, 1, 64, 0, 40)
        areas[share] = np.median([float((made[i]["mask"] > 127).float().mean())
                                  for i in range(40)])
    assert areas[1.0] < areas[0.0]


def test_motion_blur_keeps_what_there_is_of_the_subject():
    alpha = torch.zeros(1, 64, 64)
    alpha[:, 20:44, 20:44] = 1
    colour, matte = augment.smear(torch.full((3, 64, 64), 0.7), alpha, np.random.default_rng(2))
    assert float(matte.sum()) == pytest.approx(float(alpha.sum()), rel=1e-3)
    assert float(((matte > 0.1) & (matte < 0.9)).float().mean()) > 0.01
    assert torch.allclose(colour[:, matte[0] > 0.05], torch.tensor(0.7), atol=1e-3)


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
    wanted = teacher_lib.Teacher(path, 1).one(image, 96, True)
    assert np.abs(one[0] / 255 - wanted).max() < 0.01


def test_resizable_teacher_gives_the_same_at_its_own_size(tmp_path):
    """A Resize that was told sizes, computed for one input, then serves another."""
    make, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    sizes = onnx.numpy_helper.from_array(np.array([1, 3, 16, 16]), "sizes")
    weight = onnx.numpy_helper.from_array(np.full((1, 3, 1, 1), 1 / 3, np.float32), "weight")
    model = onnx.helper.make_model(onnx.helper.make_graph(
        [make("MaxPool", ["x"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
         make("Resize", ["p", "", "", "sizes"], ["r"], mode="linear"),
         make("Conv", ["r", "weight"], ["y"]), make("Neg", ["p"], ["unused"])], "made",
        [value("x", 1, [1, 3, 16, 16])],
        [value("y", 1, [1, 1, 16, 16]), value("unused", 1, [1, 3, 8, 8])], [sizes, weight]),
        opset_imports=[onnx.helper.make_opsetid("", 15)], ir_version=8)
    free = teacher_lib.resizable(model)
    onnx.checker.check_model(free, full_check=True)
    x = np.random.default_rng(0).random((1, 3, 16, 16), np.float32)
    run = [onnxruntime.InferenceSession(m.SerializeToString()) for m in (model, free)]
    np.testing.assert_allclose(run[1].run(None, {"x": x})[0], run[0].run(["y"], {"x": x})[0])
    wide = run[1].run(None, {"x": np.zeros((2, 3, 32, 64), np.float32)})
    assert len(wide) == 1 and wide[0].shape == (2, 1, 32, 64)


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
    """The store, all of it in the `select` split."""
    for row in store.rows:
        row["split"] = "select"
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
