// The parts of the work that need no process: headers, options, messages, ZIP, records, threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <thread>

#include "src/base/os/message_socket.h"
#include "src/base/os/worker_process.h"
#include "src/codec/decode.h"
#include "src/codec/test_files.h"
#include "src/server/work/crash_record.h"
#include "src/server/work/forkable_executor.h"
#include "src/server/work/header.h"
#include "src/server/work/job_options.h"
#include "src/server/work/protocol.h"
#include "src/server/work/test_pool.h"
#include "src/server/work/zip_writer.h"

namespace peel::server {
namespace {

using testing::HasSubstr;

std::span<const uint8_t> Span(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// --- Headers

TEST(Header, SaysWhatTheDecodersSay) {
  const ImageU8 rgb = Smooth(301, 77, 3), rgba = Smooth(31, 407, 4);
  std::vector<Bytes> files;
  for (const Format format : {Format::kPng, Format::kJpeg, Format::kWebp}) {
    files.push_back(MustEncode(rgb.view(), {.format = format}));
  }
  files.push_back(
      MustEncode(rgba.view(), {.format = Format::kWebp, .quality = 0, .lossless = true}));
  files.push_back(MustEncode(rgba.view(), {.format = Format::kWebp}));
  for (const Bytes& file : files) {
    const auto read = ReadHeader(file);
    const auto probed = Probe(file);
    ASSERT_TRUE(probed.ok());
    ASSERT_TRUE(read) << FormatName(probed->format);
    EXPECT_EQ(read->format, probed->format);
    EXPECT_EQ(read->width, probed->width) << FormatName(probed->format);
    EXPECT_EQ(read->height, probed->height) << FormatName(probed->format);
  }
}

TEST(Header, AgreesOverPicturesOfTheWorld) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  int agreed = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SharedImages())) {
    if (!entry.is_regular_file() || entry.file_size() > size_t{1} << 20) continue;
    const Bytes file = ReadFileForTest(entry.path());
    const auto read = ReadHeader(file);
    const auto probed = Probe(file);
    if (!read || !probed.ok()) continue;  // one of the two is pickier
    EXPECT_EQ(read->width, probed->width) << entry.path();
    EXPECT_EQ(read->height, probed->height) << entry.path();
    ++agreed;
  }
  EXPECT_GT(agreed, 100);
}

TEST(Header, TakesAnyBytes) {
  std::mt19937 random(1);
  const ImageU8 rgb = Smooth(40, 30, 3);
  for (const Format format : {Format::kPng, Format::kJpeg, Format::kWebp}) {
    const Bytes file = MustEncode(rgb.view(), {.format = format});
    for (size_t size = 0; size < std::min<size_t>(file.size(), 200); ++size) {
      ReadHeader(std::span(file).first(size));
    }
    for (int i = 0; i < 2000; ++i) {
      Bytes broken = file;
      for (int n = 0; n < 4; ++n)
        broken[random() % std::min<size_t>(broken.size(), 64)] = static_cast<uint8_t>(random());
      const auto read = ReadHeader(broken);
      if (read) {
        EXPECT_GT(read->width, 0);
        EXPECT_GT(read->height, 0);
      }
    }
  }
}

// --- Options

Status CheckOf(const std::function<void(CutJob&)>& change) {
  CutJob job;
  change(job);
  return job.Check();
}

TEST(JobOptions, TheUsualOnesAreRight) { EXPECT_TRUE(CutJob().Check().ok()); }

