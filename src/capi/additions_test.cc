// What the C interface gained behind its first version: layouts and versions, models in memory,
// pixels of other kinds, trimaps, progress, limits, probing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <peel/peel.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/base/block_cache.h"
#include "src/capi/layout.h"
#include "src/codec/encode.h"
#include "src/matte/model/embedded_model.h"

extern "C" int peel_numeric_version_in_c(void);

// For every_option_test.cc, where peel.hpp's names stand in the way of the library's.
std::vector<uint8_t> PngWithArtist();
std::vector<uint8_t> PngWithArtist() {
  const std::vector<uint8_t> pixels(size_t{3} * 64 * 48, 120);
  peel::Metadata metadata;
  metadata.exif = {'I', 'I', 42, 0, 8, 0,   0,   0,   1, 0, 0x3B, 1, 2,
                   0,   4,   0,  0, 0, 'a', 'b', 'c', 0, 0, 0,    0, 0};
  peel::EncodeOptions encode;
  encode.metadata = &metadata;
  return *peel::Encode(peel::ImageView<const uint8_t>{pixels.data(), 64, 48, 3, 64 * 3}, encode);
}

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kWidth = 90, kHeight = 60;

struct Free {
  void operator()(peel_engine* p) const { peel_engine_free(p); }
  void operator()(peel_result* p) const { peel_result_free(p); }
  void operator()(peel_info* p) const { peel_info_free(p); }
};
using Engine = std::unique_ptr<peel_engine, Free>;
using Result = std::unique_ptr<peel_result, Free>;
using Info = std::unique_ptr<peel_info, Free>;

// A red ball over a green ground.
template <typename T>
std::vector<T> Ball(int channels, bool bgr = false) {
  const T one = static_cast<T>(~T{0});
  std::vector<T> pixels;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool inside = std::hypot(x - kWidth / 2.0, y - kHeight / 2.0) < 21;
      T rgb[3] = {static_cast<T>(one / 10 * (inside ? 9 : 3) + x),
                  static_cast<T>(one / 10 * (inside ? 2 : 6)),
                  static_cast<T>(one / 10 * (inside ? 1 : 4) + y)};
      if (bgr) std::swap(rgb[0], rgb[2]);
      if (channels == 1) {
        pixels.push_back(rgb[0]);
        continue;
      }
      pixels.insert(pixels.end(), rgb, rgb + 3);
      if (channels == 4) pixels.push_back(one);
    }
  }
  return pixels;
}

template <typename T>
peel_pixels Pixels(const std::vector<T>& samples, int channels) {
  return {reinterpret_cast<const uint8_t*>(samples.data()), kWidth, kHeight, channels, 0};
}

std::vector<uint8_t> BallPng() {
  const auto pixels = Ball<uint8_t>(3);
  return *peel::Encode(
      peel::ImageView<const uint8_t>{pixels.data(), kWidth, kHeight, 3, kWidth * 3}, {});
}

peel_cut_options Defaults() {
  peel_cut_options options;
  peel_cut_options_init(&options, sizeof(options));
  return options;
}

// Its rows without padding.
template <typename T = uint8_t>
std::vector<T> Copied(const Result& result) {
  EXPECT_EQ(peel_result_status(result.get()), PEEL_OK) << peel_result_error(result.get());
  EXPECT_EQ(peel_result_bits(result.get()), 8 * static_cast<int>(sizeof(T)));
  std::vector<T> samples(peel_result_copy(result.get(), nullptr, 0, 0) / sizeof(T));
  EXPECT_EQ(peel_result_copy(result.get(), samples.data(), samples.size() * sizeof(T), 0),
            samples.size() * sizeof(T));
  return samples;
}

template <typename T>
void SwapRedAndBlue(std::vector<T>& rgba) {
  for (size_t i = 0; i + 3 < rgba.size(); i += 4) std::swap(rgba[i], rgba[i + 2]);
}

void ExpectRefused(const Result& result, peel_status status, const char* word) {
  EXPECT_EQ(peel_result_status(result.get()), status);
  EXPECT_THAT(peel_result_error(result.get()), HasSubstr(word));
}

class Additions : public testing::Test {
 protected:
  static void SetUpTestSuite() { engine_.reset(peel_engine_create(nullptr)); }
  static void TearDownTestSuite() { engine_.reset(); }
  static Result Cut(const peel_pixels& pixels, const peel_cut_options& options = Defaults()) {
    return Result(peel_cut_pixels(engine_.get(), &pixels, &options));
  }
  static Engine engine_;
};
Engine Additions::engine_;

