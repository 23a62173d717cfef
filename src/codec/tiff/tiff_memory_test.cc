#include "src/codec/tiff/tiff_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdarg>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace peel {
namespace {

int Keep(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  *static_cast<std::string*>(user) += TiffText(format, arguments) + "\n";
  return 1;
}

class TiffMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto library = OpenTiffLibrary();
    if (!library.ok()) GTEST_SKIP() << library.status().message();
    lib_ = *library;
  }
  TiffMemory::Messages Messages() { return {.error = Keep, .warning = Keep, .user = &said_}; }

  // Grey, 5 x 3, written strip by strip so that libtiff goes back to complete its directory.
  std::vector<uint8_t> Written() {
    TiffMemory file;
    const auto tiff = file.Open(*lib_, "w", Messages());
    EXPECT_TRUE(tiff.ok() && *tiff != nullptr) << said_;
    const auto set = [&](uint32_t tag, auto value) { lib_->TIFFSetField(*tiff, tag, value); };
    set(TIFFTAG_IMAGEWIDTH, uint32_t{5});
    set(TIFFTAG_IMAGELENGTH, uint32_t{3});
    set(TIFFTAG_BITSPERSAMPLE, 8);
    set(TIFFTAG_SAMPLESPERPIXEL, 1);
    set(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    set(TIFFTAG_ROWSPERSTRIP, uint32_t{1});
    for (uint8_t y = 0; y < 3; ++y) {
      std::array<uint8_t, 5> row{y, 1, 2, 3, 4};
      EXPECT_EQ(lib_->TIFFWriteEncodedStrip(*tiff, y, row.data(), row.size()), 5) << said_;
    }
    lib_->TIFFClose(*tiff);
    EXPECT_EQ(said_, "");
    return {file.bytes().begin(), file.bytes().end()};
  }

  const TiffLibrary* lib_ = nullptr;
  std::string said_;
};

TEST_F(TiffMemoryTest, WhatIsWrittenIsRead) {
  const std::vector<uint8_t> bytes = Written();
  TiffMemory file(bytes);
  const auto tiff = file.Open(*lib_, "rm", Messages());
  ASSERT_TRUE(tiff.ok() && *tiff != nullptr) << said_;
  EXPECT_GT(file.reads(), 0u);
  for (uint8_t y = 0; y < 3; ++y) {
    std::array<uint8_t, 5> row{};
    ASSERT_EQ(lib_->TIFFReadEncodedStrip(*tiff, y, row.data(), row.size()), 5) << said_;
    EXPECT_EQ(row, (std::array<uint8_t, 5>{y, 1, 2, 3, 4}));
  }
  lib_->TIFFClose(*tiff);
  EXPECT_EQ(said_, "");
}

TEST_F(TiffMemoryTest, ReadsNothingBehindTheEnd) {
  std::vector<uint8_t> bytes = Written();
  bytes.resize(10);
  bytes.shrink_to_fit();
  TiffMemory file(bytes);
  const auto tiff = file.Open(*lib_, "rm", Messages());
  ASSERT_TRUE(tiff.ok());
  EXPECT_EQ(*tiff, nullptr);
  EXPECT_NE(said_, "");
}

TEST_F(TiffMemoryTest, GivenBytesAreNotWritten) {
  const std::vector<uint8_t> bytes = Written(), before = bytes;
  TiffMemory file(bytes);
  const auto tiff = file.Open(*lib_, "w", Messages());  // writes a header at once
  ASSERT_TRUE(tiff.ok());
  EXPECT_EQ(*tiff, nullptr);
  EXPECT_NE(said_, "");
  EXPECT_EQ(bytes, before);
}

TEST_F(TiffMemoryTest, LargestAllocationIsObeyed) {
  const std::vector<uint8_t> bytes = Written();
  TiffMemory file(bytes);
  const auto tiff = file.Open(*lib_, "rm", Messages(), /*most_memory=*/16);  // bytes of memory
  ASSERT_TRUE(tiff.ok());
  EXPECT_EQ(*tiff, nullptr);
  EXPECT_NE(said_.find("16"), std::string::npos) << said_;
}

}  // namespace
}  // namespace peel
