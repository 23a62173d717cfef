// Windows against their definition: positions counted one by one.
#include <gtest/gtest.h>

#include "src/engine/graph/spatial.h"

namespace peel::engine {
namespace {

Node WindowNode(int64_t stride, int64_t dilation, int64_t begin, int64_t end, bool ceil) {
  Node node;
  node.attributes["strides"] = std::vector<int64_t>{stride};
  node.attributes["dilations"] = std::vector<int64_t>{dilation};
  node.attributes["pads"] = std::vector<int64_t>{begin, end};
  node.attributes["ceil_mode"] = int64_t{ceil};
  return node;
}

TEST(ResolveWindow, CountsPositions) {
  int checked = 0;
  for (int64_t in = 1; in <= 9; ++in) {
    for (int64_t kernel = 1; kernel <= 4; ++kernel) {
      for (int64_t stride = 1; stride <= 3; ++stride) {
        for (int64_t dilation = 1; dilation <= 2; ++dilation) {
          for (int64_t pads = 0; pads < 9; ++pads) {
            for (const bool ceil : {false, true}) {
              const int64_t begin = pads / 3, end = pads % 3;
              const int64_t extent = (kernel - 1) * dilation + 1;
              // Windows that fit; with ceil also those that begin inside and hang over by less than
              // a stride.
              int64_t count = 0;
              for (int64_t at = 0; at <= in + begin + end; at += stride) {
                const bool fits = at + extent <= in + begin + end;
                const bool hangs =
                    ceil && at < in + begin && at + extent < in + begin + end + stride;
                count += fits || hangs;
              }
              const Node node = WindowNode(stride, dilation, begin, end, ceil);
              const Result<Window> window = ResolveWindow(node, {in}, {kernel});
              ASSERT_EQ(window.ok(), count > 0)
                  << in << " " << kernel << " " << stride << " " << dilation << " " << begin << " "
                  << end << " " << ceil;
              if (!window.ok()) continue;
              EXPECT_EQ(window->output[0], count)
                  << in << " " << kernel << " " << stride << " " << dilation << " " << begin << " "
                  << end << " " << ceil;
              ++checked;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(checked, 3000);
}

// A transposed convolution is the way back: the forward window over its result has its input.
TEST(ResolveTransposedWindow, InvertsTheForwardWindow) {
  for (int64_t in = 1; in <= 6; ++in) {
    for (int64_t kernel = 1; kernel <= 4; ++kernel) {
      for (int64_t stride = 1; stride <= 3; ++stride) {
        for (int64_t extra = 0; extra < stride; ++extra) {
          Node node = WindowNode(stride, 1, 0, 0, false);
          node.attributes["output_padding"] = std::vector<int64_t>{extra};
          const Result<Window> back = ResolveTransposedWindow(node, {in}, {kernel});
          ASSERT_TRUE(back.ok());
          const Result<Window> forth = ResolveWindow(node, back->output, {kernel});
          ASSERT_TRUE(forth.ok());
          EXPECT_EQ(forth->output[0], in);
        }
      }
    }
  }
}

TEST(ResolveWindow, SamePaddingPutsTheOddPixelWhereItBelongs) {
  for (const char* mode : {"SAME_UPPER", "SAME_LOWER"}) {
    Node node;
    node.attributes["auto_pad"] = std::string(mode);
    node.attributes["strides"] = std::vector<int64_t>{2};
    const Result<Window> window = ResolveWindow(node, {6}, {3});
    ASSERT_TRUE(window.ok());
    EXPECT_EQ(window->output[0], 3);
    const bool upper = std::string(mode) == "SAME_UPPER";
    EXPECT_EQ(window->pads_begin[0], upper ? 0 : 1);
    EXPECT_EQ(window->pads_end[0], upper ? 1 : 0);
  }
}

TEST(ResolveTransposedWindow, MeetsAnOutputShape) {
  Node node;
  node.attributes["strides"] = std::vector<int64_t>{3, 2};
  node.attributes["output_shape"] = std::vector<int64_t>{10, 8};
  const Result<Window> window = ResolveTransposedWindow(node, {3, 3}, {3, 3});
  ASSERT_TRUE(window.ok()) << window.status().message();
  EXPECT_EQ(window->output, (std::vector<int64_t>{10, 8}));
}

TEST(ResolveWindow, RefusesAbsurdNumbers) {
  const int64_t huge = int64_t{1} << 62;
  for (const char* name : {"strides", "dilations", "pads"}) {
    for (const int64_t value : {huge, -huge}) {
      Node node;
      node.attributes[name] = std::vector<int64_t>(std::string(name) == "pads" ? 2 : 1, value);
      EXPECT_FALSE(ResolveWindow(node, {5}, {3}).ok()) << name;
      EXPECT_FALSE(ResolveTransposedWindow(node, {5}, {3}).ok()) << name;
    }
  }
  EXPECT_FALSE(ResolveWindow(Node(), {huge}, {3}).ok());
  EXPECT_FALSE(ResolveWindow(Node(), {5}, {huge}).ok());
  EXPECT_FALSE(ResolveWindow(Node(), {5}, {0}).ok());
  EXPECT_FALSE(ResolveWindow(Node(), {5, 5}, {3}).ok());
  Node zero;
  zero.attributes["strides"] = std::vector<int64_t>{0};
  EXPECT_FALSE(ResolveWindow(zero, {5}, {3}).ok());
}

}  // namespace
}  // namespace peel::engine
