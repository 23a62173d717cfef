#include "src/pipeline/folder/numbered_name.h"

#include <cctype>
#include <cstddef>
#include <filesystem>

namespace peel {
namespace {

std::string Padded(uint64_t number, size_t width, char fill) {
  std::string digits = std::to_string(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), fill);
  return digits;
}

}  // namespace

std::optional<std::string> NumberedName(const std::string& pattern, uint64_t number) {
  std::string name;
  bool placed = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      name += pattern[i];
      continue;
    }
    if (++i == pattern.size()) return {};
    if (pattern[i] == '%') {
      name += '%';
      continue;
    }
    const char fill = pattern[i] == '0' ? '0' : ' ';
    size_t width = 0;
    for (; i < pattern.size() && std::isdigit(static_cast<unsigned char>(pattern[i])); ++i) {
      width = 10 * width + static_cast<size_t>(pattern[i] - '0');
      if (width > 20) return {};
    }
    if (i == pattern.size() || placed) return {};
    if (pattern[i] != 'd' && pattern[i] != 'i' && pattern[i] != 'u') return {};
    name += Padded(number, width, fill);
    placed = true;
  }
  if (!placed) return {};
  return name;
}

std::string FrameName(const std::string& name, uint64_t number) {
  if (name == "-") return name;
  if (auto numbered = NumberedName(name, number)) return *std::move(numbered);
  const std::filesystem::path path(name);
  std::string stem = path.stem().string(), kind;
  for (const std::string& usual :
       {std::string(".cut"), std::string(".mask"), std::string(".rect")}) {
    if (stem.size() > usual.size() && stem.ends_with(usual)) {
      kind = usual;
      stem.resize(stem.size() - usual.size());
      break;
    }
  }
  return (path.parent_path() /
          (stem + "-" + Padded(number, 3, '0') + kind + path.extension().string()))
      .string();
}

}  // namespace peel
