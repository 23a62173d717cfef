// Whole cut-outs through the embedded model, and batches of them.
#include "src/pipeline/cut/cutter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "src/base/os/test_folder.h"
#include "src/base/test_executor.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/report.h"

namespace peel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ImageU8 Ball(int width, int height) {
  ImageU8 image = *ImageU8::Allocate(width, height, 3);
  const double radius = 0.35 * std::min(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside = std::hypot(x - width / 2.0, y - height / 2.0) < radius;
      uint8_t* p = image.row(y) + x * 3;
      p[0] = inside ? 235 : 90;
      p[1] = inside ? 60 : 150;
      p[2] = inside ? 45 : 100;
    }
  }
  return image;
}

std::string PngOf(const ImageU8& image) {
  auto bytes = Encode(image.view(), EncodeOptions{});
  return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "";
}

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::vector<std::string_view> Names(const StageTimes& times) {
  std::vector<std::string_view> names;
  for (const auto& [name, milliseconds] : times) names.push_back(name);
  return names;
}

class CutterTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { cutter_ = Cutter::Start({.threads = 2}).release(); }
  static void TearDownTestSuite() {
    delete cutter_;
    cutter_ = nullptr;
  }
  static Cutter* cutter_;
};
Cutter* CutterTest::cutter_ = nullptr;

TEST_F(CutterTest, LoadsTheEmbeddedModel) {
  ASSERT_TRUE(cutter_->Wait().ok()) << cutter_->Wait().message();
  EXPECT_EQ(cutter_->info().name, "peel");
  EXPECT_EQ(cutter_->info().threads, 2);
}

// Decoding, network, matte and encoding share them.
TEST(CutterThreads, AreOnePoolAndNoMoreAfterPictures) {
  const std::string png = PngOf(Ball(120, 90));
  const int before = ThreadsOfProcess();
  const auto cutter = Cutter::Start({.threads = 4});
  ASSERT_TRUE(cutter->Wait().ok());
  EXPECT_EQ(ThreadsOfProcess(before + 3), before + 3);  // and the caller
  ASSERT_TRUE(cutter->CutBytes(Bytes(png), {}).ok());
  EXPECT_EQ(ThreadsOfProcess(before + 3), before + 3);
}

TEST(CutterThreads, AreTheHostsWhereItLendsThem) {
  const std::string png = PngOf(Ball(120, 90));
  const auto expected = Cutter::Start({.threads = 1})->CutBytes(Bytes(png), {});
  ASSERT_TRUE(expected.ok());
  TestExecutor host(3);
  const int before = ThreadsOfProcess();
  const auto cutter = Cutter::Start({.executor = &host});
  const auto cut = cutter->CutBytes(Bytes(png), {});
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cutter->info().threads, 3);
  EXPECT_EQ(cut->bytes, expected->bytes);
  EXPECT_GT(host.runs(), 50);
  EXPECT_LE(host.most_threads(), before);
}

TEST_F(CutterTest, StagesAreTimed) {
  auto cut = cutter_->CutBytes(Bytes(PngOf(Ball(120, 90))), {});
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_THAT(Names(cut->info.times),
              ElementsAre("decode", "model", "network", "matte", "compose", "encode"));
  EXPECT_EQ(cut->width, 120);
  EXPECT_EQ(cut->info.input_height, 90);
}

TEST_F(CutterTest, PixelsAndBytesAgree) {
  const ImageU8 ball = Ball(150, 100);
  auto encoded = cutter_->CutBytes(Bytes(PngOf(ball)), {});
  auto direct = cutter_->CutPixels(ball.view(), {});
  ASSERT_TRUE(encoded.ok() && direct.ok());
  auto decoded = Decode(encoded->bytes);
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(direct->pixels.channels(), 4);
  for (int y = 0; y < 100; ++y) {
    ASSERT_EQ(std::memcmp(decoded->u8()->row(y), direct->pixels.row(y), 150 * 4), 0) << y;
  }
}

TEST_F(CutterTest, MaxSizeScalesTheResult) {
  auto cut = cutter_->CutPixels(Ball(300, 200).view(), {.decode = {.max_size = 100}});
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->pixels.width(), 100);
  EXPECT_EQ(cut->pixels.height(), 67);
}

// Copies made of an option, which is what copies of all of them would make.
struct CountsCopies {
  explicit CountsCopies(int* to) : copies(to) {}
  CountsCopies(const CountsCopies& other) : copies(other.copies) { ++*copies; }
  CountsCopies& operator=(const CountsCopies&) = delete;
  bool operator()(const char*, double) const { return true; }
  int* copies;
};

TEST_F(CutterTest, OptionsAreNotCopiedForAPicture) {
  int copies = 0;
  CutOptions options;
  options.control.progress = CountsCopies(&copies);
  options.compose.background = Background::Colour({1, 2, 3, 255});  // is converted for each
  copies = 0;
  const ImageU8 ball = Ball(60, 40);
  ASSERT_TRUE(cutter_->CutPixels(ball.view(), options).ok());
  ASSERT_TRUE(cutter_->CutBytes(Bytes(PngOf(ball)), options).ok());
  EXPECT_EQ(copies, 0);
}

TEST_F(CutterTest, CancelledBeforeItBegins) {
  CancelToken token;
  token.Cancel();
  EXPECT_EQ(
      cutter_->CutPixels(Ball(30, 20).view(), {.control = {.cancel = &token}}).status().code(),
      StatusCode::kCancelled);
}

