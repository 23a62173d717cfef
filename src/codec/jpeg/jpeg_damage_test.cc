// JPEGs of several scans of which some never come.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
// After cstdio, which it needs.
#include <jpeglib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "src/codec/decode.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

using Bytes = std::vector<uint8_t>;

enum class Way { kOneScan, kScanEach, kProgressive };

Bytes EncodeIn(Way way) {
  const ImageU8 image = Smooth(64, 64, 3);
  jpeg_compress_struct cinfo = {};
  jpeg_error_mgr errors;
  cinfo.err = jpeg_std_error(&errors);
  jpeg_create_compress(&cinfo);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&cinfo, &out, &size);
  cinfo.image_width = cinfo.image_height = 64;
  cinfo.input_components = 3;
  cinfo.in_color_space = JCS_RGB;
  jpeg_set_defaults(&cinfo);
  jpeg_scan_info scans[3] = {};
  if (way == Way::kProgressive) jpeg_simple_progression(&cinfo);
  if (way == Way::kScanEach) {
    for (int c = 0; c < 3; ++c) {
      scans[c].comps_in_scan = 1;
      scans[c].component_index[0] = c;
      scans[c].Se = 63;
    }
    cinfo.scan_info = scans;
    cinfo.num_scans = 3;
  }
  jpeg_start_compress(&cinfo, TRUE);
  for (int y = 0; y < 64; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(image.row(y));
    jpeg_write_scanlines(&cinfo, &row, 1);
  }
  jpeg_finish_compress(&cinfo);
  jpeg_destroy_compress(&cinfo);
  Bytes file(out, out + size);
  std::free(out);
  return file;
}

// Where the scans begin (their tables before them not counted).
std::vector<size_t> Scans(const Bytes& file) {
  std::vector<size_t> at;
  for (size_t i = 0; i + 1 < file.size(); ++i) {
    if (file[i] == 0xFF && file[i + 1] == 0xDA) at.push_back(i);
  }
  return at;
}

Bytes Cut(const Bytes& file, size_t size, bool end_marker) {
  Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
  if (end_marker) cut.insert(cut.end(), {0xFF, 0xD9});
  return cut;
}

TEST(JpegDamage, WholeFilesAreNotDoubted) {
  for (const Way way : {Way::kOneScan, Way::kScanEach, Way::kProgressive}) {
    const Bytes file = EncodeIn(way);
    const auto picture = Decode(file);
    ASSERT_TRUE(picture.ok()) << picture.status().message();
    EXPECT_EQ(picture->warning, "");
    // The end marker alone may be missing.
    const auto open = Decode(Cut(file, file.size() - 2, false));
    ASSERT_TRUE(open.ok()) << open.status().message();
    EXPECT_EQ(open->warning, "");
  }
}

TEST(JpegDamage, ComponentsThatNeverCame) {
  const Bytes file = EncodeIn(Way::kScanEach);
  const std::vector<size_t> scans = Scans(file);
  ASSERT_EQ(scans.size(), 3u);
  for (const size_t have : {size_t{1}, size_t{2}}) {
    const std::string words = std::to_string(3 - have) + " of its 3 components";
    const auto ended = Decode(Cut(file, scans[have], true));
    ASSERT_TRUE(ended.ok()) << ended.status().message();
    EXPECT_NE(ended->warning.find(words), std::string::npos) << ended->warning;
    const auto open = Decode(Cut(file, scans[have], false));
    EXPECT_EQ(open.status().code(), StatusCode::kCorrupt);
    EXPECT_NE(open.status().message().find(words), std::string::npos) << open.status().message();
  }
}

TEST(JpegDamage, ScansOfAProgressiveOneThatNeverCame) {
  const Bytes file = EncodeIn(Way::kProgressive);
  const std::vector<size_t> scans = Scans(file);
  ASSERT_GT(scans.size(), 4u);
  for (size_t have = 1; have < scans.size(); ++have) {
    const auto ended = Decode(Cut(file, scans[have], true));
    ASSERT_TRUE(ended.ok()) << ended.status().message();
    EXPECT_NE(ended->warning, "") << "with " << have << " of " << scans.size() << " scans";
    EXPECT_EQ(Decode(Cut(file, scans[have], false)).status().code(), StatusCode::kCorrupt);
  }
}

TEST(JpegDamage, ANonInterleavedFileThatIsCut) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const auto reports = SharedImages() / "reports";
  EXPECT_EQ(MustDecode(ReadFileForTest(reports / "non_interleaved_444_64x64.jpg")).warning, "");
  const auto cut = Decode(ReadFileForTest(reports / "non_interleaved_444_64x64-cut60.jpg"));
  const std::string said = cut.ok() ? cut->warning : cut.status().message();
  EXPECT_NE(said.find("2 of its 3 components"), std::string::npos) << said;
  EXPECT_NE(said.find("truncated"), std::string::npos) << said;
}

}  // namespace
}  // namespace peel
