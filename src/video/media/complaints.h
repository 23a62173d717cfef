#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace peel::video {

// A line of ffmpeg's without what tells nothing: the addresses of its objects ("[h264 @ 0x55d…]"),
// its own name for the file.
std::string PlainWords(std::string_view line, std::string_view path);

// Gathers what ffmpeg complains about while it goes on. Any thread.
class Complaints {
 public:
  void Add(std::string_view line);
  // "3 frames could not be decoded (h264: …)". "": nothing was wrong. `path` is left out of it.
  std::string Text(std::string_view path) const;

 private:
  mutable std::mutex mutex_;
  int64_t undecoded_ = 0, others_ = 0;
  std::vector<std::string> kept_;  // the first few that differ
};

}  // namespace peel::video
