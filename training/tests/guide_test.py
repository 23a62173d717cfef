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


def test_an_inheriting_student_differs_only_by_its_stem(teacher):
    torch.manual_seed(1)
    net = model_lib.PeelNet()
    inherit.inherit(net, teacher)
    guide = guide_lib.Guide(teacher, 64)
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted, _ = guide._ask(image)
        # From the teacher's first features on, the inherited stages go on as the teacher does.
        net.begin = torch.nn.Identity()
        net.enc2 = torch.nn.Identity()
        got = net.enc3(model_lib.pool(wanted[0]))
        torch.testing.assert_close(got, wanted[1], rtol=1e-3, atol=1e-4)
        got = net.dec3(torch.cat([model_lib.up(wanted[6]), wanted[1]], 1))
        torch.testing.assert_close(got, wanted[7], rtol=1e-3, atol=1e-4)
        # Stage 2d has its channels in another order, and the guide asks for them in that one.
        got = net.dec2(torch.cat([model_lib.up(got), wanted[0]], 1))
        torch.testing.assert_close(got, wanted[8], rtol=1e-3, atol=1e-4)


def test_the_first_channels_of_stage_2d_matter_most(teacher):
    stages, sides = inherit.read_teacher(teacher)
    order = inherit.kept_channels(sides, stages, 64)
    assert sorted(order) == list(range(64))
    readers = abs(stages["dec1"][0][0][:, :64]).sum((0, 2, 3))
    assert readers[order[:16]].mean() > readers[order[-16:]].mean()
    assert list(inherit.kept_channels(sides, stages, 16)) == list(order[:16])


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


def test_a_body_can_go_part_of_the_way_back(teacher):
    net, own = model_lib.PeelNet(), model_lib.PeelNet()
    inherit.inherit(own, teacher)
    wanted = net.enc3.down[0].weight.detach() * 0.75 + own.enc3.down[0].weight.detach() * 0.25
    stem = net.stem[1].weight.detach().clone()
    inherit.return_to_teacher(net, teacher, 0.25)
    torch.testing.assert_close(net.enc3.down[0].weight.detach(), wanted)
    assert torch.equal(net.stem[1].weight, stem)


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
