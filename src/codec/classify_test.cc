// What is told of files that are odd, broken or of kinds that nobody reads: one word for damage,
// one for a limit, one for what is not supported, in texts that a user can read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include "src/base/os/quiet_library.h"
#include "src/codec/decode.h"
#include "src/codec/frames.h"
#include "src/codec/heif/avif.h"
#include "src/codec/heif/test_heif.h"
#include "src/codec/lazy/avif_library.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"
#ifdef PEEL_HAVE_JXL
#include "src/codec/lazy/jxl_library.h"
#endif

namespace peel {
namespace {

// What is wrong with a text; empty where nothing is.
std::string FaultOf(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 32 || c == '\x7F') return "a control character";
  }
  for (const char* bad : {"()", "( ", " )", "\n)", ".)", "  ", ": :", "4294967295",
                          "18446744073709551615", "nan", "(null)", ".."}) {
    if (text.find(bad) != std::string::npos) return std::string("'") + bad + "'";
  }
  if (text.empty() || text.back() == '.' || text.back() == ' ' || text.back() == ':') {
    return "its end";
  }
  // "28 of 19 bytes", "row 7 of 5".
  static const std::regex kCount("([0-9]+) of (its )?([0-9]+)");
  for (std::sregex_iterator it(text.begin(), text.end(), kCount), end; it != end; ++it) {
    if (std::stoull((*it)[1]) > std::stoull((*it)[3])) return "more than there are: " + it->str();
  }
  return "";
}

bool Says(const std::string& text, std::initializer_list<const char*> words) {
  return std::ranges::any_of(
      words, [&](const char* word) { return text.find(word) != std::string::npos; });
}

// A refusal's code and its text agree.
void ExpectClear(const std::string& name, const Status& status) {
  const std::string& text = status.message();
  SCOPED_TRACE(name + ": " + text);
  EXPECT_EQ(FaultOf(text), "");
  const bool damaged = Says(text, {"damaged", "truncated", "no picture", "empty", "impossible"});
  const bool limit = Says(text, {"limit", "larger than", "more than"});
  const bool unsupported =
      Says(text, {"kind", "does not", "not a picture", "too old", "save it", "is a film",
                  "is no true PNG", "that Peel knows", "convert it", "develop it"});
  switch (status.code()) {
    case StatusCode::kCorrupt:
      EXPECT_TRUE(damaged);
      break;
    case StatusCode::kLimit:
      EXPECT_TRUE(limit);
      EXPECT_FALSE(damaged);
      break;
    case StatusCode::kUnsupported:
      EXPECT_TRUE(unsupported);
      EXPECT_FALSE(damaged);
      break;
    default:
      ADD_FAILURE() << "an error of no such kind: " << static_cast<int>(status.code());
  }
}

void ExpectClear(const std::string& name, const Result<Picture>& picture) {
  if (!picture.ok()) {
    ExpectClear(name, picture.status());
  } else if (!picture->warning.empty()) {
    EXPECT_EQ(FaultOf(picture->warning), "") << name << ": " << picture->warning;
  }
}

TEST(Classify, FaultsOfTextsAreFound) {
  EXPECT_EQ(FaultOf("the WebP is truncated: it has 19 of 28 bytes"), "");
  for (const char* bad : {"", "x\n)", "it has 28 of 19 bytes", "2 of its 1", "why ()",
                          "row 4294967295", "ends.", "a  b"}) {
    EXPECT_NE(FaultOf(bad), "") << bad;
  }
}

TEST(Classify, EveryOddAndBrokenFile) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  DecodeOptions options;
  options.limits.max_pixels = 20'000'000;
  testing::internal::CaptureStderr();
  int files = 0;
  for (const char* folder : {"odd", "broken", "reports"}) {
    for (const auto& entry : std::filesystem::directory_iterator(SharedImages() / folder)) {
      if (!entry.is_regular_file()) continue;
      const auto bytes = ReadFileForTest(entry.path());
      const std::string name = entry.path().filename().string();
      ++files;
      const auto frames = OpenFrames(bytes, options);
      if (!frames.ok()) {
        ExpectClear(name, frames.status());
        continue;
      }
      for (int i = 0; i < std::min((*frames)->count(), 4); ++i)
        ExpectClear(name, (*frames)->Next());
    }
  }
  const std::string printed = testing::internal::GetCapturedStderr();
  EXPECT_GT(files, 500);
#ifdef __linux__
  EXPECT_EQ(printed, "");  // no decoder speaks past Peel
#endif
}

