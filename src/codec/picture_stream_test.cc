#include "src/codec/picture_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Join(const std::vector<Bytes>& files) {
  Bytes all;
  for (const Bytes& file : files) all.insert(all.end(), file.begin(), file.end());
  return all;
}

// The files found when the stream comes in pieces of `step` bytes.
std::vector<Bytes> Split(const Bytes& stream, size_t step, uint64_t max_bytes = 1 << 30) {
  PictureStream pictures(max_bytes);
  std::vector<Bytes> found;
  const auto drain = [&] {
    while (auto file = pictures.Next()) found.push_back(*std::move(file));
  };
  for (size_t at = 0; at < stream.size(); at += step) {
    pictures.Append(std::span(stream).subspan(at, std::min(step, stream.size() - at)));
    drain();
  }
  pictures.Close();
  drain();
  return found;
}

const std::vector<Bytes>& Files() {
  static const std::vector<Bytes> files = [] {
    const ImageU8 image = Smooth(60, 40, 3);
    std::vector<Bytes> made;
    for (const Format format : {Format::kPng, Format::kJpeg, Format::kWebp, Format::kAvif,
                                Format::kJpeg, Format::kPng, Format::kAvif, Format::kAvif}) {
      made.push_back(MustEncode(image.view(), {.format = format}));
    }
    return made;
  }();
  return files;
}

TEST(PictureStream, GivesEachFileWhateverThePieces) {
  const std::vector<Bytes> files = Files();
  const Bytes stream = Join(files);
  for (const size_t step : {size_t{1}, size_t{7}, size_t{1000}, stream.size()}) {
    const auto found = Split(stream, step);
    ASSERT_EQ(found.size(), files.size()) << step;
    for (size_t i = 0; i < files.size(); ++i) EXPECT_EQ(found[i], files[i]) << step << ", " << i;
  }
}

TEST(PictureStream, AnswersAsSoonAsAFileIsWhole) {
  PictureStream pictures(1 << 30);
  for (const Bytes& file : Files()) {
    if (file[4] == 'f') continue;  // AVIF ends where the next begins
    pictures.Append(file);
    const auto found = pictures.Next();
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, file);
    EXPECT_FALSE(pictures.Next());
  }
}

TEST(PictureStream, BlanksBetweenFilesAreNothing) {
  const Bytes png = Files()[0];
  const auto found = Split(Join({{'\n'}, png, {'\r', '\n', ' '}, png, {'\n'}}), 5);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1], png);
}

TEST(PictureStream, ABrokenFileDoesNotTakeTheNextWithIt) {
  const std::vector<Bytes> files = Files();
  for (size_t broken = 0; broken < 4; ++broken) {
    for (const size_t next : {size_t{0}, size_t{1}, size_t{2}, size_t{3}}) {
      for (const bool cut : {true, false}) {
        SCOPED_TRACE(testing::Message()
                     << broken << " before " << next << (cut ? " cut" : " torn"));
        Bytes bad = files[broken];
        if (cut) {
          bad.resize(bad.size() * 2 / 3);
        } else if (broken == 2) {
          continue;  // a WebP whose insides are torn still has its length
        } else {
          std::fill(bad.begin() + 30, bad.begin() + 60, uint8_t{0x5A});
        }
        // A WebP that is cut short is made up to its length from the file behind: that one is lost.
        if (broken == 2 && cut) continue;
        const auto found = Split(Join({bad, files[next], files[0]}), 100);
        ASSERT_GE(found.size(), 3u);
        EXPECT_EQ(found[found.size() - 2], files[next]);
        EXPECT_EQ(found.back(), files[0]);
      }
    }
  }
}

TEST(PictureStream, OtherBytesAreAFileToRefuse) {
  const Bytes png = Files()[0];
  const std::string text = "this is no picture at all, but forty bytes long ...";
  const auto found = Split(Join({png, {text.begin(), text.end()}, png}), 9);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(std::string(found[1].begin(), found[1].end()), text);
  EXPECT_EQ(found[2], png);
}

TEST(PictureStream, TiffTakesTheRest) {
  const Bytes tiff = MustEncode(Smooth(60, 40, 3).view(), {.format = Format::kTiff});
  const auto found = Split(Join({Files()[1], tiff}), 64);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1], tiff);
}

TEST(PictureStream, EndlessStreamsAreNotKept) {
  Bytes stream = Files()[0];
  stream.resize(200'000, 0x11);
  PictureStream pictures(10'000);
  size_t handed_out = 0;
  for (size_t at = 0; at < stream.size(); at += 1000) {
    pictures.Append(std::span(stream).subspan(at, 1000));
    while (const auto file = pictures.Next()) {
      handed_out += file->size();
      EXPECT_LE(file->size(), 12'000u);
    }
    EXPECT_GE(handed_out + 12'000, at);
  }
}

TEST(PictureStream, MultiPictureFilesStayTogether) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  for (const char* name : {"odd/sugarshack.mpo", "odd/frame_size.mpo"}) {
    SCOPED_TRACE(name);
    const Bytes file = ReadFileForTest(SharedImages() / name);
    const Bytes png = Files()[0];
    const auto found = Split(Join({file, png}), 10'000);
    ASSERT_GE(found.size(), 2u);
    EXPECT_EQ(found[0].size(), file.size());
    EXPECT_EQ(found.back(), png);
  }
}

TEST(PictureStream, FilesOfOthers) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  for (const auto& entry : std::filesystem::directory_iterator(SharedImages() / "odd")) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".png" && extension != ".jpg" && extension != ".webp" && extension != ".gif" &&
        extension != ".avif") {
      continue;
    }
    const Bytes file = ReadFileForTest(entry.path());
    if (!Decode(file).ok()) continue;
    SCOPED_TRACE(entry.path().filename());
    const Bytes last = Files()[1];
    const auto found = Split(Join({file, last}), 1 << 16);
    ASSERT_GE(found.size(), 2u);
    EXPECT_EQ(found.back(), last);
    EXPECT_TRUE(Decode(found[0]).ok());
  }
}

}  // namespace
}  // namespace peel
