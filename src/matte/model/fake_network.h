#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/image/resize.h"
#include "src/image/test_pixels.h"
#include "src/matte/model/network.h"

namespace peel::testing {

// A network that always says the same, and remembers what it was last shown.
class FakeNetwork : public Network {
 public:
  FakeNetwork(std::vector<NetworkPort> inputs, std::vector<NetworkPort> outputs)
      : inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}

  // 1x3xSxS to 1x1xSxS, like U2-Net.
  static std::shared_ptr<FakeNetwork> Square(int64_t side) {
    return std::make_shared<FakeNetwork>(
        std::vector<NetworkPort>{{"input.1", {1, 3, side, side}}},
        std::vector<NetworkPort>{{"d0", {1, 1, side, side}}, {"d1", {1, 1, side, side}}});
  }

  const std::vector<NetworkPort>& inputs() const override { return inputs_; }
  const std::vector<NetworkPort>& outputs() const override { return outputs_; }
  const std::map<std::string, std::string, std::less<>>& metadata() const override {
    return metadata_;
  }
  Result<std::vector<NetworkTensor>> Run(std::span<const float> input,
                                         std::span<const int64_t> shape,
                                         std::span<const std::string> outputs) const override {
    last_input.assign(input.begin(), input.end());
    last_shape.assign(shape.begin(), shape.end());
    std::vector<NetworkTensor> tensors;
    for (const std::string& name : outputs) {
      const auto found = answers.find(name);
      if (found == answers.end()) return Internal("asked for " + name);
      tensors.push_back({name, found->second.first, found->second.second, nullptr});
    }
    return tensors;
  }

  void Answer(const std::string& name, std::vector<int64_t> shape, std::vector<float> values) {
    answers[name] = {std::move(shape), std::move(values)};
  }
  std::map<std::string, std::string, std::less<>> metadata_;
  std::map<std::string, std::pair<std::vector<int64_t>, std::vector<float>>> answers;
  mutable std::vector<float> last_input;
  mutable std::vector<int64_t> last_shape;

 private:
  std::vector<NetworkPort> inputs_, outputs_;
};

// tools/make_matte_goldens.py's blobs.
inline ImageU8 Blobs(uint32_t seed, int width, int height) {
  const ImageU8 small = Noise(seed, std::max(1, width / 9), std::max(1, height / 9), 1);
  return std::move(*Resize(small.view(), width, height, ResizeFilter::kBicubic));
}

// The table of checksums.txt, only the lines of one kind.
inline std::vector<std::vector<std::string>> Checksums(const std::string& root,
                                                       const std::string& kind) {
  std::vector<std::vector<std::string>> lines;
  for (auto& line : ReadTable(root + "/src/matte/testdata/checksums.txt")) {
    if (line.at(0) == kind) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace peel::testing