TEST(JobOptions, EachMistakeIsToldByItsName) {
  const std::vector<std::pair<std::function<void(CutJob&)>, std::string>> mistakes = {
      {[](CutJob& job) { job.format = "bmp"; }, "format"},
      {[](CutJob& job) { job.format = ""; }, "format"},
      {[](CutJob& job) { job.quality = 101; }, "quality"},
      {[](CutJob& job) { job.quality = 50; }, "quality"},  // of a PNG
      {[](CutJob& job) { job.background = "no colour"; }, "background"},
      {[](CutJob& job) { job.background = "/etc/passwd"; }, "background"},
      {[](CutJob& job) { job.background_fit = "x"; }, "background_fit"},
      {[](CutJob& job) { job.edges = "sharp"; }, "edges"},
      {[](CutJob& job) { job.matting_erode = -1; }, "erode"},
      {[](CutJob& job) { job.shadow = "a,b"; }, "shadow"},
      {[](CutJob& job) { job.size = "0x5"; }, "size"},
      {[](CutJob& job) { job.max_size = -1; }, "max_size"},
      {[](CutJob& job) { job.max_pixels = 0; }, "max_pixels"},
      {[](CutJob& job) { job.model = std::string(5000, 'x'); }, "too long"},
      {[](CutJob& job) {
         job.mask_only = true;
         job.format = "zip";
       },
       "zip"},
      {[](CutJob& job) {
         job.mask_only = true;
         job.background = "red";
       },
       "mask"},
      {[](CutJob& job) { job.putalpha = true; }, "putalpha"},
      {[](CutJob& job) { job.own_alpha = "some"; }, "own_alpha"},
      {[](CutJob& job) { job.rectify.emplace().kind = "car"; }, "kind"},
      {[](CutJob& job) { job.rectify.emplace().corners = "1,2"; }, "corners"},
      {[](CutJob& job) { job.rectify.emplace().ratio = "wide"; }, "ratio"},
      {[](CutJob& job) { job.rectify.emplace().size = "10"; }, "size"},
      {[](CutJob& job) { job.rectify.emplace().enhance = "nice"; }, "enhance"},
      {[](CutJob& job) { job.rectify.emplace().turn = "45"; }, "turn"},
      {[](CutJob& job) { job.rectify.emplace().margin = "wide"; }, "margin"},
      {[](CutJob& job) { job.rectify.emplace().margin = std::string(5000, '1'); }, "too long"},
      {[](CutJob& job) {
         job.rectify.emplace();
         job.format = "zip";
       },
       "format"},
  };
  for (const auto& [change, word] : mistakes) {
    const Status status = CheckOf(change);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << word;
    EXPECT_THAT(status.message(), HasSubstr(word));
  }
}

TEST(JobOptions, AnAttachmentThatIsNoPictureIsToldByItsName) {
  const Bytes nothing = {1, 2, 3};
  for (const char* name : {"background", "trimap"}) {
    JobFiles files;
    files.attachments[name] = nothing;
    const auto options = OptionsFor({}, files);
    EXPECT_FALSE(options.ok());
    EXPECT_THAT(options.status().message(), HasSubstr(name));
  }
}

// --- Messages

TEST(Protocol, CarriesAJob) {
  WorkerRequest request;
  request.id = 7;
  request.job.model = "name \" \n ü";
  request.job.shadow = "1,2";
  request.job.crop = {"1px", "2%"};
  request.job.scale = 0.25;
  request.job.max_pixels = UINT64_MAX;
  request.parts = {{"", 0, 10}, {"background", 10, 20}};
  request.threads = 3;
  request.memory = uint64_t{1} << 40;
  request.tell_size = true;
  const auto text = Write(request);
  ASSERT_TRUE(text.ok());
  const auto read = ReadWorkerRequest(Span(*text));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->id, 7U);
  EXPECT_EQ(read->job.model, request.job.model);
  EXPECT_EQ(read->job.shadow, request.job.shadow);
  EXPECT_EQ(read->job.crop, request.job.crop);
  EXPECT_EQ(read->job.scale, 0.25);
  EXPECT_EQ(read->job.max_pixels, UINT64_MAX);
  ASSERT_EQ(read->parts.size(), 2U);
  EXPECT_EQ(read->parts[1].name, "background");
  EXPECT_EQ(read->parts[1].offset, 10U);
  EXPECT_EQ(read->memory, uint64_t{1} << 40);
  EXPECT_TRUE(read->tell_size);
}

