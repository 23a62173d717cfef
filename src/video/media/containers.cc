#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>

#include "src/base/lower.h"
#include "src/video/media/write_plan.h"

namespace peel::video {
namespace {

namespace fs = std::filesystem;

// Which codecs a container takes, and with which of them transparency; the first is its default.
struct Taken {
  Container container;
  VideoCodec codec;
  bool alpha;
};
constexpr Taken kTaken[] = {
    {Container::kWebm, VideoCodec::kVp9, true},   {Container::kWebm, VideoCodec::kAv1, false},
    {Container::kMov, VideoCodec::kProres, true}, {Container::kMov, VideoCodec::kQtrle, true},
    {Container::kMov, VideoCodec::kPng, true},    {Container::kMov, VideoCodec::kH264, false},
    {Container::kMov, VideoCodec::kHevc, false},  {Container::kMp4, VideoCodec::kH264, false},
    {Container::kMp4, VideoCodec::kHevc, false},  {Container::kMp4, VideoCodec::kAv1, false},
    {Container::kMp4, VideoCodec::kVp9, false},   {Container::kMkv, VideoCodec::kFfv1, true},
    {Container::kMkv, VideoCodec::kVp9, true},    {Container::kMkv, VideoCodec::kProres, true},
    {Container::kMkv, VideoCodec::kH264, false},  {Container::kMkv, VideoCodec::kHevc, false},
    {Container::kMkv, VideoCodec::kAv1, false},   {Container::kGif, VideoCodec::kGif, true},
    {Container::kWebp, VideoCodec::kWebp, true},  {Container::kPngFolder, VideoCodec::kPng, true},
};

constexpr struct {
  const char* ending;
  Container container;
} kEndings[] = {{"webm", Container::kWebm}, {"mov", Container::kMov},  {"qt", Container::kMov},
                {"mp4", Container::kMp4},   {"m4v", Container::kMp4},  {"mkv", Container::kMkv},
                {"gif", Container::kGif},   {"webp", Container::kWebp}};

constexpr struct {
  const char* name;
  VideoCodec codec;
} kCodecs[] = {
    {"vp9", VideoCodec::kVp9},     {"prores", VideoCodec::kProres}, {"h264", VideoCodec::kH264},
    {"hevc", VideoCodec::kHevc},   {"h265", VideoCodec::kHevc},     {"av1", VideoCodec::kAv1},
    {"gif", VideoCodec::kGif},     {"webp", VideoCodec::kWebp},     {"png", VideoCodec::kPng},
    {"qtrle", VideoCodec::kQtrle}, {"ffv1", VideoCodec::kFfv1}};

std::string CodecsOf(Container container, bool alpha) {
  std::string names;
  for (const Taken& taken : kTaken) {
    if (taken.container != container || (alpha && !taken.alpha)) continue;
    names += (names.empty() ? "" : ", ") + std::string(CodecName(taken.codec));
  }
  return names;
}

}  // namespace

const char* ContainerName(Container container) {
  switch (container) {
    case Container::kWebm:
      return "WebM";
    case Container::kMov:
      return "MOV";
    case Container::kMp4:
      return "MP4";
    case Container::kMkv:
      return "Matroska";
    case Container::kGif:
      return "GIF";
    case Container::kWebp:
      return "WebP";
    case Container::kPngFolder:
      return "a folder of PNG frames";
  }
  return "";
}

const char* CodecName(VideoCodec codec) {
  for (const auto& entry : kCodecs) {
    if (entry.codec == codec) return entry.name;
  }
  return "";
}

Result<Container> ContainerFor(const std::string& output) {
  const fs::path path(output);
  std::error_code error;
  if (output.ends_with('/') || fs::is_directory(path, error)) return Container::kPngFolder;
  const std::string extension = path.extension().string();
  if (extension.empty() && !path.filename().empty()) return Container::kPngFolder;
  const std::string ending = extension.empty() ? "" : LowerAscii(extension.substr(1));
  for (const auto& entry : kEndings) {
    if (ending == entry.ending) return entry.container;
  }
  return InvalidArgument("films are not written as '." + ending +
                         "'; name it .webm, .mov, .mp4, .mkv, .gif or .webp, or a folder for PNG "
                         "frames");
}

VideoCodec DefaultCodec(Container container) {
  return std::ranges::find(kTaken, container, &Taken::container)->codec;
}

Result<VideoCodec> ParseVideoCodec(const std::string& name) {
  const std::string lower = LowerAscii(name);
  std::string all;
  for (const auto& entry : kCodecs) {
    if (lower == entry.name) return entry.codec;
    all += (all.empty() ? "" : ", ") + std::string(entry.name);
  }
  return InvalidArgument("there is no codec '" + name + "'; it is one of " + all);
}

Status CheckWritable(Container container, VideoCodec codec, bool alpha) {
  for (const Taken& taken : kTaken) {
    if (taken.container != container || taken.codec != codec) continue;
    if (!alpha || taken.alpha) return OkStatus();
    const std::string others = CodecsOf(container, true);
    return InvalidArgument(std::string(CodecName(codec)) + " in " + ContainerName(container) +
                           " has no transparency; " +
                           (others.empty() ? "" : "take " + others + " there, ") +
                           "name the result .webm or .mov, or give a background");
  }
  return InvalidArgument(std::string(ContainerName(container)) + " does not take " +
                         CodecName(codec) + "; it takes " + CodecsOf(container, false));
}

}  // namespace peel::video
