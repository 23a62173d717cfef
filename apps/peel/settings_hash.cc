#include "apps/peel/settings_hash.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace peel {
namespace {

// -m counts by the model's content.
constexpr std::array<std::string_view, 21> kWithoutEffect = {
    "INPUT",        "-o",       "-O",      "--skip-existing", "--report",  "--threads",
    "--jobs",       "--memory", "--watch", "--shard",         "--shards",  "--recursive",
    "--max-pixels", "--strict", "-m",      "--model",         "--verbose", "--progress",
    "--quiet",      "--help",   "-h"};

}  // namespace

TypedOptions OptionsThatCount(const Command& command) {
  TypedOptions typed;
  for (auto& [name, values] : command.GivenOptions()) {
    if (std::ranges::count(kWithoutEffect, name) > 0) continue;
    typed.emplace_back(std::move(name), std::move(values));
  }
  std::ranges::sort(typed);
  return typed;
}

}  // namespace peel
