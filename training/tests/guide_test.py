"""Guidance compares like with like: the student's stages and the teacher's, in order."""

import onnx
from onnx import numpy_helper
import pytest
import torch

from training import export as export_lib
from training import guide as guide_lib
from training import inherit
from training import model as model_lib


@pytest.fixture
def teacher(data):
    path = data.parent / "models" / "u2netp-fp32.onnx"
    if not path.exists():
        pytest.skip(f"no teacher at {path}")
    return path


def test_an_inheriting_student_differs_only_by_its_stem(teacher):
    torch.manual_seed(1)
    net = model_lib.PeelNet()
    inherit.inherit(net, teacher)
    guide = guide_lib.Guide(teacher, 32)
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted = guide._features(image)
        # From the teacher's first features on, the inherited stages go on as the teacher does.
        net.begin = torch.nn.Identity()
        net.enc2 = torch.nn.Identity()
        got = net.enc3(model_lib.pool(wanted[0]))
        torch.testing.assert_close(got, wanted[1], rtol=1e-3, atol=1e-4)
        got = net.dec3(torch.cat([model_lib.up(wanted[6]), wanted[1]], 1))
        torch.testing.assert_close(got, wanted[7], rtol=1e-3, atol=1e-4)
        # Stage 2d has lost half of its outer channels.
        assert net.dec2(torch.cat([model_lib.up(got), wanted[0]], 1)).shape == wanted[8].shape


def test_contexts_are_the_coarser_levels_of_the_teacher(teacher):
    net = model_lib.PeelNet()
    inherit.inherit(net, teacher)
    stages, _ = inherit.read_teacher(teacher)
    for context, stage, cin, outer in ((net.stem_context, "enc1", 3, 1),
                                       (net.head_context, "dec1", 128, 2)):
        whole = model_lib.Rsu(7, cin, 16, 64)
        inherit.copy_block(whole, stages[stage])
        seen = {}
        for name, layer in (("in", whole.down[outer]), ("out", whole.rise[5 - outer])):
            layer.register_forward_hook(
                lambda _, got, out, name=name: seen.update({name: (got[0], out)}))
        with torch.no_grad():
            whole(torch.randn(1, cin, 128, 128))
            torch.testing.assert_close(context(seen["in"][0]), seen["out"][1])


def test_a_network_that_has_grown_begins_as_the_smaller_one(teacher, tmp_path):
    net = model_lib.PeelNet()
    inherit.inherit(net, teacher)
    with torch.no_grad():
        net.stem[2].weight[:, 32:] = 0  # a stem that does not ask its context
    export_lib.to_onnx(net, 64, 0.5, tmp_path / "small.onnx")
    small = onnx.load(tmp_path / "small.onnx")
    for tensor in small.graph.initializer:
        if tensor.name.startswith("net.stem.2.weight"):
            narrow = numpy_helper.to_array(tensor)[:, :32]
            tensor.CopyFrom(numpy_helper.from_array(narrow, tensor.name))
    onnx.save(small, tmp_path / "small.onnx")
    grown = model_lib.PeelNet()
    inherit.inherit(grown, teacher)
    inherit.resume_exported(grown, tmp_path / "small.onnx")
    assert not grown.stem[2].weight[:, 32:].any()
    torch.testing.assert_close(grown.stem[2].weight, net.stem[2].weight, rtol=1e-3, atol=1e-4)


def test_a_body_can_go_part_of_the_way_back(teacher):
    net, own = model_lib.PeelNet(), model_lib.PeelNet()
    inherit.inherit(own, teacher)
    wanted = net.enc3.down[0].weight.detach() * 0.75 + own.enc3.down[0].weight.detach() * 0.25
    stem = net.stem[1].weight.detach().clone()
    inherit.return_to_teacher(net, teacher, 0.25)
    torch.testing.assert_close(net.enc3.down[0].weight.detach(), wanted)
    assert torch.equal(net.stem[1].weight, stem)


def test_loss_is_relative_and_asks_only_at_plain_photographs(teacher):
    guide = guide_lib.Guide(teacher, 32)
    image = torch.randn(2, 3, 64, 64)
    wanted = guide._features(image)
    everywhere = torch.ones(2)
    assert guide(image, wanted, everywhere) == pytest.approx(0, abs=1e-6)
    nothing = [torch.zeros_like(t) for t in wanted]
    assert 0.8 < float(guide(image, nothing, everywhere)) < 1.01
    assert guide(image, nothing, torch.zeros(2)) == 0
    spoilt = [t.clone() for t in wanted]
    for t in spoilt:
        t[1] = 0
    assert guide(image, spoilt, torch.tensor([1.0, 0.0])) == pytest.approx(0, abs=1e-6)
