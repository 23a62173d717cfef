#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/map/concat.h"
#include "src/engine/kernels/map/reorder.h"
#include "src/engine/kernels/test_images.h"

namespace peel::engine {
namespace {

TEST(Reorder, ThereAndBack) {
  std::mt19937 random(1);
  ThreadPool pool(2);
  for (int channels = 1; channels <= 33; ++channels) {
    for (auto [height, width] : {std::pair{1, 1}, {3, 5}, {17, 16}, {50, 47}}) {
      const Shape4 shape{2, channels, height, width};
      Images plain(Layout::kPlain, shape, 5), blocked(Layout::kBlocked, shape, 16),
          back(Layout::kPlain, shape, 3);
      plain.Fill(random);
      ToBlocked(shape, plain.in(), blocked.out(), pool);
      const auto want = [&](int64_t n, int64_t c, int64_t y, int64_t x) {
        return plain.At(n, c, y, x);
      };
      ExpectImages(blocked, 0, want);
      ToPlain(shape, blocked.in(), back.out(), pool);
      ExpectImages(back, 0, want);
      if (HasFailure()) return;
    }
  }
}

TEST(Concat, PartsOfAnySizeInBothLayouts) {
  std::mt19937 random(2);
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    for (Layout layout : {Layout::kPlain, Layout::kBlocked}) {
      for (const std::vector<int>& channels :
           {std::vector{1, 1, 1, 1, 1, 1}, {16, 16}, {3, 16, 7}, {20, 33, 1, 10}, {5}}) {
        std::vector<Images> parts;
        int total = 0;
        for (int c : channels) {
          parts.emplace_back(layout, Shape4{2, c, 33, 40}, 16);
          parts.back().Fill(random);
          total += c;
        }
        std::vector<ConcatPart> views;
        for (size_t i = 0; i < parts.size(); ++i) views.push_back({parts[i].in(), channels[i]});
        const Shape4 shape{2, total, 33, 40};
        Images all(layout, shape, 32);
        RunConcat(layout, shape, views, all.out(), pool);
        ExpectImages(all, 0, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
          size_t part = 0;
          while (c >= channels[part]) c -= channels[part++];
          return parts[part].At(n, c, y, x);
        });
        // And apart again.
        int first = 0;
        for (int c : channels) {
          const Shape4 piece{2, c, 33, 40};
          Images slice(layout, piece, 16);
          RunSliceChannels(layout, piece, first, all.in(), slice.out(), pool);
          ExpectImages(slice, 0, [&](int64_t n, int64_t k, int64_t y, int64_t x) {
            return all.At(n, first + k, y, x);
          });
          first += c;
        }
        if (HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace peel::engine
