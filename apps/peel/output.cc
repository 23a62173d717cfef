#include "apps/peel/output.h"

#include <cstdint>
#include <span>
#include <string>

#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"
#include "src/base/os/terminal.h"

namespace peel {
namespace {

constexpr size_t kMuch = 1 << 16;

std::string gathered;
int failure = 0;

}  // namespace

void WriteOutput(std::string_view text) {
  static const bool terminal = IsTerminal(kStandardOutput);
  gathered += text;
  if (gathered.size() >= kMuch || (terminal && gathered.ends_with('\n'))) FlushOutput();
}

int FlushOutput() {
  if (failure == 0 && !gathered.empty()) {
    failure =
        WriteFully(kStandardOutput,
                   std::span(reinterpret_cast<const uint8_t*>(gathered.data()), gathered.size()));
  }
  gathered.clear();
  return failure;
}

}  // namespace peel