TEST(Version, NumbersAndTextAgree) {
  EXPECT_EQ(peel_version_number(), PEEL_NUMERIC_VERSION);
  EXPECT_EQ(peel_numeric_version_in_c(), PEEL_NUMERIC_VERSION);
  const int n = peel_version_number();
  EXPECT_EQ(peel_version(), std::to_string(n / 10000) + "." + std::to_string(n / 100 % 100) + "." +
                                std::to_string(n % 100));
}

// A newer program may set what this library does not know: that is no wish to ignore.
TEST(Options, UnknownOnesThatAreSetAreRefused) {
  struct {
    peel_engine_options known;
    uint64_t newer[4];
  } engine_options;
  peel_engine_options_init(&engine_options.known, sizeof engine_options);
  EXPECT_EQ(peel_engine_status(Engine(peel_engine_create(&engine_options.known)).get()), PEEL_OK);
  engine_options.newer[2] = 1;
  const Engine refused(peel_engine_create(&engine_options.known));
  EXPECT_EQ(peel_engine_status(refused.get()), PEEL_INVALID_ARGUMENT);
  EXPECT_THAT(peel_engine_error(refused.get()), HasSubstr(peel_version()));

  struct {
    peel_cut_options known;
    unsigned char newer[24];
  } options;
  peel_cut_options_init(&options.known, sizeof options);
  const auto pixels = Ball<uint8_t>(3), matte = std::vector<uint8_t>(kWidth * kHeight, 200);
  const peel_pixels picture = Pixels(pixels, 3), plane = Pixels(matte, 1);
  EXPECT_EQ(peel_result_status(
                Result(peel_compose_pixels(nullptr, &picture, &plane, &options.known)).get()),
            PEEL_OK);
  options.newer[23] = 1;
  ExpectRefused(Result(peel_compose_pixels(nullptr, &picture, &plane, &options.known)),
                PEEL_INVALID_ARGUMENT, peel_version());
}

TEST_F(Additions, AModelInMemoryIsTheModel) {
  std::vector<uint8_t> file(peel::EmbeddedModel().begin(), peel::EmbeddedModel().end());
  peel_engine_options options;
  peel_engine_options_init(&options, sizeof options);
  options.model = "mine";
  options.model_data = file.data();
  options.model_size = file.size();
  const Engine engine(peel_engine_create(&options));
  ASSERT_EQ(peel_engine_status(engine.get()), PEEL_OK) << peel_engine_error(engine.get());
  EXPECT_STREQ(peel_engine_model(engine.get()), "mine");
  const auto samples = Ball<uint8_t>(3);
  const peel_pixels pixels = Pixels(samples, 3);
  EXPECT_EQ(Copied(Result(peel_cut_pixels(engine.get(), &pixels, nullptr))), Copied(Cut(pixels)));

  options.model_size = file.size() / 3;
  EXPECT_EQ(peel_engine_status(Engine(peel_engine_create(&options)).get()), PEEL_CORRUPT);
  options.model_size = 0;
  EXPECT_EQ(peel_engine_status(Engine(peel_engine_create(&options)).get()), PEEL_INVALID_ARGUMENT);
}

TEST_F(Additions, JobsShareThreadsAndGiveTheSame) {
  peel_engine_options options;
  peel_engine_options_init(&options, sizeof options);
  options.threads = 4;
  options.jobs = 3;
  const Engine engine(peel_engine_create(&options));
  // Three callers and one thread more are four.
  EXPECT_EQ(peel_engine_threads(engine.get()), 2);
  const auto samples = Ball<uint8_t>(3);
  const peel_pixels pixels = Pixels(samples, 3);
  const auto expected = Copied(Cut(pixels));
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(Copied(Result(peel_cut_pixels(engine.get(), &pixels, nullptr))), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
  options.jobs = -1;
  EXPECT_EQ(peel_engine_status(Engine(peel_engine_create(&options)).get()), PEEL_INVALID_ARGUMENT);
}

TEST_F(Additions, MemoryLimitRefusesWhatCannotFitAndQueuesTheRest) {
  peel_engine_options options;
  peel_engine_options_init(&options, sizeof options);
  options.memory_limit = 40 << 20;  // one small picture at a time
  const Engine engine(peel_engine_create(&options));
  const auto samples = Ball<uint8_t>(3);
  const peel_pixels pixels = Pixels(samples, 3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] { Copied(Result(peel_cut_pixels(engine.get(), &pixels, nullptr))); });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<uint8_t> large(size_t{3} * 1500 * 1500, 90);
  const peel_pixels too_large = {large.data(), 1500, 1500, 3, 0};
  ExpectRefused(Result(peel_cut_pixels(engine.get(), &too_large, nullptr)), PEEL_LIMIT,
                "memory_limit");
  const auto png =
      *peel::Encode(peel::ImageView<const uint8_t>{large.data(), 1500, 1500, 3, 4500}, {});
  ExpectRefused(Result(peel_cut(engine.get(), png.data(), png.size(), nullptr)), PEEL_LIMIT,
                "memory_limit");
}

