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
    guide = guide_lib.Guide(teacher, 32)
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted = guide._features(image)
        # From the teacher's first features on, the inherited stages go on as the teacher does.
        net.stem = torch.nn.Identity()
        net.enc2 = torch.nn.Identity()
        got = net.enc3(model_lib.pool(wanted[0]))
        torch.testing.assert_close(got, wanted[1], rtol=1e-3, atol=1e-4)
        got = net.dec3(torch.cat([model_lib.up(wanted[6]), wanted[1]], 1))
        torch.testing.assert_close(got, wanted[7], rtol=1e-3, atol=1e-4)
        # Stage 2d has lost half of its outer channels.
        assert net.dec2(torch.cat([model_lib.up(got), wanted[0]], 1)).shape == wanted[8].shape


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
