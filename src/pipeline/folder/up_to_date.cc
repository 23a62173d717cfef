#include "src/pipeline/folder/up_to_date.h"

#include <filesystem>
#include <system_error>

namespace peel {

namespace fs = std::filesystem;

bool IsUpToDate(const std::string& input, const std::string& output, Manifest* manifest,
                uint64_t content, uint64_t settings) {
  if (manifest != nullptr) {
    switch (manifest->Compare(manifest->NameOf(output), content, settings)) {
      case Manifest::Match::kSame:
        return true;
      case Manifest::Match::kDifferent:
        return false;
      case Manifest::Match::kUnknown:
        break;
    }
  }
  if (input == "-") return true;
  std::error_code error;
  const auto made = fs::last_write_time(output, error);
  return !error && made >= fs::last_write_time(input, error) && !error;
}

}  // namespace peel
