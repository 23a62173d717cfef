#include "src/video/matte/frame_matting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/matte/model/fake_network.h"
#include "src/video/matte/test_frames.h"

namespace peel::video {
namespace {

constexpr int kNetwork = 32;

// Says of every picture what lies in the middle, more of it the brighter the picture is.
class BrightnessNetwork final : public Network {
 public:
  BrightnessNetwork() : ports_(peel::testing::FakeNetwork::Square(kNetwork)) {}
  const std::vector<NetworkPort>& inputs() const override { return ports_->inputs(); }
  const std::vector<NetworkPort>& outputs() const override { return ports_->outputs(); }
  const std::map<std::string, std::string, std::less<>>& metadata() const override {
    return metadata_;
  }
  Result<std::vector<NetworkTensor>> Run(std::span<const float> input, std::span<const int64_t>,
                                         std::span<const std::string> outputs) const override {
    double sum = 0;
    for (size_t i = 0; i < size_t{kNetwork} * kNetwork; ++i) sum += input[i];
    auto values = std::make_shared<std::vector<float>>();
    for (int y = 0; y < kNetwork; ++y) {
      for (int x = 0; x < kNetwork; ++x) {
        const double r = std::hypot(x - 15.5, y - 15.5) + sum / (kNetwork * kNetwork);
        values->push_back(empty ? 0.01f
                                : static_cast<float>(std::clamp((10 - r) / 3 + 0.5, 0.0, 1.0)));
      }
    }
    std::vector<NetworkTensor> tensors;
    tensors.push_back({outputs[0], {1, 1, kNetwork, kNetwork}, *values, values});
    return tensors;
  }
  bool empty = false;
  std::map<std::string, std::string, std::less<>> metadata_ = {{"peel.family", "peel"},
                                                               {"peel.size", "32"}};

 private:
  std::shared_ptr<peel::testing::FakeNetwork> ports_;
};

class FrameMattingTest : public ::testing::Test {
 protected:
  std::vector<MattedFrame> Run(const FrameFormat& format, const MattingChoices& choices,
                               const std::vector<double>& shifts, ThreadPool* pool = nullptr) {
    auto model = MattingModel::Create(network_);
    EXPECT_TRUE(model.ok()) << model.status().message();
    auto matting = FrameMatting::Create(**model, format, choices, pool);
    EXPECT_TRUE(matting.ok()) << matting.status().message();
    std::vector<MattedFrame> out;
    const auto take = [&](Result<std::vector<MattedFrame>> ready) {
      ASSERT_TRUE(ready.ok()) << ready.status().message();
      for (MattedFrame& frame : *ready) out.push_back(std::move(frame));
    };
    for (const double shift : shifts) {
      Frame frame = testing::Draw(
          format, [&](int p, int x, int y) { return testing::Pattern(format, p, x, y, shift, 0); });
      frame.pts = static_cast<int64_t>(out.size());
      auto predicted = (*matting)->Predict(frame);
      EXPECT_TRUE(predicted.ok()) << predicted.status().message();
      take((*matting)->Add(std::move(frame), std::move(*predicted)));
    }
    take((*matting)->Finish());
    EXPECT_EQ(out.size(), shifts.size());
    return out;
  }
  std::shared_ptr<BrightnessNetwork> network_ = std::make_shared<BrightnessNetwork>();
};

uint32_t CrcOf(const MattedFrame& frame) { return peel::testing::Crc(frame.alpha); }

TEST_F(FrameMattingTest, OffIsFrameByFrame) {
  const FrameFormat format = testing::Format(157, 91);
  const MattingChoices off{.steady = Steady::kOff};
  const auto film = Run(format, off, {0, 3, 6, 60});
  for (const auto& [at, shift] : {std::pair{size_t{1}, 3.0}, {size_t{3}, 60.0}}) {
    EXPECT_EQ(CrcOf(film[at]), CrcOf(Run(format, off, {shift})[0]));
  }
  const auto steadied = Run(format, {.steady = Steady::kAuto}, {0, 3, 6, 60});
  EXPECT_NE(CrcOf(film[1]), CrcOf(steadied[1])) << "steadying changes something";
  const auto strong = Run(format, {.steady = Steady::kStrong}, {0, 3, 6, 60});
  EXPECT_NE(CrcOf(strong[1]), CrcOf(steadied[1])) << "strong is not auto";
}

TEST_F(FrameMattingTest, AConstantFilmHasOneMatte) {
  const FrameFormat format = testing::Format(96, 96);
  const auto off = Run(format, {.steady = Steady::kOff}, {0});
  for (const Steady steady : {Steady::kAuto, Steady::kStrong}) {
    for (const MattedFrame& frame : Run(format, {.steady = steady}, std::vector<double>(10, 0))) {
      EXPECT_EQ(CrcOf(frame), CrcOf(off[0]));
    }
  }
}

TEST_F(FrameMattingTest, FramesComeFourLaterAndAllOfThem) {
  const FrameFormat format = testing::Format(64, 64, 10);
  auto model = MattingModel::Create(network_);
  auto matting = FrameMatting::Create(**model, format, {}, nullptr);
  std::vector<int64_t> order;
  const auto take = [&](Result<std::vector<MattedFrame>> ready) {
    ASSERT_TRUE(ready.ok());
    for (const MattedFrame& frame : *ready) order.push_back(frame.frame.pts);
  };
  for (int t = 0; t < 7; ++t) {
    Frame frame = testing::Draw(
        format, [&](int p, int x, int y) { return testing::Pattern(format, p, x, y, t, 0); });
    frame.pts = 10 * t;
    auto predicted = (*matting)->Predict(frame);
    take((*matting)->Add(std::move(frame), std::move(*predicted)));
    EXPECT_EQ(order.size(), static_cast<size_t>(std::max(t - 3, 0)));
  }
  take((*matting)->Finish());
  EXPECT_EQ(order, (std::vector<int64_t>{0, 10, 20, 30, 40, 50, 60}));
}

TEST_F(FrameMattingTest, EverySizeAndLayout) {
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 2}, {31, 33}, {160, 90}}) {
    for (const int depth : {8, 10}) {
      for (const bool alpha : {false, true}) {
        const FrameFormat format = testing::Format(width, height, depth, 1, 1, alpha);
        for (const Edges edges : {Edges::kAuto, Edges::kOff, Edges::kRefine}) {
          const auto out = Run(format, {.edges = edges}, {0, 1, 2});
          EXPECT_EQ(out[2].alpha.width(), width);
          EXPECT_EQ(out[2].alpha.height(), height);
        }
      }
    }
  }
}

