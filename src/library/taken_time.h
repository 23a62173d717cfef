#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace peel::library {

// metadata.taken_at ("2024-05-01T12:30:05", a fraction may follow) as milliseconds since 1970 on
// the camera's own clock. Nothing for what is no such time; a 31st of April counts as the 1st of
// May, as some cameras write it.
std::optional<int64_t> TakenMilliseconds(std::string_view taken_at);

}  // namespace peel::library
