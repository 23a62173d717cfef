// A host program's threads in the place of Peel's, through the C interface.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <peel/peel.h>

#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "src/base/test_executor.h"

namespace {

using testing::HasSubstr;

std::vector<uint8_t> Example() {
  std::ifstream file(PEEL_SOURCE_DIR "/examples/example.png", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<uint8_t> CutWith(const peel_engine* engine, peel_format format) {
  peel_cut_options options;
  peel_cut_options_init(&options, sizeof options);
  options.format = format;
  const std::vector<uint8_t> png = Example();
  peel_result* const result = peel_cut(engine, png.data(), png.size(), &options);
  EXPECT_EQ(peel_result_status(result), PEEL_OK) << peel_result_error(result);
  const uint8_t* const data = peel_result_data(result);
  std::vector<uint8_t> bytes(data, data + peel_result_size(result));
  peel_result_free(result);
  return bytes;
}

peel_executor InC(peel::TestExecutor& host) {
  constexpr auto kRun = [](void* opaque, int count, void (*body)(void*, int), void* context) {
    static_cast<peel::TestExecutor*>(opaque)->Run(count, [&](int i) { body(context, i); });
  };
  peel_executor executor = {};
  executor.size = sizeof executor;
  executor.max_concurrency = host.max_concurrency();
  executor.run = kRun;
  executor.opaque = &host;
  return executor;
}

peel_engine* Create(const peel_executor* executor, int threads = 0) {
  peel_engine_options options;
  peel_engine_options_init(&options, sizeof options);
  options.executor = executor;
  options.threads = threads;
  return peel_engine_create(&options);
}

TEST(Executor, DoesTheWorkAndPeelStartsNoThread) {
  peel_engine* const plain = peel_engine_create(nullptr);
  std::vector<std::vector<uint8_t>> expected;
  for (const peel_format format : {PEEL_PNG, PEEL_JPEG, PEEL_WEBP, PEEL_TIFF}) {
    expected.push_back(CutWith(plain, format));
  }
  peel_engine_free(plain);

  peel::TestExecutor host(3);
  const int before = peel::ThreadsOfProcess();
  peel_engine* engine = nullptr;
  {
    const peel_executor executor = InC(host);  // is copied
    engine = Create(&executor);
  }
  ASSERT_EQ(peel_engine_status(engine), PEEL_OK) << peel_engine_error(engine);
  EXPECT_EQ(peel_engine_threads(engine), 3);
  const int after_loading = host.runs();
  EXPECT_GT(after_loading, 0) << "weights are packed";
  for (size_t i = 0; i < expected.size(); ++i) {
    const peel_format formats[] = {PEEL_PNG, PEEL_JPEG, PEEL_WEBP, PEEL_TIFF};
    EXPECT_EQ(CutWith(engine, formats[i]), expected[i]);
  }
  EXPECT_GT(host.runs(), after_loading + 100) << "so does everything else";
  EXPECT_LE(host.most_threads(), before);
  EXPECT_LE(peel::ThreadsOfProcess(), before);
  peel_engine_free(engine);
}

TEST(Executor, IsSharedByCallersAndEngines) {
  peel::TestExecutor host(2);
  const peel_executor executor = InC(host);
  peel_engine* const engines[] = {Create(&executor), Create(&executor, 1), Create(&executor, 9)};
  EXPECT_EQ(peel_engine_threads(engines[0]), 2);
  EXPECT_EQ(peel_engine_threads(engines[1]), 1);
  EXPECT_EQ(peel_engine_threads(engines[2]), 2);
  const std::vector<uint8_t> expected = CutWith(engines[0], PEEL_PNG);
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] { EXPECT_EQ(CutWith(engines[t % 3], PEEL_PNG), expected); });
  }
  for (std::thread& caller : callers) caller.join();
  for (peel_engine* engine : engines) peel_engine_free(engine);
}

TEST(Executor, ThatCannotBeIsRefused) {
  peel::TestExecutor host(1);
  const auto refused = [](const peel_executor& executor) {
    peel_engine* const engine = Create(&executor);
    EXPECT_EQ(peel_engine_status(engine), PEEL_INVALID_ARGUMENT);
    std::string why = peel_engine_error(engine);
    peel_engine_free(engine);
    return why;
  };
  peel_executor executor = InC(host);
  executor.max_concurrency = 0;
  EXPECT_THAT(refused(executor), HasSubstr("max_concurrency"));
  executor = InC(host);
  executor.run = nullptr;
  EXPECT_THAT(refused(executor), HasSubstr("run"));
  executor = InC(host);
  executor.size = 0;
  EXPECT_THAT(refused(executor), HasSubstr("size"));
  struct {
    peel_executor known;
    void* newer;
  } later = {InC(host), nullptr};
  later.known.size = sizeof later;
  peel_engine* const engine = Create(&later.known);
  EXPECT_EQ(peel_engine_status(engine), PEEL_OK) << peel_engine_error(engine);
  peel_engine_free(engine);
  later.newer = &host;
  EXPECT_THAT(refused(later.known), HasSubstr("a newer one is needed"));
}

}  // namespace
