// AVIF, HEIC, GIF, JPEG XL and raw files through the one entry; frames of all formats.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/codec/frames.h"
#include "src/codec/gif/gif_blocks.h"
#include "src/codec/heif/heif.h"
#include "src/codec/metadata/metadata.h"
#include "src/codec/raw/raw.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

TEST(Avif, RoundTrips) {
  for (const int channels : {1, 3, 4}) {
    const ImageU8 smooth = Smooth(301, 199, channels);
    for (const int quality : {0, 60, 95}) {
      const auto file = MustEncode(smooth.view(), {.format = Format::kAvif, .quality = quality});
      const Picture picture = MustDecode(file);
      EXPECT_EQ(picture.format, Format::kAvif);
      EXPECT_EQ(picture.has_alpha, channels == 4);
      EXPECT_LT(MeanDifference(*picture.u8(), smooth), quality == 60 ? 3 : 2);
    }
    const auto exact =
        MustEncode(smooth.view(), {.format = Format::kAvif, .quality = 0, .lossless = true});
    EXPECT_EQ(MeanDifference(*MustDecode(exact).u8(), smooth), 0) << channels;
  }
}

TEST(Avif, SixteenBitsBecomeTen) {
  ImageU16 image = *ImageU16::Allocate(256, 40, 3);
  for (int y = 0; y < 40; ++y) {
    for (int i = 0; i < 256 * 3; ++i) image.row(y)[i] = static_cast<uint16_t>(i / 3 * 257);
  }
  const auto file = Encode(image.view(), {.format = Format::kAvif, .quality = 95});
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(Probe(*file)->bits, 10);
  const Picture picture = MustDecode(*file);
  ASSERT_TRUE(picture.is_16_bit());
  double sum = 0;
  for (int y = 0; y < 40; ++y) {
    for (int i = 0; i < 256 * 3; ++i) sum += std::abs(picture.u16()->row(y)[i] - image.row(y)[i]);
  }
  EXPECT_LT(sum / (40 * 256 * 3), 200);  // of 65535: less than an 8-bit step
  EXPECT_FALSE(MustDecode(*file, {.reduce_to_8_bits = true}).is_16_bit());
}

