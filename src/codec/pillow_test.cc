// Every picture against what Pillow makes of it.
#include <gtest/gtest.h>
#include <libdeflate.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "src/codec/decode.h"
#include "src/codec/test_files.h"

namespace peel {
namespace {

// Where the two differ on purpose.
const std::map<std::string, std::string> kDifferences = {
    {"broken/truncated_end_chunk.png", "only the end chunk is cut, the picture is whole"},
    {"broken/truncated_jpeg.jpg", "only half of the end marker is missing"},
    {"broken/crash-0da013a13571cc8eb457a39fee8db18f8a3c7127.tif",
     "libtiff 4.5 guesses other pixels"},
    {"broken/badpalettesize.bmp", "of a palette as many colours are taken as have a use"},
    {"broken/badrle.bmp", "runs that leave the picture: one guess is as good as another"},
    {"odd/pal2.bmp", "Pillow does not read two bits a pixel"},
    {"odd/pal8os2v2-16.bmp", "Pillow does not read OS/2's short header"},
    {"odd/pal8oversizepal.bmp", "of a palette as many colours are taken as have a use"},
    {"odd/rgb16-231.bmp", "Pillow does not read every mask"},
    {"odd/rgb32-111110.bmp", "Pillow does not read every mask"},
    {"odd/rgb32bf.bmp", "Pillow does not read every mask"},
    {"odd/rgba16-4444.bmp", "Pillow does not read every mask"},
    {"odd/rgba32abf.bmp", "Pillow does not read masks with alpha behind the header"},
    {"odd/rgb32bf-abgr.bmp", "an alpha that is 0 everywhere counts as none"},
    {"odd/12bit.cropped.tif", "twelve bits are spread over all of the range"},
    {"odd/hopper_webp.tif", "Pillow's own libtiff does not know WebP"},
    {"odd/chunk_no_fctl.png", "the animation is broken, its default picture is not"},
    {"odd/png_decompression_dos.png", "a text chunk is a bomb, and is passed over"},
    {"odd/unknown_compression_method.png", "a profile cannot be read, and is passed over"},
};

uint32_t PixelCrc(const ImageU8& image) {
  uint32_t crc = 0;
  for (int y = 0; y < image.height(); ++y) {
    crc =
        libdeflate_crc32(crc, image.row(y), static_cast<size_t>(image.width()) * image.channels());
  }
  return crc;
}

std::string Describe(const Result<Picture>& picture) {
  if (!picture.ok()) return "error";
  std::ostringstream out;
  out << picture->width() << '\t' << picture->height() << '\t' << picture->u8()->channels() << '\t';
  char crc[9];
  std::snprintf(crc, sizeof(crc), "%08x", PixelCrc(*picture->u8()));
  out << crc;
  return out.str();
}

TEST(Pillow, SamePixelsFromEveryFile) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  std::ifstream golden(PEEL_SOURCE_DIR "/tests/codec/pillow_golden.tsv");
  ASSERT_TRUE(golden);
  DecodeOptions options;
  options.reduce_to_8_bits = true;
  int compared = 0;
  for (std::string line; std::getline(golden, line);) {
    if (line.starts_with("#")) continue;
    const size_t tab = line.find('\t');
    const std::string name = line.substr(0, tab), expected = line.substr(tab + 1);
    if (!std::filesystem::exists(SharedImages() / name)) continue;
    const auto bytes = ReadFileForTest(SharedImages() / name);
    const auto picture = Decode(bytes, options);
    if (const auto it = kDifferences.find(name); it != kDifferences.end()) {
      EXPECT_TRUE(picture.ok()) << name << ": " << it->second;
      continue;
    }
    EXPECT_EQ(Describe(picture), expected)
        << name << (picture.ok() ? "" : ": " + picture.status().message());
    ++compared;
  }
  EXPECT_GT(compared, 530);
}

}  // namespace
}  // namespace peel