TEST_F(Additions, OrdersAndBitsOfPixels) {
  const auto rgb = Ball<uint8_t>(3), bgr = Ball<uint8_t>(3, true);
  const auto rgba = Ball<uint8_t>(4), bgra = Ball<uint8_t>(4, true), grey = Ball<uint8_t>(1);
  const auto expected = Copied(Cut(Pixels(rgb, 3)));
  EXPECT_EQ(Copied(Cut(Pixels(rgba, 4))), expected);
  for (const auto& pixels : {Pixels(bgr, 3 | PEEL_BGR), Pixels(bgra, 4 | PEEL_BGR)}) {
    const Result result = Cut(pixels);
    EXPECT_EQ(peel_result_channels(result.get()), 4);
    auto samples = Copied(result);
    EXPECT_NE(samples, expected);
    SwapRedAndBlue(samples);
    EXPECT_EQ(samples, expected);
  }
  // Grey is three equal channels.
  std::vector<uint8_t> spread;
  for (const uint8_t v : grey) spread.insert(spread.end(), 3, v);
  EXPECT_EQ(Copied(Cut(Pixels(grey, 1))), Copied(Cut(Pixels(spread, 3))));

  // 16 bits keep theirs, and the matte is that of their high bytes.
  const auto deep = Ball<uint16_t>(3), deep_bgra = Ball<uint16_t>(4, true);
  const auto deep_cut = Copied<uint16_t>(Cut(Pixels(deep, 3 | PEEL_16_BIT)));
  ASSERT_EQ(deep_cut.size(), size_t{4} * kWidth * kHeight);
  int opaque = 0;
  for (size_t i = 0; i < size_t{kWidth} * kHeight; ++i) {
    if (deep_cut[4 * i + 3] != 65535) continue;
    ++opaque;
    ASSERT_EQ(deep_cut[4 * i], deep[3 * i]);
  }
  EXPECT_GT(opaque, 100);
  auto swapped = Copied<uint16_t>(Cut(Pixels(deep_bgra, 4 | PEEL_BGR | PEEL_16_BIT)));
  SwapRedAndBlue(swapped);
  EXPECT_EQ(swapped, deep_cut);
  peel_cut_options options = Defaults();
  options.mask_only = 1;
  const Result mask = Cut(Pixels(deep, 3 | PEEL_16_BIT), options);
  EXPECT_EQ(Copied(mask).size(), size_t{kWidth} * kHeight);

  ExpectRefused(Cut(Pixels(grey, 1 | PEEL_BGR)), PEEL_INVALID_ARGUMENT, "order");
  ExpectRefused(Cut(Pixels(rgb, 2)), PEEL_INVALID_ARGUMENT, "not 2");
  ExpectRefused(Cut(Pixels(rgb, 3 | 0x400)), PEEL_INVALID_ARGUMENT, "channel");
  peel_pixels odd = Pixels(deep, 3 | PEEL_16_BIT);
  odd.stride = size_t{kWidth} * 6 + 1;
  ExpectRefused(Cut(odd), PEEL_INVALID_ARGUMENT, "even");
  odd.stride = kWidth * 3;
  ExpectRefused(Cut(odd), PEEL_INVALID_ARGUMENT, "stride");
}

TEST_F(Additions, ComposesDeepPixels) {
  const auto deep = Ball<uint16_t>(3, true);
  const std::vector<uint8_t> matte(kWidth * kHeight, 255);
  const peel_pixels picture = Pixels(deep, 3 | PEEL_16_BIT | PEEL_BGR), plane = Pixels(matte, 1);
  const peel_engine* const engines[] = {nullptr, engine_.get()};
  for (const peel_engine* engine : engines) {
    const auto made =
        Copied<uint16_t>(Result(peel_compose_pixels(engine, &picture, &plane, nullptr)));
    for (size_t i = 0; i < matte.size(); ++i) {
      ASSERT_EQ(made[4 * i], deep[3 * i]);
      ASSERT_EQ(made[4 * i + 3], 65535);
    }
  }
  const peel_pixels deep_matte = Pixels(deep, 1 | PEEL_16_BIT);
  ExpectRefused(Result(peel_compose_pixels(nullptr, &picture, &deep_matte, nullptr)),
                PEEL_INVALID_ARGUMENT, "8 bits");
}

