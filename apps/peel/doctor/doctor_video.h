#pragma once

#include <nlohmann/json.hpp>

namespace peel {

// The ffmpeg that `peel video` works with, and what it was built with, as `doctor` shows it.
nlohmann::ordered_json VideoToolsJson();
void PrintVideoTools(const nlohmann::ordered_json& video);

}  // namespace peel
