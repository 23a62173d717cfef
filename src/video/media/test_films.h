#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "src/base/os/child_process.h"
#include "src/base/os/test_folder.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/frame_reader.h"
#include "src/video/media/frame_writer.h"

namespace peel::video {

// Skips a test where ffmpeg is not there.
#define PEEL_NEEDS_FFMPEG() \
  if (!FindFfmpeg().ok()) GTEST_SKIP() << "needs ffmpeg: " << FindFfmpeg().status().message()

// Sets a variable of the environment for as long as it lives.
class TestVariable {
 public:
  TestVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~TestVariable() {
    if (old_) {
      setenv(name_, old_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  TestVariable(const TestVariable&) = delete;
  TestVariable& operator=(const TestVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

// A program of a test's own, a shell script.
inline std::string PutScript(const TestFolder& folder, const std::string& name,
                             const std::string& text) {
  const std::string path = folder.Put(name, "#!/bin/sh\n" + text + "\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

// A soft disc that wanders over a gradient; opaque inside it. `number` is the frame's.
inline Frame DiscFrame(const FrameFormat& format, int number) {
  auto made = Frame::Allocate(format.layout, format.width, format.height);
  Frame frame = std::move(made).value();
  const int most = (1 << format.layout.depth) - 1;
  const double centre_x = format.width * (0.3 + 0.05 * number), centre_y = format.height * 0.5;
  const double radius = format.height * 0.3;
  for (int plane = 0; plane < format.layout.planes(); ++plane) {
    const int width = frame.plane_width(plane), height = frame.plane_height(plane);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        double value = 0;
        if (plane == 0) value = 0.2 + 0.5 * x / width;
        if (plane == 1) value = 0.4 + 0.2 * y / height;
        if (plane == 2) value = 0.6;
        if (plane == 3) {
          const double distance = std::hypot(x - centre_x, y - centre_y);
          value = std::min(1.0, std::max(0.0, radius + 0.5 - distance));
        }
        const auto sample = static_cast<int>(std::lround(value * most));
        const size_t at =
            static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
        if (format.layout.depth > 8) {
          reinterpret_cast<uint16_t*>(frame.plane(plane))[at] = static_cast<uint16_t>(sample);
        } else {
          frame.plane(plane)[at] = static_cast<uint8_t>(sample);
        }
      }
    }
  }
  return frame;
}

// All frames of a film. The status says why it ended, which is none for a whole one.
struct AllFrames {
  std::vector<Frame> frames;
  Status status;
  FrameFormat format;
  std::string warning;
};
inline AllFrames ReadAll(const std::string& path, const ReadOptions& options = {}) {
  AllFrames all;
  auto info = Probe(path);
  if (!info.ok()) {
    all.status = info.status();
    return all;
  }
  auto reader = FrameReader::Open(*info, options);
  if (!reader.ok()) {
    all.status = reader.status();
    return all;
  }
  all.format = (*reader)->format();
  for (;;) {
    auto frame = (*reader)->Next();
    if (!frame.ok()) all.status = frame.status();
    if (!frame.ok() || !*frame) break;
    all.frames.push_back(std::move(**frame));
  }
  all.warning = (*reader)->warning();
  return all;
}

// What a program prints; fails the calling test's expectations by being empty.
inline std::string Printed(const std::string& program, const std::vector<std::string>& arguments) {
  auto run = RunTool(program, arguments, size_t{256} << 20);
  return run.ok() && run->good() ? run->output : "";
}

}  // namespace peel::video