TEST_F(Additions, ATrimapDecides) {
  const auto samples = Ball<uint8_t>(3);
  std::vector<uint8_t> drawn(kWidth * kHeight, 0);
  for (size_t i = 0; i < drawn.size(); ++i) {
    const size_t x = i % kWidth;
    drawn[i] = x < 30 ? 0 : x < 60 ? 128 : 255;
  }
  const peel_pixels picture = Pixels(samples, 3);
  peel_pixels trimap = Pixels(drawn, 1);
  peel_cut_options options = Defaults();
  options.trimap = &trimap;
  const auto made = Copied(Cut(picture, options));
  for (size_t i = 0; i < drawn.size(); ++i) {
    if (drawn[i] == 128) continue;
    ASSERT_EQ(made[4 * i + 3], drawn[i]);
  }
  const auto png = BallPng();
  EXPECT_EQ(
      peel_result_status(Result(peel_cut(engine_.get(), png.data(), png.size(), &options)).get()),
      PEEL_OK);
  options.edges = PEEL_EDGES_REFINE;
  ExpectRefused(Cut(picture, options), PEEL_INVALID_ARGUMENT, "trimap");
  options.edges = PEEL_EDGES_AUTO;
  options.work_size = 50;
  ExpectRefused(Cut(picture, options), PEEL_INVALID_ARGUMENT, "work_size");
  options.work_size = 0;
  trimap.height = kHeight / 2;
  ExpectRefused(Cut(picture, options), PEEL_INVALID_ARGUMENT, "trimap");
  trimap = Pixels(samples, 3);
  ExpectRefused(Cut(picture, options), PEEL_INVALID_ARGUMENT, "1 channel");
}

struct Told {
  std::vector<std::string> stages;
  double fraction = -1;
  std::string stop_at;
};
int Tell(void* data, const char* stage, double fraction) {
  auto* told = static_cast<Told*>(data);
  EXPECT_GT(fraction, told->fraction);
  told->fraction = fraction;
  told->stages.push_back(stage);
  return stage == told->stop_at;
}

TEST_F(Additions, ProgressIsToldAndMayStop) {
  const auto png = BallPng();
  Told told;
  peel_cut_options options = Defaults();
  options.progress = &Tell;
  options.progress_data = &told;
  const auto cut = [&] {
    told.stages.clear();
    told.fraction = -1;
    return Result(peel_cut(engine_.get(), png.data(), png.size(), &options));
  };
  EXPECT_EQ(peel_result_status(cut().get()), PEEL_OK);
  EXPECT_THAT(told.stages, ElementsAre("decode", "network", "matte", "compose", "encode", "done"));
  EXPECT_EQ(told.fraction, 1);
  told.stop_at = "matte";
  ExpectRefused(cut(), PEEL_CANCELLED, "stopped");
  EXPECT_THAT(told.stages, ElementsAre("decode", "network", "matte"));
  const auto samples = Ball<uint8_t>(3), matte = std::vector<uint8_t>(kWidth * kHeight, 99);
  const peel_pixels picture = Pixels(samples, 3), plane = Pixels(matte, 1);
  told = Told();
  told.stop_at = "compose";
  ExpectRefused(Result(peel_compose_pixels(nullptr, &picture, &plane, &options)), PEEL_CANCELLED,
                "stopped");
}