TEST(Protocol, CarriesStraightening) {
  WorkerRequest request;
  const auto carried = [&] {
    const auto text = Write(request);
    EXPECT_TRUE(text.ok());
    auto read = ReadWorkerRequest(Span(*text));
    EXPECT_TRUE(read.ok()) << read.status().message();
    return read.ok() ? read->job.rectify : std::nullopt;
  };
  EXPECT_FALSE(carried());
  request.job.rectify = RectifyJob{.kind = "screen", .corners = "1,2", .dpi = 96.5, .keep = true};
  const auto job = carried();
  ASSERT_TRUE(job);
  EXPECT_EQ(job->kind, "screen");
  EXPECT_EQ(job->corners, "1,2");
  EXPECT_EQ(job->dpi, 96.5);
  EXPECT_TRUE(job->keep);
  EXPECT_FALSE(job->all);

  WorkerAnswer answer;
  answer.kind = WorkerAnswer::Kind::kDone;
  RectifyDone sheet;
  sheet.ok = true;
  sheet.kind = "document";
  sheet.corners = {-1.5, 2, 3, 4, 5, 6, 7, 8};
  sheet.homography[8] = 1;
  sheet.sheets = 2;
  answer.done.rectify.push_back(sheet);
  answer.done.rectify.emplace_back().reason = "no four sides";
  const auto text = Write(answer);
  ASSERT_TRUE(text.ok());
  const auto read = ReadWorkerAnswer(Span(*text));
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->done.rectify.size(), 2U);
  EXPECT_EQ(read->done.rectify[0].corners, sheet.corners);
  EXPECT_EQ(read->done.rectify[0].homography[8], 1);
  EXPECT_EQ(read->done.rectify[1].reason, "no four sides");
}

WorkerAnswer Done() {
  WorkerAnswer answer;
  answer.kind = WorkerAnswer::Kind::kDone;
  answer.id = 3;
  answer.bytes = 100;
  answer.done.width = answer.done.height = 10;
  answer.done.stages = {{"decode", 1.5}};
  return answer;
}

TEST(Protocol, BelievesNoWorker) {
  const auto refused = [](const std::function<void(WorkerAnswer&)>& change) {
    WorkerAnswer answer = Done();
    change(answer);
    return !CheckDone(answer, 100).ok();
  };
  EXPECT_FALSE(refused([](WorkerAnswer&) {}));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.bytes = 101; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.bytes = 0; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.matte_bytes = 1; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.matte_bytes = UINT64_MAX; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.done.width = 0; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.done.height = -1; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.done.max_width = INT32_MAX; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.done.coverage = 2; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.done.subject_score = NAN; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.done.stages[0].second = -1; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.done.stages.resize(1000); }));
  const auto sheet_refused = [&](const std::function<void(RectifyDone&)>& change) {
    return refused([&](WorkerAnswer& a) {
      RectifyDone& sheet = a.done.rectify.emplace_back();
      sheet.ok = true;
      sheet.kind = "screen";
      change(sheet);
    });
  };
  EXPECT_FALSE(sheet_refused([](RectifyDone&) {}));
  EXPECT_TRUE(sheet_refused([](RectifyDone& sheet) { sheet.kind = "x\r\nX-Evil: two"; }));
  EXPECT_TRUE(sheet_refused([](RectifyDone& sheet) { sheet.corners[3] = NAN; }));
  EXPECT_TRUE(sheet_refused([](RectifyDone& sheet) { sheet.homography[0] = INFINITY; }));
  EXPECT_TRUE(sheet_refused([](RectifyDone& sheet) { sheet.confidence = 1.5; }));
  EXPECT_TRUE(refused([](WorkerAnswer& a) { a.done.rectify.resize(5000); }));
  // Where nothing was certain there may be no file, and only there.
  const auto without = [](WorkerAnswer& a) { a.bytes = a.done.width = a.done.height = 0; };
  EXPECT_FALSE(refused([&](WorkerAnswer& a) {
    without(a);
    a.done.rectify.emplace_back().reason = "no four sides";
  }));
  EXPECT_TRUE(refused([&](WorkerAnswer& a) {
    without(a);
    a.done.rectify.push_back({.ok = true, .kind = "screen"});
  }));
  WorkerAnswer answer = Done();
  answer.done.warning = "one\r\nX-Evil: two";
  ASSERT_TRUE(CheckDone(answer, 100).ok());
  EXPECT_EQ(answer.done.warning, "oneX-Evil: two");
}

