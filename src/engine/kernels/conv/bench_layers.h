#pragma once

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "src/engine/kernels/conv/conv.h"

namespace peel::engine {

// A convolution layer of a network, on square pictures. Channels, side of the input, side of the
// kernel; stride and dilation alike in both directions; padding that keeps the size at stride 1.
struct BenchLayer {
  int in, out, size, kernel, dilation, stride, groups;
};

// The layers that benchmarks of kernels time: those in the file that PEEL_BENCH_LAYERS names, one a
// line in the order of the struct's members, else a choice of what the networks here consist of.
inline std::vector<BenchLayer> BenchLayers() {
  if (const char* path = std::getenv("PEEL_BENCH_LAYERS")) {
    std::vector<BenchLayer> layers;
    std::ifstream file(path);
    BenchLayer l{};
    while (file >> l.in >> l.out >> l.size >> l.kernel >> l.dilation >> l.stride >> l.groups) {
      layers.push_back(l);
    }
    return layers;
  }
  return {
      // U²-Net and its small sibling
      {3, 64, 320, 3, 1, 1, 1},
      {64, 16, 320, 3, 1, 1, 1},
      {32, 64, 320, 3, 1, 1, 1},
      {128, 64, 320, 3, 1, 1, 1},
      {64, 64, 160, 3, 1, 1, 1},
      {128, 64, 160, 3, 1, 1, 1},
      {16, 16, 160, 3, 1, 1, 1},
      {32, 16, 80, 3, 1, 1, 1},
      {128, 64, 80, 3, 1, 1, 1},
      {16, 16, 40, 3, 1, 1, 1},
      {128, 64, 40, 3, 1, 1, 1},
      {512, 256, 40, 3, 1, 1, 1},
      {32, 16, 20, 3, 1, 1, 1},
      {16, 16, 20, 3, 8, 1, 1},
      {256, 256, 20, 3, 4, 1, 1},
      {1024, 512, 20, 3, 1, 1, 1},
      {16, 16, 10, 3, 1, 1, 1},
      {512, 512, 10, 3, 1, 1, 1},
      {256, 256, 10, 3, 8, 1, 1},
      {64, 1, 320, 3, 1, 1, 1},
      {512, 1, 20, 3, 1, 1, 1},
      // first layers with a stride, mobile networks, heads
      {3, 64, 1024, 3, 1, 2, 1},
      {32, 64, 160, 3, 1, 2, 1},
      {32, 96, 80, 1, 1, 1, 1},
      {128, 128, 40, 1, 1, 1, 1},
      {512, 512, 20, 1, 1, 1, 1},
      {96, 96, 80, 3, 1, 1, 96},
      {96, 96, 80, 3, 1, 2, 96},
      {96, 96, 80, 5, 1, 1, 96},
  };
}

// "64-16/320/k3/d1/s1/g1": what bench/shapes tells layers apart by.
inline std::string BenchName(const BenchLayer& l) {
  return std::to_string(l.in) + "-" + std::to_string(l.out) + "/" + std::to_string(l.size) + "/k" +
         std::to_string(l.kernel) + "/d" + std::to_string(l.dilation) + "/s" +
         std::to_string(l.stride) + "/g" + std::to_string(l.groups);
}

// The layer with padding that keeps the size but for the stride, and ReLU.
inline ConvProblem BenchProblem(const BenchLayer& l, Layout in, Layout out) {
  ConvProblem p;
  p.in_channels = l.in;
  p.out_channels = l.out;
  p.in_height = p.in_width = l.size;
  p.kernel_h = p.kernel_w = l.kernel;
  p.dilation_h = p.dilation_w = l.dilation;
  p.stride_h = p.stride_w = l.stride;
  p.groups = l.groups;
  p.pad_top = p.pad_left = l.dilation * (l.kernel - 1) / 2;
  p.out_height = p.out_width =
      (l.size + 2 * p.pad_top - l.dilation * (l.kernel - 1) - 1) / l.stride + 1;
  p.epilogue.activation = Activation::kRelu;
  p.in_layout = in;
  p.out_layout = out;
  return p;
}

}  // namespace peel::engine