TEST_F(Additions, CopiesIntoTheCallersMemory) {
  const auto samples = Ball<uint8_t>(3);
  const Result result = Cut(Pixels(samples, 3));
  const size_t row = size_t{kWidth} * 4, stride = row + 40;
  EXPECT_EQ(peel_result_copy(result.get(), nullptr, 0, 0), row * kHeight);
  const size_t size = peel_result_copy(result.get(), nullptr, 0, stride);
  EXPECT_EQ(size, stride * (kHeight - 1) + row);
  std::vector<uint8_t> buffer(size + 8, 0xAB);
  EXPECT_EQ(peel_result_copy(result.get(), buffer.data(), size - 1, stride), size);
  EXPECT_EQ(buffer[0], 0xAB) << "too little room, so nothing is written";
  EXPECT_EQ(peel_result_copy(result.get(), buffer.data(), size, stride), size);
  for (int y = 0; y < kHeight; ++y) {
    const uint8_t* from = peel_result_data(result.get()) + y * peel_result_stride(result.get());
    ASSERT_EQ(std::memcmp(&buffer[y * stride], from, row), 0);
    ASSERT_EQ(buffer[y * stride + row], 0xAB);
  }
  EXPECT_EQ(buffer[size], 0xAB);
  EXPECT_EQ(peel_result_copy(result.get(), buffer.data(), size, row - 1), 0u);
  EXPECT_EQ(peel_result_copy(nullptr, buffer.data(), size, 0), 0u);

  const auto png = BallPng();
  const Result file(peel_cut(engine_.get(), png.data(), png.size(), nullptr));
  EXPECT_EQ(peel_result_bits(file.get()), 8);
  std::vector<uint8_t> copy(peel_result_copy(file.get(), nullptr, 0, 0));
  ASSERT_EQ(copy.size(), peel_result_size(file.get()));
  peel_result_copy(file.get(), copy.data(), copy.size(), 0);
  EXPECT_EQ(std::memcmp(copy.data(), peel_result_data(file.get()), copy.size()), 0);
}

TEST(Probe, SaysWhatTheHeaderSays) {
  const auto png = BallPng();
  const Info info(peel_probe(png.data(), png.size()));
  ASSERT_EQ(peel_info_status(info.get()), PEEL_OK) << peel_info_error(info.get());
  EXPECT_STREQ(peel_info_format(info.get()), "PNG");
  EXPECT_EQ(peel_info_width(info.get()), kWidth);
  EXPECT_EQ(peel_info_height(info.get()), kHeight);
  EXPECT_EQ(peel_info_bits(info.get()), 8);
  EXPECT_EQ(peel_info_channels(info.get()), 3);
  EXPECT_EQ(peel_info_frames(info.get()), 1);
  EXPECT_EQ(peel_info_orientation(info.get()), 1);
  EXPECT_EQ(peel_info_has_alpha(info.get()), 0);

  // On its side: width and height are the upright ones, as the result has them.
  const auto pixels = Ball<uint16_t>(4);
  peel::Metadata metadata;
  metadata.exif = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3,
                   0,   1,   0,  0, 0, 6, 0, 0, 0, 0, 0,    0, 0};
  peel::EncodeOptions encode;
  encode.metadata = &metadata;
  const auto turned = *peel::Encode(
      peel::ImageView<const uint16_t>{pixels.data(), kWidth, kHeight, 4, kWidth * 4}, encode);
  const Info upright(peel_probe(turned.data(), turned.size()));
  EXPECT_EQ(peel_info_orientation(upright.get()), 6);
  EXPECT_EQ(peel_info_width(upright.get()), kHeight);
  EXPECT_EQ(peel_info_height(upright.get()), kWidth);
  EXPECT_EQ(peel_info_bits(upright.get()), 16);
  EXPECT_EQ(peel_info_has_alpha(upright.get()), 1);

  const Info junk(peel_probe("junk, no picture", 16));
  EXPECT_EQ(peel_info_status(junk.get()), PEEL_UNSUPPORTED);
  EXPECT_STRNE(peel_info_error(junk.get()), "");
  EXPECT_STREQ(peel_info_format(junk.get()), "");
  EXPECT_EQ(peel_info_width(junk.get()), 0);
  EXPECT_EQ(peel_info_status(nullptr), PEEL_OUT_OF_MEMORY);
  EXPECT_EQ(peel_info_status(Info(peel_probe(nullptr, 3)).get()), PEEL_INVALID_ARGUMENT);
}

TEST_F(Additions, TrimmingGivesMemoryBackAndChangesNothing) {
  const std::vector<uint8_t> large(size_t{3} * 1500 * 1500, 90);
  const peel_pixels pixels = {large.data(), 1500, 1500, 3, 0};
  const auto before = Copied(Cut(pixels));
#if !defined(__SANITIZE_ADDRESS__)  // nothing waits then
  EXPECT_GT(peel::BlockCache::Process().waiting(), 0u);
#endif
  peel_trim_memory(engine_.get());
  EXPECT_EQ(peel::BlockCache::Process().waiting(), 0u);
  EXPECT_EQ(Copied(Cut(pixels)), before);
  peel_trim_memory(nullptr);
}

}  // namespace
