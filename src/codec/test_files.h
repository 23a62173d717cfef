#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace peel {

inline std::vector<uint8_t> ReadFileForTest(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Pictures that are not part of the repository; tests that need them skip where they are missing.
inline std::filesystem::path SharedImages() {
  return std::filesystem::path(PEEL_SHARED_DIR) / "images";
}
inline bool HaveSharedImages() { return std::filesystem::is_directory(SharedImages()); }

#define PEEL_SKIP_WITHOUT_SHARED_IMAGES() \
  if (!HaveSharedImages()) GTEST_SKIP() << "no test pictures in ../shared/images"

}  // namespace peel
