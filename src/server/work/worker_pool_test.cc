#include "src/server/work/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string_view>

#include "src/base/os/child_process.h"
#include "src/codec/test_files.h"
#include "src/pipeline/cut/cutter.h"
#include "src/server/work/cut_job.h"
#include "src/server/work/test_pool.h"
#include "src/server/work/zygote.h"

// The component's test program is its own zygote.
int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "serve-zygote") {
    return peel::server::RunZygote(peel::ChildProcess::kDescriptor);
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

namespace peel::server {
namespace {

using testing::HasSubstr;

// A bright disc on a dark ground: something to cut out.
ImageU8 Disc(int width, int height) {
  ImageU8 image = *ImageU8::Allocate(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int dx = 2 * x - width, dy = 2 * y - height;
      const bool inside = 9 * (dx * dx + dy * dy) < 4 * width * height;
      uint8_t* const pixel = image.row(y) + 3 * x;
      pixel[0] = inside ? 230 : static_cast<uint8_t>(20 + x % 40);
      pixel[1] = inside ? static_cast<uint8_t>(120 + y % 60) : 40;
      pixel[2] = inside ? 40 : static_cast<uint8_t>(60 + (x + y) % 30);
    }
  }
  return image;
}

Bytes Jpeg(int width = 200, int height = 160) {
  return MustEncode(Disc(width, height).view(), {.format = Format::kJpeg});
}
Bytes Png(int width = 200, int height = 160) {
  return MustEncode(Disc(width, height).view(), {.format = Format::kPng});
}

// The model as the tests compare with it, loaded once.
const Cutter& Here() {
  static const std::unique_ptr<Cutter> cutter = [] {
    auto made = Cutter::Start({});
    EXPECT_TRUE(made->Wait().ok());
    return made;
  }();
  return *cutter;
}

Bytes CutHere(const CutJob& job, const Bytes& picture) {
  const auto cut = Cut(Here(), job, {.picture = picture, .attachments = {}, .keeper = nullptr}, {});
  EXPECT_TRUE(cut.ok()) << cut.status().message();
  return cut.ok() ? cut->bytes : Bytes();
}

// Of each kind of result one.
std::map<std::string, CutJob> Jobs() {
  std::map<std::string, CutJob> jobs;
  jobs["png"] = {};
  jobs["jpg"].format = "jpg";
  jobs["jpg"].quality = 80;
  jobs["webp"].format = "webp";
  jobs["zip"].format = "zip";
  jobs["mask"].mask_only = true;
  jobs["colour"].background = "#336699";
  jobs["blur"].background = "blur:5";
  jobs["matting"].alpha_matting = true;
  jobs["small"].max_size = 100;
  jobs["canvas"].size = "300x100";
  jobs["canvas"].shadow = "5,5";
  jobs["rembg"].compat_rembg = true;
  return jobs;
}

void ExpectSameAsHere(int workers) {
  TestPool pool({.workers = workers});
  ASSERT_TRUE(pool.ok());
  const Bytes picture = Jpeg();
  for (const auto& [name, job] : Jobs()) {
    const Outcome outcome = pool.Do(job, picture);
    ASSERT_TRUE(outcome.ok()) << name << ": " << outcome.failure.message;
    EXPECT_EQ(BytesOf(*outcome.done), CutHere(job, picture)) << name;
    EXPECT_EQ(outcome.done->model, "peel") << name;
    EXPECT_EQ(outcome.done->device, "cpu") << name;
    EXPECT_EQ(outcome.done->input_width, 200) << name;
    EXPECT_EQ(outcome.done->stages.front().first, "queue") << name;
    EXPECT_GT(outcome.done->stages.size(), 3U) << name;
  }
}

TEST(WorkerPool, GivesTheBytesOfOneProcess) { ExpectSameAsHere(2); }
TEST(WorkerPool, GivesTheBytesOfOneProcessInThreads) { ExpectSameAsHere(0); }

TEST(WorkerPool, ReadsAllFormatsBehindItsWalls) {
  TestPool pool;
  ASSERT_TRUE(pool.ok());
  const ImageU8 disc = Disc(120, 90);
  std::vector<std::pair<std::string, Bytes>> files;
  for (const Format format :
       {Format::kPng, Format::kJpeg, Format::kWebp, Format::kGif, Format::kTiff, Format::kAvif}) {
    auto file = Encode(disc.view(), {.format = format});
    if (file.ok()) files.emplace_back(std::string(FormatName(format)), *std::move(file));
  }
  if (HaveSharedImages()) {
    std::map<std::string, int> taken;  // two of each suffix
    for (const auto& entry : std::filesystem::directory_iterator(SharedImages() / "odd")) {
      const std::string suffix = entry.path().extension();
      const bool wanted = suffix == ".heic" || suffix == ".jxl" || suffix == ".dng";
      if (wanted && taken[suffix]++ < 2) {
        files.emplace_back(entry.path(), ReadFileForTest(entry.path()));
      }
    }
  }
  CutJob job;
  job.format = "tiff";
  for (const auto& [name, file] : files) {
    const auto here = Cut(Here(), job, {.picture = file, .attachments = {}, .keeper = nullptr}, {});
    const Outcome there = pool.Do(job, file);
    ASSERT_EQ(here.ok(), there.ok())
        << name << ": " << there.failure.message << " / " << here.status().message();
    if (here.ok()) {
      EXPECT_EQ(BytesOf(*there.done), here->bytes) << name;
    } else {
      EXPECT_EQ(there.failure.message, here.status().message()) << name;
    }
  }
}

// --- Faults

class Fault : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Fault, FailsOnePictureAlone) {
  const auto& [what, stage] = GetParam();
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  if (what == "eat") GTEST_SKIP() << "memory has no bounds in a build with a sanitizer";
#endif
  const WithTestHook hook(what + "@" + stage);
  TestPool pool({.workers = 2});
  ASSERT_TRUE(pool.ok());
  const Bytes picture = Jpeg();
  const auto before = pool.Submit({}, picture);
  const auto bad = pool.Submit({}, Marked(picture));
  const auto after = pool.Submit({}, picture);
  const Outcome failed = pool.Wait(bad);
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.failure.kind, Failure::Kind::kWorker);
  EXPECT_THAT(failed.failure.message, HasSubstr(what == "crash"     ? "Segmentation fault"
                                                : what == "exit"    ? "exit code 5"
                                                : what == "garbage" ? "led astray"
                                                                    : "memory"));
  EXPECT_THAT(failed.failure.message, HasSubstr("stage " + stage));
  const Bytes good = CutHere({}, picture);
  for (const auto& pending : {before, after}) {
    const Outcome outcome = pool.Wait(pending);
    ASSERT_TRUE(outcome.ok()) << outcome.failure.message;
    EXPECT_EQ(BytesOf(*outcome.done), good);
  }
  EXPECT_TRUE(pool.Until([&] { return pool->counts().workers == 2; }));
  EXPECT_EQ(pool->counts().crashes, what == "eat" ? 0U : 1U);
}