TEST(Avif, SameBytesWhateverTheThreads) {
  const ImageU8 image = Smooth(1400, 1100, 4);
  const auto alone = MustEncode(image.view(), {.format = Format::kAvif});
  for (const int threads : {2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(MustEncode(image.view(), {.format = Format::kAvif, .pool = &pool}), alone);
  }
  ThreadPool four(4);
  const Picture one = MustDecode(alone), many = MustDecode(alone, {.pool = &four});
  EXPECT_EQ(MeanDifference(*many.u8(), *one.u8()), 0);
}

TEST(Avif, TruncationIsAnError) {
  const auto file = MustEncode(Smooth(300, 200, 3).view(), {.format = Format::kAvif});
  for (size_t size = 16; size < file.size(); size += 97) {
    const auto cut = Decode({file.data(), size});
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_EQ(cut.status().code(), StatusCode::kCorrupt);
    EXPECT_NE(cut.status().message().find("AVIF"), std::string::npos);
  }
}

TEST(Avif, LimitsAreCheckedFromTheHeader) {
  const auto file = MustEncode(Smooth(300, 200, 3).view(), {.format = Format::kAvif});
  for (const Limits& limits :
       {Limits{.max_pixels = 59'999}, Limits{.max_width = 299}, Limits{.max_height = 199}}) {
    EXPECT_FALSE(Decode(file, {.limits = limits}).ok());
  }
  EXPECT_TRUE(Decode(file, {.limits = {.max_pixels = 60'000}}).ok());
}

TEST(Heic, PhotosOfTelephonesAreRead) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const Picture photo = MustDecode(ReadFileForTest(SharedImages() / "camera/IMG_5195.HEIC"));
  EXPECT_EQ(photo.format, Format::kHeic);
  EXPECT_GT(photo.width(), 2000);
  EXPECT_FALSE(photo.metadata.exif.empty());
  EXPECT_FALSE(photo.metadata.icc.empty());
  // Turned already, whatever its EXIF says; and nobody turns it again.
  EXPECT_EQ(photo.orientation, 1);
  EXPECT_EQ(OrientationOf(MetadataForOutput(photo.metadata, photo.width(), photo.height())), 1);
  ThreadPool four(4);
  const Picture threads =
      MustDecode(ReadFileForTest(SharedImages() / "camera/IMG_5195.HEIC"), {.pool = &four});
  EXPECT_EQ(MeanDifference(*threads.u8(), *photo.u8()), 0);
}

TEST(Heic, LimitsAndTruncation) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const auto bytes = ReadFileForTest(SharedImages() / "odd/example.heic");
  EXPECT_EQ(Decode(bytes, {.limits = {.max_pixels = 1000}}).status().code(), StatusCode::kLimit);
  for (const size_t part : {2, 3, 5, 50}) {
    const auto cut = Decode(std::span(bytes).first(bytes.size() / part));
    ASSERT_FALSE(cut.ok());
    EXPECT_NE(cut.status().message().find("HEIC"), std::string::npos) << cut.status().message();
  }
}

// libheif reports an error and hands over memory none the less (found by fuzzing).
TEST(Heic, UnknownCodePointOfColoursLeaksNothing) {
  auto file = MustEncode(Smooth(64, 48, 3).view(), {.format = Format::kAvif});
  const std::string kind = "nclx";
  const auto nclx = std::search(file.begin(), file.end(), kind.begin(), kind.end());
  ASSERT_LT(nclx - file.begin() + 8, static_cast<ptrdiff_t>(file.size()));
  nclx[6] = 0x80;  // the transfer function's high byte
  const auto picture = DecodeHeif(file, {});
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  EXPECT_EQ(picture->width(), 64);
}

// A GIF of 4 x 3 pixels and 4 colours (red, green, blue, white); frames are added to it.
std::vector<uint8_t> GifHead() {
  return {'G', 'I', 'F', '8', '9', 'a', 4, 0, 3,   0,   0x81, 0,  0,
          255, 0,   0,   0,   255, 0,   0, 0, 255, 255, 255,  255};
}

// One frame of one colour; codes are written without packing anything.
void AddFrame(std::vector<uint8_t>* gif, int x, int y, int w, int h, int colour, int disposal,
              int transparent = -1) {
  const auto flags = static_cast<uint8_t>(disposal << 2 | (transparent >= 0 ? 1 : 0));
  gif->insert(gif->end(),
              {0x21, 0xF9, 4, flags, 0, 0, static_cast<uint8_t>(std::max(transparent, 0)), 0});
  gif->insert(gif->end(), {0x2C, static_cast<uint8_t>(x), 0, static_cast<uint8_t>(y), 0,
                           static_cast<uint8_t>(w), 0, static_cast<uint8_t>(h), 0, 0, 2});
  // Code size 2: clear 4, end 5, three bits a code; a clear before every second pixel keeps them
  // three bits.
  std::vector<int> codes;
  for (int i = 0; i < w * h; ++i) {
    if (i % 2 == 0) codes.push_back(4);
    codes.push_back(colour);
  }
  codes.push_back(5);
  std::vector<uint8_t> packed((codes.size() * 3 + 7) / 8);
  for (size_t i = 0; i < codes.size(); ++i) {
    for (size_t b = 0; b < 3; ++b) {
      const size_t bit = 3 * i + b;
      packed[bit / 8] |= static_cast<uint8_t>((codes[i] >> b & 1) << bit % 8);
    }
  }
  gif->push_back(static_cast<uint8_t>(packed.size()));
  gif->insert(gif->end(), packed.begin(), packed.end());
  gif->push_back(0);
}

std::string Pixel(const Picture& picture, int x, int y) {
  const ImageU8& image = *picture.u8();
  std::string text;
  for (int c = 0; c < image.channels(); ++c) {
    if (c > 0) text += ',';
    text += std::to_string(image.row(y)[x * image.channels() + c]);
  }
  return text;
}

TEST(Gif, FramesAreWhatIsShown) {
  std::vector<uint8_t> gif = GifHead();
  AddFrame(&gif, 0, 0, 4, 3, 0, 1);     // all red, stays
  AddFrame(&gif, 1, 1, 2, 1, 1, 2);     // green spot, is cleared
  AddFrame(&gif, 0, 0, 1, 1, 2, 3);     // blue corner, what was there comes back
  AddFrame(&gif, 3, 2, 1, 1, 3, 1, 3);  // a transparent pixel
  gif.push_back(0x3B);
  const auto blocks = WalkGif(gif);
  ASSERT_TRUE(blocks.ok());
  EXPECT_EQ(blocks->frames, 4);
  EXPECT_EQ(blocks->end, gif.size());
  const auto frames = OpenFrames(gif);
  ASSERT_TRUE(frames.ok()) << frames.status().message();
  ASSERT_EQ((*frames)->count(), 4);
  const auto next = [&] {
    auto picture = (*frames)->Next();
    EXPECT_TRUE(picture.ok()) << picture.status().message();
    return *std::move(picture);
  };
  const Picture first = next();
  EXPECT_FALSE(first.has_alpha);
  EXPECT_EQ(Pixel(first, 3, 2), "255,0,0");
  EXPECT_EQ(Pixel(MustDecode(gif), 3, 2), "255,0,0");
  const Picture second = next();
  EXPECT_EQ(Pixel(second, 1, 1), "0,255,0");
  EXPECT_EQ(Pixel(second, 0, 0), "255,0,0");
  const Picture third = next();
  EXPECT_EQ(Pixel(third, 1, 1), "0,0,0,0");
  EXPECT_EQ(Pixel(third, 0, 0), "0,0,255,255");
  const Picture fourth = next();
  EXPECT_EQ(Pixel(fourth, 0, 0), "255,0,0,255");
  EXPECT_EQ(Pixel(fourth, 3, 2), "255,0,0,255");
  EXPECT_EQ(Decode(gif, {.limits = {.max_frames = 3}}).status().code(), StatusCode::kLimit);
}

TEST(Gif, TruncationIsAnErrorOfTheFrameItHits) {
  std::vector<uint8_t> gif = GifHead();
  AddFrame(&gif, 0, 0, 4, 3, 0, 1);
  const size_t one = gif.size();
  AddFrame(&gif, 0, 0, 4, 3, 1, 1);
  for (size_t size = 6; size < gif.size(); ++size) {
    const std::span<const uint8_t> part(gif.data(), size);
    const auto picture = Decode(part);
    if (picture.ok()) {
      EXPECT_GE(size, one - 2);  // the end of the data is not missed
    } else {
      EXPECT_EQ(picture.status().code(), StatusCode::kCorrupt);
      EXPECT_NE(picture.status().message().find("GIF"), std::string::npos);
    }
  }
}

TEST(Frames, OfEveryFormat) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const struct {
    const char* name;
    int count;
  } cases[] = {
      {"odd/multipage.tiff", 3}, {"odd/dispose_bgnd.gif", 5}, {"odd/dispose_op_previous.png", 3},
      {"odd/flower.jpg", 1},     {"odd/hopper.png", 1},       {"odd/hopper.avif", 1},
      {"odd/example.heic", 2}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto bytes = ReadFileForTest(SharedImages() / c.name);
    if (bytes.empty()) continue;
    const auto frames = OpenFrames(bytes);
    ASSERT_TRUE(frames.ok()) << frames.status().message();
    EXPECT_EQ((*frames)->count(), c.count);
    EXPECT_EQ(Probe(bytes)->frames, c.count);
    for (int i = 0; i < (*frames)->count(); ++i) {
      const auto picture = (*frames)->Next();
      ASSERT_TRUE(picture.ok()) << i << ": " << picture.status().message();
      EXPECT_EQ(picture->frames, c.count);
    }
  }
}

TEST(Raw, OnlyRawFilesAreTakenForRaw) {
  const auto tiff = MustEncode(Smooth(20, 10, 3).view(), {.format = Format::kTiff});
  EXPECT_FALSE(IsRawTiff(tiff));
  EXPECT_EQ(FormatOf(tiff), Format::kTiff);
  EXPECT_FALSE(IsRawTiff({}));
}

}  // namespace
}  // namespace peel
