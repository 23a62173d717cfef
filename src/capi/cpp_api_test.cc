// The C++ interface as its users see it: nothing of the library's inside is included.
#include <gtest/gtest.h>
#include <peel/peel.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

std::vector<uint8_t> Example() {
  std::ifstream file(PEEL_SOURCE_DIR "/examples/example.png", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const peel::Engine& SharedEngine() {
  static const peel::Engine engine;
  return engine;
}

TEST(CppApi, CutsBytes) {
  const auto png = Example();
  const peel::Result cut = SharedEngine().Cut(png);
  EXPECT_EQ(cut.width(), 96);
  EXPECT_EQ(cut.height(), 64);
  EXPECT_EQ(cut.channels(), 4);
  EXPECT_EQ(cut.bytes()[1], 'P');
  const peel::Result same = SharedEngine().Cut(std::as_bytes(std::span(png)));
  EXPECT_TRUE(std::ranges::equal(cut.bytes(), same.bytes()));
  peel::CutOptions options;
  options.mask_only = true;
  EXPECT_EQ(SharedEngine().Cut(png, options).channels(), 1);
}

TEST(CppApi, MattesPixels) {
  const std::vector<uint8_t> pixels(80 * 60 * 3, 120);
  const peel::Result matte = SharedEngine().Matte({pixels, 80, 60, 3});
  EXPECT_EQ(matte.bytes().size(), matte.stride() * 59 + 80);
  EXPECT_THROW(SharedEngine().Cut(peel::Pixels{std::span(pixels).first(100), 80, 60, 3}),
               peel::Error);
  EXPECT_THROW(SharedEngine().Cut(peel::Pixels{pixels, 80, -60, 3}), peel::Error);
}

TEST(CppApi, ComposesWithAMatte) {
  const std::vector<uint8_t> pixels(80 * 60 * 3, 120), matte(80 * 60, 200);
  const peel::Result cut = SharedEngine().Compose({pixels, 80, 60, 3}, {matte, 80, 60, 1});
  EXPECT_EQ(cut.channels(), 4);
  EXPECT_EQ(cut.bytes()[3], 200);
  EXPECT_THROW(SharedEngine().Compose({pixels, 80, 60, 3}, {pixels, 80, 60, 3}), peel::Error);
  EXPECT_EQ(SharedEngine().precision(), "fp32");
}

TEST(CppApi, ThrowsWithStatusAndText) {
  const auto png = Example();
  try {
    SharedEngine().Cut(std::span(png).first(40));
    FAIL() << "a truncated picture was cut out";
  } catch (const peel::Error& error) {
    EXPECT_EQ(error.status(), PEEL_CORRUPT);
    EXPECT_STRNE(error.what(), "");
  }
  EXPECT_THROW(peel::Engine({.model = "/nowhere.onnx"}), peel::Error);
}

TEST(CppApi, CancelToken) {
  peel::CancelToken token;
  peel::CutOptions options;
  options.cancel = &token;
  const auto png = Example();
  EXPECT_NO_THROW(SharedEngine().Cut(png, options));
  token.Cancel();
  EXPECT_THROW(SharedEngine().Cut(png, options), peel::Error);
}

TEST(CppApi, ProbesCopiesAndNumbersItsVersion) {
  const auto png = Example();
  const peel::PictureInfo info = peel::Probe(png);
  EXPECT_EQ(info.format, "PNG");
  EXPECT_EQ(info.width, 96);
  EXPECT_EQ(info.height, 64);
  EXPECT_FALSE(info.has_alpha);
  EXPECT_THROW(peel::Probe(std::span(png).first(20)), peel::Error);
  EXPECT_EQ(peel::VersionNumber(), PEEL_NUMERIC_VERSION);

  const peel::Result cut = SharedEngine().Cut(png);
  std::vector<uint8_t> copy(cut.CopyTo({}));
  EXPECT_EQ(cut.CopyTo(copy), copy.size());
  EXPECT_TRUE(std::ranges::equal(copy, cut.bytes()));
  SharedEngine().TrimMemory();
  EXPECT_TRUE(std::ranges::equal(SharedEngine().Cut(png).bytes(), copy));
}

TEST(CppApi, PixelsOfSixteenBitsInAnotherOrder) {
  const std::vector<uint16_t> samples(size_t{80} * 60 * 4, 40000);
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(samples.data()),
                                       samples.size() * 2);
  const peel::Pixels pixels = {bytes, 80, 60, 4 | PEEL_BGR | PEEL_16_BIT, 0};
  const peel::Result cut = SharedEngine().Cut(pixels);
  EXPECT_EQ(cut.bits(), 16);
  EXPECT_EQ(cut.CopyTo({}), size_t{80} * 60 * 4 * 2);
  peel::Pixels short_of_one = pixels;
  short_of_one.data = bytes.first(bytes.size() - 1);
  EXPECT_THROW(SharedEngine().Cut(short_of_one), peel::Error);
}

TEST(CppApi, ProgressStopsAndItsExceptionsComeThrough) {
  const auto png = Example();
  peel::CutOptions options;
  int told = 0;
  options.progress = [&](const char*, double) { return ++told < 3; };
  try {
    SharedEngine().Cut(png, options);
    FAIL() << "not stopped";
  } catch (const peel::Error& error) {
    EXPECT_EQ(error.status(), PEEL_CANCELLED);
  }
  EXPECT_EQ(told, 3);
  options.progress = [](const char*, double) -> bool { throw std::out_of_range("mine"); };
  EXPECT_THROW(SharedEngine().Cut(png, options), std::out_of_range);
}

TEST(CppApi, Models) {
  EXPECT_EQ(peel::Models().at(0).name, "peel");
  EXPECT_FALSE(peel::Version().empty());
}

// Many threads on one engine give what one thread gives.
TEST(CppApi, OneEngineManyThreads) {
  const auto png = Example();
  const auto cut = [&](int margin) {
    peel::CutOptions options;
    options.max_size = 40 + margin;
    const peel::Result result = SharedEngine().Cut(png, options);
    return std::vector<uint8_t>(result.bytes().begin(), result.bytes().end());
  };
  std::vector<std::vector<uint8_t>> alone(4), together(4);
  for (int i = 0; i < 4; ++i) alone[i] = cut(i);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&, i] { together[i] = cut(i); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(alone, together);
}

// Runs what three threads could run, one after another.
class Counting : public peel::Executor {
 public:
  int max_concurrency() const noexcept override { return 3; }
  void Run(int count, const std::function<void(int)>& body) noexcept override {
    ++runs;
    for (int i = 0; i < count; ++i) body(i);
  }
  int runs = 0;
};

TEST(CppApi, AnExecutorDoesTheWorkAndLivesAsLongAsItsEngine) {
  const auto png = Example();
  peel::EngineOptions options;
  const auto first = std::make_shared<Counting>(), second = std::make_shared<Counting>();
  options.executor = first;
  peel::Engine engine(options);
  EXPECT_EQ(engine.threads(), 3);
  const int after_loading = first->runs;
  const peel::Result cut = engine.Cut(png);
  EXPECT_TRUE(std::ranges::equal(cut.bytes(), SharedEngine().Cut(png).bytes()));
  EXPECT_GT(first->runs, after_loading + 20);
  options.executor = second;
  engine = peel::Engine(options);
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_EQ(second.use_count(), 3);
  const peel::Engine moved = std::move(engine);
  EXPECT_TRUE(std::ranges::equal(cut.bytes(), moved.Cut(png).bytes()));
  EXPECT_GT(second->runs, 20);
}

}  // namespace