TEST(Classify, KnownFiles) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const StatusCode ok = StatusCode::kOk, corrupt = StatusCode::kCorrupt,
                   unsupported = StatusCode::kUnsupported, limit = StatusCode::kLimit;
  const struct {
    const char* name;
    StatusCode code;
  } kFiles[] = {
      {"reports/planar-yuv422-jpeg-lzw.tif", unsupported},
      {"reports/flower-palette-08-cut98.tif", corrupt},
      {"reports/flower-palette-08.tif", ok},
      {"reports/guessPhotometric-group4.tif", ok},
      {"reports/ColorCheckerCalculator.tif", ok},
      {"reports/invalid_id.heic", ok},
      {"reports/colors-animated-8bpc-audio.avif", ok},
      {"reports/no_eoi.jpg", ok},
      {"odd/decompression_bomb.gif", limit},
      {"odd/10ct_32bit_128.tiff", unsupported},
      {"odd/hopper.Lab.tif", ok},
      {"odd/zero_width.gif", corrupt},
      {"odd/00r0_gray_l.jp2", unsupported},
      {"broken/truncated_image.png", corrupt},
      {"broken/libheif_jpeg32.heif", unsupported},
      {"broken/libheif_vvc32.heif", unsupported},
      {"broken/libheif_hevc32-mini.heif", unsupported},
      {"broken/libheif_avif32-mini.heif", unsupported},
      {"broken/libheif_github_367_2.heic", corrupt},
  };
  for (const auto& file : kFiles) {
    const auto path = SharedImages() / file.name;
    ASSERT_TRUE(std::filesystem::is_regular_file(path)) << file.name;
    const auto picture = Decode(ReadFileForTest(path));
    EXPECT_EQ(picture.status().code(), file.code)
        << file.name << ": " << picture.status().message();
  }
  // Read, or told to be too much for this version; never damaged.
  for (const char* name : {"reports/splines.jxl", "reports/color_grid_alpha_nogrid.avif",
                           "broken/libheif_unci32.heif"}) {
    const auto picture = Decode(ReadFileForTest(SharedImages() / name));
    EXPECT_TRUE(picture.ok() || picture.status().code() == unsupported)
        << name << ": " << picture.status().message();
  }
}

// Files that are changed at random, the same ones each time, give errors and no prints.
TEST(Classify, ChangedFilesAreToldClearlyAndNothingIsPrinted) {
  std::vector<std::pair<std::string, std::vector<uint8_t>>> whole;
  HeifBuilder heif;
  const int hevc = heif.Hevc(), size = heif.Size(64, 64);
  heif.Add({1, "hvc1", HeifBuilder::HevcData(), {hevc, size}});
  whole.emplace_back("heic", heif.Build(1));
  const ImageU8 image = Smooth(40, 30, 3);
  for (const Format format : {Format::kJpeg, Format::kPng, Format::kWebp, Format::kTiff}) {
    whole.emplace_back(FormatName(format), MustEncode(image.view(), {.format = format}));
  }
  if (OpenAvifLibrary().ok()) {
    const auto avif = EncodeAvif(image.view(), {});
    ASSERT_TRUE(avif.ok()) << avif.status().message();
    whole.emplace_back("avif", *avif);
  }
  if (HaveSharedImages()) {
    for (const char* name : {"reports/splines.jxl", "odd/hopper.gif", "odd/g4-multi.tiff"}) {
      whole.emplace_back(name, ReadFileForTest(SharedImages() / name));
    }
  }
  DecodeOptions options;
  options.limits.max_pixels = 1'000'000;
  testing::internal::CaptureStderr();
  std::mt19937 random(1);
  for (const auto& [name, file] : whole) {
    for (int turn = 0; turn < 60; ++turn) {
      std::vector<uint8_t> changed = file;
      for (unsigned i = 0; i < 1 + random() % 6; ++i) {
        changed[random() % changed.size()] = static_cast<uint8_t>(random());
      }
      if (turn % 4 == 0) changed.resize(random() % changed.size());
      ExpectClear(name + std::string(" ") + std::to_string(turn), Decode(changed, options));
    }
  }
  const std::string printed = testing::internal::GetCapturedStderr();
#ifdef __linux__
  EXPECT_EQ(printed, "");
#endif
}

#if defined(PEEL_HAVE_JXL) && defined(__x86_64__) && defined(__GLIBC__)
TEST(QuietLibrary, OnlyTheLibrarysOwnStreamIsTurned) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  if (!OpenJxlLibrary().ok()) GTEST_SKIP() << "libjxl is not installed";
  const auto bytes = ReadFileForTest(SharedImages() / "reports" / "splines.jxl");
  testing::internal::CaptureStderr();
  const auto picture = Decode(bytes);
  std::fputs("ours\n", stderr);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "ours\n");
  if (!picture.ok()) {
    EXPECT_EQ(picture.status().code(), StatusCode::kUnsupported) << picture.status().message();
  }
}
#endif

}  // namespace
}  // namespace peel