INSTANTIATE_TEST_SUITE_P(
    WorkerPool, Fault,
    testing::Combine(testing::Values("crash", "exit", "garbage", "eat"),
                     testing::Values("take", "decode", "network", "compose", "encode")),
    [](const auto& test) { return std::get<0>(test.param) + "_" + std::get<1>(test.param); });

TEST(WorkerPool, HasADeadlineAtWorkAndInTheQueue) {
  const WithTestHook hook("hang@decode");
  WorkOptions options = {.workers = 1};
  options.deadline = std::chrono::milliseconds(300);
  TestPool pool(options);
  ASSERT_TRUE(pool.ok());
  const auto hung = pool.Submit({}, Marked(Jpeg()));
  const auto waits = pool.Submit({}, Marked(Jpeg()));
  const Outcome at_work = pool.Wait(hung);
  EXPECT_EQ(at_work.failure.kind, Failure::Kind::kDeadline);
  EXPECT_THAT(at_work.failure.message, HasSubstr("took too long"));
  const Outcome queued = pool.Wait(waits);
  EXPECT_EQ(queued.failure.kind, Failure::Kind::kDeadline);
  EXPECT_GE(queued.failure.retry_after, 1);
}

TEST(WorkerPool, RefusesAPictureThatKeepsEndingWorkers) {
  const WithTestHook hook("crash@decode");
  TestPool pool({.workers = 1});
  ASSERT_TRUE(pool.ok());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pool.Do({}, Marked(Jpeg())).failure.kind, Failure::Kind::kWorker);
  }
  const auto again = pool.Submit({}, Marked(Jpeg()));
  EXPECT_EQ(again.id, 0U);
  EXPECT_THAT((*again.outcome)->failure.message, HasSubstr("several times"));
  EXPECT_EQ(pool->counts().crashes, 3U);
  EXPECT_TRUE(pool.Do({}, Jpeg()).ok());
}

// --- Admission

