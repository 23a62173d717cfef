// JPEG XL on a pool that is handed in.
#ifdef PEEL_HAVE_JXL

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <jxl/encode.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "src/base/test_executor.h"
#include "src/base/thread_pool.h"
#include "src/codec/decode.h"
#include "src/codec/lazy/jxl_library.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

// Written by the encoder that lies in the same library; empty where there is none.
std::vector<uint8_t> EncodeJxl(const ImageU8& image) {
  const auto lib = OpenJxlLibrary();
  Dl_info where = {};
  if (!lib.ok() || dladdr(reinterpret_cast<void*>((*lib)->JxlDecoderVersion), &where) == 0) {
    return {};
  }
  void* const handle = dlopen(where.dli_fname, RTLD_LAZY);
  if (handle == nullptr) return {};
#define PEEL_FUNCTION(name) \
  const auto name = reinterpret_cast<decltype(&::name)>(dlsym(handle, #name))
  PEEL_FUNCTION(JxlEncoderCreate);
  PEEL_FUNCTION(JxlEncoderDestroy);
  PEEL_FUNCTION(JxlEncoderInitBasicInfo);
  PEEL_FUNCTION(JxlEncoderSetBasicInfo);
  PEEL_FUNCTION(JxlColorEncodingSetToSRGB);
  PEEL_FUNCTION(JxlEncoderSetColorEncoding);
  PEEL_FUNCTION(JxlEncoderFrameSettingsCreate);
  PEEL_FUNCTION(JxlEncoderFrameSettingsSetOption);
  PEEL_FUNCTION(JxlEncoderAddImageFrame);
  PEEL_FUNCTION(JxlEncoderCloseInput);
  PEEL_FUNCTION(JxlEncoderProcessOutput);
#undef PEEL_FUNCTION
  const std::unique_ptr<JxlEncoder, void (*)(JxlEncoder*)> encoder(JxlEncoderCreate(nullptr),
                                                                   JxlEncoderDestroy);
  JxlBasicInfo info;
  JxlEncoderInitBasicInfo(&info);
  info.xsize = static_cast<uint32_t>(image.width());
  info.ysize = static_cast<uint32_t>(image.height());
  info.bits_per_sample = 8;
  JxlEncoderSetBasicInfo(encoder.get(), &info);
  JxlColorEncoding srgb;
  JxlColorEncodingSetToSRGB(&srgb, JXL_FALSE);
  JxlEncoderSetColorEncoding(encoder.get(), &srgb);
  JxlEncoderFrameSettings* const settings = JxlEncoderFrameSettingsCreate(encoder.get(), nullptr);
  JxlEncoderFrameSettingsSetOption(settings, JXL_ENC_FRAME_SETTING_EFFORT, 1);
  const JxlPixelFormat format = {3, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, AlignedBuffer::kAlignment};
  const size_t size = static_cast<size_t>(image.stride()) * static_cast<size_t>(image.height());
  if (JxlEncoderAddImageFrame(settings, &format, image.row(0), size) != JXL_ENC_SUCCESS) return {};
  JxlEncoderCloseInput(encoder.get());
  std::vector<uint8_t> file(4 << 20);
  uint8_t* next = file.data();
  size_t room = file.size();
  if (JxlEncoderProcessOutput(encoder.get(), &next, &room) != JXL_ENC_SUCCESS) return {};
  file.resize(file.size() - room);
  return file;
}

TEST(Jxl, IsDecodedOnThePoolAndStartsNoThread) {
  const std::vector<uint8_t> file = EncodeJxl(Smooth(1100, 700, 3));  // 15 groups
  if (file.empty()) GTEST_SKIP() << "libjxl is not installed";
  const Picture alone = MustDecode(file);
  EXPECT_EQ(alone.format, Format::kJxl);
  EXPECT_LT(MeanDifference(*alone.u8(), Smooth(1100, 700, 3)), 3);

  TestExecutor host(3);
  ThreadPool lent(&host);
  const int before = ThreadsOfProcess();
  EXPECT_EQ(MeanDifference(*MustDecode(file, {.pool = &lent}).u8(), *alone.u8()), 0);
  EXPECT_GT(host.runs(), 0);
  EXPECT_LE(host.most_threads(), before);

  ThreadPool own(4);
  const int with_own = ThreadsOfProcess();
  EXPECT_EQ(MeanDifference(*MustDecode(file, {.pool = &own}).u8(), *alone.u8()), 0);
  EXPECT_EQ(ThreadsOfProcess(with_own), with_own);
}

TEST(Jxl, DamageIsToldInTheSameWordsWhateverTheThreads) {
  const std::vector<uint8_t> file = EncodeJxl(Smooth(1100, 700, 3));
  if (file.empty()) GTEST_SKIP() << "libjxl is not installed";
  ThreadPool pool(4);
  int failures = 0;
  for (size_t at = 40; at < file.size(); at += file.size() / 12) {
    std::vector<uint8_t> bad = file;
    for (size_t i = at; i < std::min(at + 30, bad.size()); ++i) bad[i] ^= 0x5A;
    const auto alone = Decode(bad), together = Decode(bad, {.pool = &pool});
    EXPECT_EQ(alone.status().code(), together.status().code());
    EXPECT_EQ(alone.status().message(), together.status().message());
    if (!alone.ok()) ++failures;
  }
  EXPECT_GT(failures, 3);
}

}  // namespace
}  // namespace peel

#endif  // PEEL_HAVE_JXL