TEST_F(FrameMattingTest, EdgesChangeTheMatte) {
  const FrameFormat format = testing::Format(160, 90);
  EXPECT_NE(CrcOf(Run(format, {.edges = Edges::kOff}, {0})[0]),
            CrcOf(Run(format, {.edges = Edges::kRefine}, {0})[0]));
  auto model = MattingModel::Create(network_);
  EXPECT_FALSE(FrameMatting::Create(**model, format, {.edges = Edges::kMatting}, nullptr).ok());
}

TEST_F(FrameMattingTest, ThePoolDoesNotMatter) {
  const FrameFormat format = testing::Format(203, 117);
  ThreadPool pool(3);
  const auto alone = Run(format, {}, {0, 2, 5}), shared = Run(format, {}, {0, 2, 5}, &pool);
  for (size_t t = 0; t < 3; ++t) EXPECT_EQ(CrcOf(alone[t]), CrcOf(shared[t]));
}

// PQ is toned for the network, which says something else of brighter pictures, and only for it.
TEST_F(FrameMattingTest, TagsDecideWhatTheNetworkSees) {
  FrameFormat format = testing::Format(64, 64, 10);
  const MattingChoices off{.steady = Steady::kOff, .edges = Edges::kOff};
  const uint32_t plain = CrcOf(Run(format, off, {0})[0]);
  format.colour.transfer = "smpte2084";
  const uint32_t pq = CrcOf(Run(format, off, {0})[0]);
  EXPECT_NE(pq, plain);
  format.colour.transfer = "arib-std-b67";
  EXPECT_NE(CrcOf(Run(format, off, {0})[0]), pq);
  format.colour = {"pc", "bt709", "bt709", "bt709"};
  EXPECT_NE(CrcOf(Run(format, off, {0})[0]), plain);
}

TEST_F(FrameMattingTest, NoSubjectIsSaid) {
  network_->empty = true;
  const auto out = Run(testing::Format(64, 64), {}, {0, 0});
  EXPECT_FALSE(out[0].has_subject);
  EXPECT_LT(out[0].coverage, 0.02f);
  network_->empty = false;
  EXPECT_TRUE(Run(testing::Format(64, 64), {}, {0, 0})[0].has_subject);
}

TEST_F(FrameMattingTest, AFrameOfAnotherFormatIsRefused) {
  auto model = MattingModel::Create(network_);
  auto matting = FrameMatting::Create(**model, testing::Format(64, 64), {}, nullptr);
  const Frame other = testing::Draw(testing::Format(66, 64), [](int, int, int) { return 0; });
  EXPECT_EQ((*matting)->Predict(other).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peel::video