TEST(WorkerPool, IsBusyAtOnceWhenTheQueueIsFull) {
  const WithTestHook hook("hang@decode");
  WorkOptions options = {.workers = 1, .max_queue = 1};
  options.kill_after = std::chrono::milliseconds(50);
  TestPool pool(options);
  ASSERT_TRUE(pool.ok());
  const auto hung = pool.Submit({}, Marked(Jpeg()));
  const auto waits = pool.Submit({}, Jpeg());
  const auto refused = pool.Submit({}, Jpeg());
  EXPECT_EQ(refused.id, 0U);
  ASSERT_TRUE(refused.over());
  EXPECT_EQ((*refused.outcome)->failure.kind, Failure::Kind::kBusy);
  EXPECT_GE((*refused.outcome)->failure.retry_after, 1);
  EXPECT_EQ(pool->counts().refused_busy, 1U);
  EXPECT_EQ(pool->counts().queued, 1);
  // One in the queue can be cancelled, and makes room.
  pool->Cancel(waits.id, Failure::Kind::kGone);
  EXPECT_EQ((*waits.outcome)->failure.kind, Failure::Kind::kGone);
  const auto fits = pool.Submit({}, Jpeg());
  EXPECT_NE(fits.id, 0U);
  pool->Cancel(hung.id, Failure::Kind::kGone);
  EXPECT_TRUE(pool.Wait(fits).ok());
}

TEST(WorkerPool, RefusesByTheHeaderAlone) {
  TestPool pool({.workers = 1});
  ASSERT_TRUE(pool.ok());
  CutJob job;
  job.max_pixels = 200 * 160 - 1;
  for (const Bytes& file : {Jpeg(), Png()}) {
    const auto refused = pool.Submit(job, file);
    EXPECT_EQ(refused.id, 0U);
    ASSERT_TRUE(refused.over());
    EXPECT_EQ((*refused.outcome)->failure.code, StatusCode::kLimit);
    EXPECT_THAT((*refused.outcome)->failure.message, HasSubstr("200 x 160"));
  }
  // Of a header that only a library reads, the worker tells.
  const Bytes tiff = MustEncode(Disc(200, 160).view(), {.format = Format::kTiff});
  const Outcome told = pool.Do(job, tiff);
  EXPECT_EQ(told.failure.kind, Failure::Kind::kRefused);
  EXPECT_EQ(told.failure.code, StatusCode::kLimit);
  ++job.max_pixels;
  EXPECT_TRUE(pool.Do(job, tiff).ok());
  EXPECT_EQ(pool->counts().restarts, 0U);
}

TEST(WorkerPool, KeepsWithinItsMemory) {
  WorkOptions options = {.workers = 2};
  options.memory = uint64_t{40} << 20;  // one such picture at a time
  TestPool pool(options);
  ASSERT_TRUE(pool.ok());
  std::vector<TestPool::Pending> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(pool.Submit(
        {}, i % 2 == 0 ? Jpeg() : MustEncode(Disc(200, 160).view(), {.format = Format::kTiff})));
  }
  ASSERT_TRUE(pool.Until([&] {
    EXPECT_LE(pool->counts().memory_admitted, options.memory);
    return std::ranges::all_of(all, &TestPool::Pending::over);
  }));
  for (const auto& pending : all) EXPECT_TRUE((*pending.outcome)->ok());
  EXPECT_EQ(pool->counts().memory_admitted, 0U);
  const auto large = pool.Submit({}, Png(4000, 3000));
  ASSERT_TRUE(large.over());
  EXPECT_EQ((*large.outcome)->failure.code, StatusCode::kLimit);
}

TEST(WorkerPool, RefusesOptionsThatMakeNoSense) {
  TestPool pool({.workers = 1});
  ASSERT_TRUE(pool.ok());
  CutJob job;
  job.background = "/etc/hostname";
  auto refused = pool.Submit(job, Jpeg());
  ASSERT_TRUE(refused.over());
  EXPECT_EQ((*refused.outcome)->failure.code, StatusCode::kInvalidArgument);
  EXPECT_THAT((*refused.outcome)->failure.message, HasSubstr("background"));
  // A broken picture is refused by the decoder's own words.
  Bytes half = Png();
  half.resize(60);
  const Outcome broken = pool.Do({}, half);
  EXPECT_EQ(broken.failure.kind, Failure::Kind::kRefused);
  EXPECT_EQ(pool.Do({}, {'x'}).failure.code, StatusCode::kUnsupported);
  EXPECT_EQ(pool->counts().restarts, 0U);
}

TEST(WorkerPool, Drains) {
  TestPool pool({.workers = 1});
  ASSERT_TRUE(pool.ok());
  const auto one = pool.Submit({}, Jpeg()), two = pool.Submit({}, Jpeg());
  bool drained = false;
  pool->Drain([&] { drained = true; });
  EXPECT_FALSE(drained);
  const auto late = pool.Submit({}, Jpeg());
  ASSERT_TRUE(late.over());
  EXPECT_EQ((*late.outcome)->failure.kind, Failure::Kind::kDraining);
  ASSERT_TRUE(pool.Until([&] { return drained; }));
  EXPECT_TRUE((*one.outcome)->ok());
  EXPECT_TRUE((*two.outcome)->ok());
}

}  // namespace
}  // namespace peel::server
