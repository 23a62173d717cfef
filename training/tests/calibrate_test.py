"""Calibration on outputs whose right answer is known."""

import torch

from training import calibrate
from training import model as model_lib


def test_mask_bias_and_scale_are_found():
    generator = torch.Generator().manual_seed(1)
    truths = [torch.zeros(40, 40) for _ in range(8)]
    for i, truth in enumerate(truths):
        truth[5:25 + i, 8:30] = 1
    # Logits of the right sign around -0.6 instead of 0, and too timid.
    logits = [(truth - 0.5) * 2 + 0.3 * torch.randn(40, 40, generator=generator) - 0.9
              for truth in truths]
    bias, scale = calibrate.fit_mask(logits, truths)
    assert 0.6 <= bias <= 1.2
    assert scale > 1.5


def test_folded_calibration_changes_the_mask_as_told():
    torch.manual_seed(2)
    net = model_lib.PeelNet().eval()
    for parameter in net.out.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        before = net(image)[0]
        calibrate.apply_mask(net, 0.4, 1.7)
        after = net(image)[0]
    assert torch.allclose(after, 1.7 * (before + 0.4), atol=1e-4)


def test_judge_learns_what_can_be_told_apart():
    torch.manual_seed(3)
    seen = 0.2 * torch.randn(1200, 512)  # drawn first: the network's layers draw as well
    seen[:, 9] = 5 + 1e-7 * torch.randn(1200)  # a feature that says nothing has no weight
    wanted = (torch.arange(1200) // 2 % 2).float()
    seen[:, 100:200] += 0.1 * wanted[:, None]
    net = model_lib.PeelNet()
    unseen = calibrate.unseen_scores(net.judge, seen, wanted)
    assert float(torch.nn.functional.binary_cross_entropy(unseen, wanted)) < 0.6
    threshold = calibrate.find_threshold(unseen[wanted > 0.5], unseen[wanted < 0.5])
    calibrate.fit_judge(net.judge, seen, wanted)
    with torch.no_grad():
        scores = torch.sigmoid(net.judge(seen)[:, 0])
    for these in (unseen, scores):
        assert float((these[wanted > 0.5] < threshold).float().mean()) <= 0.02
        assert float((these[wanted < 0.5] < threshold).float().mean()) > 0.8


def test_unseen_scores_know_nothing_of_their_own_answers():
    torch.manual_seed(5)
    net = model_lib.PeelNet()
    seen, wanted = torch.randn(400, 512), torch.randint(0, 2, (400,)).float()
    right = ((calibrate.unseen_scores(net.judge, seen, wanted) > 0.5) == (wanted > 0.5))
    assert 0.4 < float(right.float().mean()) < 0.6  # noise cannot be told apart
    calibrate.fit_judge(net.judge, seen, wanted)
    with torch.no_grad():
        fitted = (net.judge(seen)[:, 0] > 0) == (wanted > 0.5)
    assert float(fitted.float().mean()) > 0.7  # but learnt by heart


def test_features_are_what_the_judge_sees():
    torch.manual_seed(4)
    net = model_lib.PeelNet().eval()
    image = torch.randn(2, 3, 64, 64)
    masks, seen = calibrate.features(net, image)
    with torch.no_grad():
        wanted_mask, wanted_score = net(image)
        assert torch.equal(masks, wanted_mask)
        assert torch.allclose(net.judge(seen), wanted_score, atol=1e-6)
