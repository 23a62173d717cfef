"""Guidance compares like with like: the student's stages and the teacher's, in order."""

import pytest
import torch

from training import guide as guide_lib
from training import inherit
from training import model as model_lib


@pytest.fixture
def teacher(data):
    path = data.parent / "models" / "u2netp-fp32.onnx"
    if not path.exists():
        pytest.skip(f"no teacher at {path}")
    return path


def _relative_error(got, wanted):
    return float((got - wanted).pow(2).mean() / wanted.pow(2).mean())


def test_an_inheriting_student_goes_on_as_the_teacher_does(teacher):
    torch.manual_seed(1)
    net = model_lib.PeelNet(last=64)
    inherit.inherit(net, teacher)
    guide = guide_lib.Guide(teacher, 64)
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted, _ = guide._ask(image)
        e2, e3, e4, e5, e6, d5, d4, d3, d2 = wanted
        for stage, before, after in ((net.enc3, e2, e3), (net.enc4, e3, e4), (net.enc6, e5, e6)):
            torch.testing.assert_close(stage(model_lib.pool(before)), after, rtol=1e-3, atol=1e-4)
        # The decoders' entries are taken apart, which is nearly the same. Stage 2d has its
        # channels in another order, and the guide asks for them in that one.
        for stage, below, beside, after in ((net.dec5, e6, e5, d5), (net.dec4, d5, e4, d4),
                                            (net.dec3, d4, e3, d3), (net.dec2, d3, e2, d2)):
            assert _relative_error(stage(below, beside), after) < 0.1
        # So is the first stage, whose U works on the pooled picture.
        stem = inherit.TeacherStem(teacher)
        assert _relative_error(net.enc2.entry(net.enc1(image)), stem(image)) < 1


def test_half_spaced_filters_give_the_same_where_the_picture_is_smooth():
    torch.manual_seed(1)
    weight = torch.randn(4, 3, 3, 3)
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    picture = torch.stack([2 * x + y, 3 - y, x * 0 + 1])[None]
    half = torch.from_numpy(inherit.half_spaced(weight.numpy()))
    after = torch.nn.functional.conv2d(model_lib.up(picture), weight)
    before = model_lib.up(torch.nn.functional.conv2d(picture, half))
    # Away from the rim, which bilinear doubling bends.
    torch.testing.assert_close(before[:, :, 1:-1, 1:-1], after[:, :, 2:-2, 2:-2])


def test_the_first_channels_of_stage_2d_matter_most(teacher):
    stages, sides = inherit.read_teacher(teacher)
    order = inherit.kept_channels(sides, stages, 64)
    assert sorted(order) == list(range(64))
    readers = abs(stages["dec1"][0][0][:, :64]).sum((0, 2, 3))
    assert readers[order[:16]].mean() > readers[order[-16:]].mean()
    assert list(inherit.kept_channels(sides, stages, 16)) == list(order[:16])


def test_the_context_is_the_coarser_levels_of_the_teacher(teacher):
    net = model_lib.PeelNet()
    inherit.inherit(net, teacher)
    stages, _ = inherit.read_teacher(teacher)
    whole = model_lib.Rsu(7, 128, 16, 64)
    inherit.copy_block(whole, stages["dec1"])
    seen = {}
    for name, layer in (("in", whole.down[2]), ("out", whole.rise[3])):
        layer.register_forward_hook(
            lambda _, got, out, name=name: seen.update({name: (got[0], out)}))
    with torch.no_grad():
        whole(torch.randn(1, 128, 128, 128))
        torch.testing.assert_close(net.head_context(seen["in"][0]), seen["out"][1])


def test_losses_ask_only_at_plain_photographs(teacher):
    guide = guide_lib.Guide(teacher, 64)
    image = torch.randn(2, 3, 64, 64)
    wanted, probability = guide._ask(image)
    mask = torch.logit(probability, 1e-6)
    everywhere = torch.ones(2)
    features, answer = guide(image, wanted, mask, everywhere, 4.0)
    assert features == pytest.approx(0, abs=1e-6)
    own = answer  # the entropy of the teacher's answer: no mask comes nearer
    nothing = [torch.zeros_like(t) for t in wanted]
    features, answer = guide(image, nothing, mask * 0, everywhere, 4.0)
    assert 0.8 < float(features) < 1.01  # relative to the features' own size
    assert answer > own + 0.01
    assert guide(image, nothing, mask, torch.zeros(2), 4.0) == (0, 0)
    spoilt = [t.clone() for t in wanted]
    for t in [*spoilt, mask]:
        t[1] = 0
    first = torch.tensor([1.0, 0.0])
    features, answer = guide(image, spoilt, mask, first, 4.0)
    assert features == pytest.approx(0, abs=1e-6)
    assert answer == guide(image, wanted, mask[:1].expand(2, -1, -1, -1), first, 4.0)[1]


def test_a_mask_without_the_head_is_compared_at_its_own_size(teacher):
    guide = guide_lib.Guide(teacher, 64)
    image = torch.randn(1, 3, 64, 64)
    wanted, _ = guide._ask(image)
    answer = guide(image, wanted, torch.zeros(1, 1, 32, 32), torch.ones(1), 0.0)[1]
    assert float(answer) == pytest.approx(0.6931, abs=1e-3)  # log 2