TEST(Protocol, TakesAnyBytes) {
  std::mt19937 random(2);
  const std::string good = *Write(Done());
  ASSERT_TRUE(ReadWorkerAnswer(Span(good)).ok());
  for (const char* text : {"", "{}", "[]", "3", "{\"kind\":99,\"id\":1}", "{\"kind\":3,\"id\":-1}",
                           "{\"kind\":\"x\",\"id\":1}", "{\"kind\":0,\"id\":1e99}"}) {
    EXPECT_EQ(ReadWorkerAnswer(Span(text)).status().code(), StatusCode::kCorrupt) << text;
  }
  for (int i = 0; i < 5000; ++i) {
    std::string broken = good;
    for (int n = 0; n < 3; ++n) broken[random() % broken.size()] = static_cast<char>(random());
    auto read = ReadWorkerAnswer(Span(broken));
    if (read.ok()) (void)CheckDone(*read, 100);
  }
}

TEST(Protocol, LongOptionsAreRefused) {
  WorkerRequest request;
  request.job.model = std::string(20000, 'x');
  EXPECT_EQ(Write(request).status().code(), StatusCode::kLimit);
}

// --- ZIP

TEST(Zip, HasTheBytesOfItsFiles) {
  const Bytes one = {1, 2, 3}, two(70000, 7);
  const std::vector<ZipEntry> entries = {{"one", one}, {"two.bin", two}};
  const auto zip = WriteZip(entries);
  ASSERT_TRUE(zip.ok());
  const std::string text(zip->begin(), zip->end());
  EXPECT_EQ(text.substr(0, 4), "PK\3\4");
  EXPECT_NE(text.find(std::string("one") + "\1\2\3"), std::string::npos);
  EXPECT_NE(text.find(std::string(70000, 7)), std::string::npos);
  // CRC-32 of 01 02 03, once in the head and once in the directory.
  const std::string crc = "\x1d\x80\xbc\x55";
  const size_t first = text.find(crc);
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(text.find(crc, first + 1), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - 22, 4), "PK\5\6");
}

// --- The rest

TEST(CrashRecord, ForgivesTwice) {
  CrashRecord record;
  const Bytes picture = {1, 2, 3}, other = {4};
  EXPECT_EQ(record.Number(picture, false), 0U);
  for (int i = 0; i < CrashRecord::kMost; ++i) {
    EXPECT_FALSE(record.IsBad(record.Number(picture, true)));
    record.Add(record.Number(picture, true));
  }
  EXPECT_TRUE(record.IsBad(record.Number(picture, false)));
  EXPECT_FALSE(record.IsBad(record.Number(other, false)));
}

TEST(ForkableExecutor, StartsThreadsWhenToldTo) {
  ForkableExecutor executor(4);
  EXPECT_EQ(executor.max_concurrency(), 4);
  for (const int threads : {1, 3, 4, 2, 1}) {
    executor.set_threads(threads);

    std::vector<std::atomic<int>> runs(4);
    executor.Run(4, [&](int task) { ++runs[static_cast<size_t>(task)]; });
    for (const auto& run : runs) EXPECT_EQ(run, 1) << threads;
  }
}

TEST(Fork, OnlyOfOneThread) {
  auto ends = MessageSocket::Pair();
  ASSERT_TRUE(ends.ok());
  std::atomic<bool> over{false};
  std::thread other([&] {
    while (!over) std::this_thread::yield();
  });
  const auto forked = Fork(ends->second.fd(), [] { return 0; });
  over = true;
  other.join();
  EXPECT_EQ(forked.status().code(), StatusCode::kInternal);
  EXPECT_THAT(forked.status().message(), HasSubstr("threads"));
}

}  // namespace
}  // namespace peel::server