TEST_F(CutterTest, OptionsThatMakeNoSense) {
  const ImageU8 ball = Ball(30, 20);
  EXPECT_EQ(cutter_->CutPixels(ball.view(), {.encode = {.quality = 101}}).status().code(),
            StatusCode::kInvalidArgument);
  const CutOptions blur = {.matte = {.model = {.mode = MatteMode::kRembg}},
                           .compose = {.background = *Background::Parse("blur")}};
  EXPECT_EQ(cutter_->CutPixels(ball.view(), blur).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(CutterTest, BatchGoesOnPastFailures) {
  const TestFolder folder;
  std::vector<Job> jobs;
  for (const char* name : {"a.png", "broken.png", "b.png", "missing.png", "c.png"}) {
    if (name[0] != 'm')
      folder.Put(name, name[0] == 'b' && name[1] == 'r' ? "junk" : PngOf(Ball(60, 40)));
    jobs.push_back({{folder / name, ""}, folder / (std::string("out/") + name)});
  }
  std::vector<FileReport> reports;
  const auto keep = [&](const FileReport& report) { reports.push_back(report); };
  EXPECT_EQ(RunBatch(*cutter_, jobs, BatchOptions{.jobs = 3}, keep).code(), StatusCode::kOk);
  EXPECT_EQ(reports.size(), 5u);
  for (const FileReport& report : reports) {
    EXPECT_FALSE(report.state == FileReport::State::kDone) << "no folder to write to";
  }
  reports.clear();
  ASSERT_TRUE(RunBatch(*cutter_, jobs, {.jobs = 3, .make_folders = true}, keep).ok());
  int done = 0;
  for (const FileReport& report : reports) {
    done += report.state == FileReport::State::kDone;
    if (report.state == FileReport::State::kFailed) {
      EXPECT_THAT(report.status.message(), HasSubstr(report.input));
    }
  }
  EXPECT_EQ(done, 3);
  reports.clear();
  ASSERT_TRUE(RunBatch(*cutter_, jobs, {.skip_existing = true}, keep).ok());
  EXPECT_EQ(reports[0].state, FileReport::State::kSkipped);
}

TEST_F(CutterTest, CancelledBatchStops) {
  const TestFolder folder;
  std::vector<Job> jobs;
  for (int i = 0; i < 6; ++i) {
    const std::string name = std::to_string(i) + ".png";
    jobs.push_back({{folder.Put(name, PngOf(Ball(60, 40))), ""}, folder / (name + ".cut.png")});
  }
  CancelToken token;
  BatchOptions options;
  options.cut.control.cancel = &token;
  int done = 0;
  const Status status = RunBatch(*cutter_, jobs, options, [&](const FileReport&) {
    if (++done == 2) token.Cancel();
  });
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(done, 2);
  EXPECT_EQ(folder.Count(), 8);
}

TEST(CutterModels, FailuresAreToldOnceByWaitAndByEveryCut) {
  const TestFolder folder;
  const auto cutter = Cutter::Start({.model = folder.Put("bad.onnx", "no protobuf")});
  EXPECT_THAT(cutter->Wait().message(), HasSubstr("bad.onnx"));
  EXPECT_FALSE(cutter->CutPixels(Ball(20, 20).view(), {}).ok());
  std::vector<Job> jobs;
  for (const char* name : {"a.png", "b.png"}) {
    jobs.push_back(
        {{folder.Put(name, PngOf(Ball(20, 20))), ""}, folder / (std::string(name) + ".out.png")});
  }
  int told = 0;
  const Status status = RunBatch(*cutter, jobs, {}, [&](const FileReport&) { ++told; });
  EXPECT_THAT(status.message(), HasSubstr("bad.onnx"));
  EXPECT_EQ(told, 0);
}

TEST(ArrayReport, IsJsonWhateverTheNames) {
  FileReport good, bad;
  good.input = "caf\xe9.jpg";  // Latin-1, no UTF-8
  good.state = FileReport::State::kDone;
  good.has_subject = true;
  good.coverage = 0.25;
  good.times = {{"read", 1.5}, {"write", 2}};
  bad.input = "quote\".jpg";
  bad.status = Corrupt("line\nbreak");
  const TestFolder folder;
  InputTable order;
  for (const FileReport* report : {&good, &bad}) order.Add(report->input, "");
  ArrayReport array = ArrayReport::Create(folder / "r.json");
  ASSERT_TRUE(array.Add(bad).ok());  // the first to be ready
  ASSERT_TRUE(array.Add(good).ok());
  ModelInfo model;
  model.name = "some";
  ASSERT_TRUE(array.Finish(order, &model).ok());
  EXPECT_EQ(folder.Count(), 1);
  const std::string text = folder.Get("r.json");
  const auto parsed = nlohmann::ordered_json::parse(text);
  EXPECT_EQ(text, parsed.dump(2) + "\n");
  ASSERT_EQ(parsed.size(), 2u);
  EXPECT_EQ(parsed[0]["status"], "done");
  EXPECT_EQ(parsed[0]["coverage"], 0.25);
  EXPECT_EQ(parsed[0]["times_ms"]["read"], 1.5);
  EXPECT_EQ(parsed[0]["model"], "some");
  EXPECT_EQ(parsed[1]["input"], "quote\".jpg");
  EXPECT_EQ(parsed[1]["error"]["code"], "corrupt");
  ASSERT_TRUE(ArrayReport::Create(folder / "empty.json").Finish({}, nullptr).ok());
  EXPECT_EQ(folder.Get("empty.json"), "[]\n");
}

}  // namespace
}  // namespace peel
