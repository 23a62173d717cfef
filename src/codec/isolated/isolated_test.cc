#include "src/codec/isolated/isolated_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <thread>

#include "src/base/thread_pool.h"
#include "src/codec/encode.h"
#include "src/codec/isolated/helper.h"
#include "src/codec/raw/raw.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"

// The component's test program is its own decode helper.
int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "decode-helper") {
    return peel::isolated::RunHelper(peel::ChildProcess::kDescriptor);
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

namespace peel {
namespace {

using isolated::HelperProcess;
using isolated::Kind;
using isolated::Message;
using testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

Bytes Tiff(int width, int height) {
  return MustEncode(Smooth(width, height, 3).view(), {.format = Format::kTiff});
}

// One that makes the helper do what PEEL_TEST_DECODE_HELPER says; a good file otherwise.
Bytes Marked(Bytes file) {
  constexpr std::string_view kMark = "PEEL-TEST";
  file.insert(file.end(), kMark.begin(), kMark.end());
  return file;
}

class WithTestHook {
 public:
  explicit WithTestHook(const char* what) { setenv("PEEL_TEST_DECODE_HELPER", what, 1); }
  ~WithTestHook() { unsetenv("PEEL_TEST_DECODE_HELPER"); }
};

bool SamePixels(const Picture& a, const Picture& b) {
  return std::visit(
      [&]<typename T>(const Image<T>& image) {
        const auto* const other = std::get_if<Image<T>>(&b.pixels);
        if (other == nullptr || image.width() != other->width() ||
            image.height() != other->height() || image.channels() != other->channels()) {
          return false;
        }
        const size_t row = static_cast<size_t>(image.width() * image.channels()) * sizeof(T);
        for (int y = 0; y < image.height(); ++y) {
          if (std::memcmp(image.row(y), other->row(y), row) != 0) return false;
        }
        return true;
      },
      a.pixels);
}

void ExpectSame(const Result<Picture>& here, const Result<Picture>& there) {
  ASSERT_EQ(here.status().code(), there.status().code())
      << here.status().message() << " / " << there.status().message();
  EXPECT_EQ(here.status().message(), there.status().message());
  if (!here.ok() || !there.ok()) return;
  EXPECT_EQ(isolated::WriteFields(*here), isolated::WriteFields(*there));
  EXPECT_TRUE(SamePixels(*here, *there));
}

// Frames too. The reader of a damaged file may go on after an error, or not.
void ExpectSameFrames(Decoder& decoder, const Bytes& file, const DecodeOptions& options) {
  auto here = OpenFrames(file, options);
  auto there = decoder.OpenFrames(file, options);
  ASSERT_EQ(here.status().code(), there.status().code());
  EXPECT_EQ(here.status().message(), there.status().message());
  if (!here.ok()) return;
  ASSERT_EQ((*here)->count(), (*there)->count());
  for (int i = 0; i < (*here)->count(); ++i) {
    const auto one = (*here)->Next();
    ExpectSame(one, (*there)->Next());
    if (!one.ok()) break;
  }
}

TEST(IsolatedDecoder, GivesWhatThisProcessGives) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  IsolatedDecoder decoder({.helpers = 1});
  ThreadPool two(2);
  int files = 0;
  for (const char* folder : {"camera", "odd", "broken", "reports", "orientation"}) {
    if (!std::filesystem::is_directory(SharedImages() / folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(SharedImages() / folder)) {
      const Bytes file = ReadFileForTest(entry.path());
      if (!IsIsolated(FormatOf(file))) continue;
      SCOPED_TRACE(entry.path().string());
      ++files;
      const auto info = Probe(file);
      const auto other = decoder.Probe(file);
      ASSERT_EQ(info.status().code(), other.status().code());
      EXPECT_EQ(info.status().message(), other.status().message());
      if (info.ok()) {
        EXPECT_EQ(isolated::Write({.kind = Kind::kInfo, .info = *info}),
                  isolated::Write({.kind = Kind::kInfo, .info = *other}));
      }
      DecodeOptions options;
      options.limits.max_pixels = 30'000'000;
      ExpectSame(Decode(file, options), decoder.Decode(file, options));
      if (info.ok() && info->frames > 1) ExpectSameFrames(decoder, file, options);
      if (file.size() > 1'000'000) continue;
      options.reduce_to_8_bits = true;
      options.apply_orientation = false;
      options.keep_metadata = false;
      options.limits.max_pixels = 10'000;
      options.pool = &two;
      ExpectSame(Decode(file, options), decoder.Decode(file, options));
    }
  }
  EXPECT_GT(files, 50);
  EXPECT_EQ(decoder.started(), 1) << "no file of these crashes it";
}

TEST(IsolatedDecoder, OtherFormatsStayInThisProcess) {
  IsolatedDecoder decoder({.program = "/nowhere"});
  for (const Format format : {Format::kPng, Format::kJpeg, Format::kWebp}) {
    const Bytes file = MustEncode(Smooth(20, 10, 3).view(), {.format = format});
    ExpectSame(Decode(file), decoder.Decode(file, {}));
    EXPECT_TRUE(decoder.Probe(file).ok());
    EXPECT_TRUE(decoder.OpenFrames(file, {}).ok());
  }
  EXPECT_EQ(decoder.Decode({}, {}).status().code(), StatusCode::kCorrupt);
}

TEST(IsolatedDecoder, ACrashFailsItsFileAlone) {
  const WithTestHook hook("crash");
  IsolatedDecoder decoder({});
  const Bytes good = Tiff(60, 40), bad = Marked(good);
  for (int i = 0; i < 3; ++i) {
    ExpectSame(Decode(good), decoder.Decode(good, {}));
    const auto failed = decoder.Decode(bad, {});
    EXPECT_EQ(failed.status().code(), StatusCode::kCorrupt);
    EXPECT_THAT(failed.status().message(), HasSubstr("libtiff "));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_THAT(failed.status().message(), HasSubstr("crashed (signal 11"));
#endif
  }
  EXPECT_EQ(decoder.started(), 3) << "one for the good and the bad one, three times";
  EXPECT_TRUE(decoder.Probe(bad).ok()) << "its header is sound";
  EXPECT_FALSE(decoder.OpenFrames(bad, {}).ok());
  EXPECT_EQ(decoder.started(), 4) << "the last one is replaced when a file needs it";
}

TEST(IsolatedDecoder, AFileThatEndedItsHelperWhenProbedIsNotTriedAgain) {
  const WithTestHook hook("probe-exit");
  IsolatedDecoder decoder({});
  const Bytes good = Tiff(60, 40), bad = Marked(good);
  const auto info = decoder.Probe(bad);
  EXPECT_EQ(info.status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(decoder.Probe(bad).status().message(), info.status().message());
  ExpectSame(Decode(good), decoder.Decode(good, {}));
  EXPECT_EQ(decoder.Decode(bad, {}).status().message(), info.status().message());
  EXPECT_EQ(decoder.started(), 2);
  EXPECT_TRUE(decoder.Decode(bad, {}).ok()) << "but only that once";
}

TEST(IsolatedDecoder, AHangIsStopped) {
  const WithTestHook hook("hang");
  IsolatedDecoder decoder({.limit = {.base = std::chrono::milliseconds(300)}});
  const Bytes good = Tiff(60, 40), bad = Marked(good);
  const auto failed = decoder.Decode(bad, {});
  EXPECT_EQ(failed.status().code(), StatusCode::kLimit);
  EXPECT_THAT(failed.status().message(), HasSubstr("did not come to an end"));
  ExpectSame(Decode(good), decoder.Decode(good, {}));
}

TEST(IsolatedDecoder, TheWaitCanBeCancelled) {
  const WithTestHook hook("hang");
  IsolatedDecoder decoder({});
  CancelToken cancel;
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel.Cancel();
  });
  EXPECT_EQ(decoder.Decode(Marked(Tiff(60, 40)), {.cancel = &cancel}).status().code(),
            StatusCode::kCancelled);
  later.join();
  setenv("PEEL_TEST_DECODE_HELPER", "probe-hang", 1);
  EXPECT_EQ(decoder.Probe(Marked(Tiff(60, 40)), &cancel).status().code(), StatusCode::kCancelled);
}

TEST(IsolatedDecoder, AnEndOrNonsenseFailsItsFileAlone) {
  for (const char* what : {"exit", "garbage"}) {
    const WithTestHook hook(what);
    IsolatedDecoder decoder({});
    const Bytes good = Tiff(60, 40);
    const auto failed = decoder.Decode(Marked(good), {});
    EXPECT_EQ(failed.status().code(), StatusCode::kCorrupt);
    EXPECT_THAT(failed.status().message(), HasSubstr("libtiff "));
    ExpectSame(Decode(good), decoder.Decode(good, {}));
  }
}

TEST(IsolatedDecoder, WithoutHelpersThisProcessDecodes) {
  // No such program, and one that is no helper.
  for (const char* program : {"/nowhere/peel", "/bin/true"}) {
    int told = 0;
    IsolatedDecoder decoder({.program = program, .tell = [&](const std::string& reason) {
                               ++told;
                               EXPECT_THAT(reason, HasSubstr(program));
                             }});
    const Bytes file = Tiff(60, 40);
    for (int i = 0; i < 5; ++i) ExpectSame(Decode(file), decoder.Decode(file, {}));
    EXPECT_TRUE(decoder.Probe(file).ok());
    EXPECT_TRUE(decoder.OpenFrames(file, {}).ok());
    EXPECT_EQ(told, 1);
    EXPECT_EQ(decoder.started(), 0);
  }
}

TEST(IsolatedDecoder, SeveralThreadsShareItsHelpers) {
  const WithTestHook hook("crash");
  IsolatedDecoder decoder({.helpers = 2});
  std::vector<std::thread> threads;
  std::atomic<int> good = 0, bad = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 6; ++i) {
        const Bytes file = Tiff(40 + t, 30 + i);
        const auto picture = decoder.Decode(i == 3 ? Marked(file) : file, {});
        (picture.ok() && picture->width() == 40 + t && picture->height() == 30 + i ? good : bad)++;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 20);
  EXPECT_EQ(bad, 4);
}

TEST(IsolatedDecoder, PicturesGrowAndShrink) {
  IsolatedDecoder decoder({});
  ImageU8 plain = *ImageU8::Allocate(7000, 7000, 3);  // beyond what a region is kept for
  std::memset(plain.row(0), 40, static_cast<size_t>(plain.stride()) * 7000);
  const Bytes large = MustEncode(plain.view(), {.format = Format::kTiff});
  for (const int side : {10, 900, 30, 7000, 20, 7000, 1}) {
    const Bytes file = side == 7000 ? large : Tiff(side, side);
    const auto picture = decoder.Decode(file, {});
    ASSERT_TRUE(picture.ok()) << picture.status().message();
    EXPECT_EQ(picture->width(), side);
    EXPECT_TRUE(SamePixels(*Decode(file), *picture));
  }
  EXPECT_EQ(decoder.started(), 1);
}

TEST(Protocol, EveryFieldArrives) {
  Picture picture;
  picture.has_alpha = true;
  picture.format = Format::kHeic;
  picture.stored_width = 70000;
  picture.stored_height = 3;
  picture.orientation = 7;
  picture.orientation_applied = false;
  picture.was_grey = picture.was_cmyk = true;
  picture.frames = 12;
  picture.metadata = {{1, 2, 3}, {4, 5}, Bytes(70000, 6), {7}, {300, 150, Resolution::Unit::kInch}};
  picture.warning = "something is amiss";
  const Bytes fields = isolated::WriteFields(picture);
  const isolated::PictureShape shape = {.width = 4, .height = 5, .has_alpha = true};
  const auto back = isolated::ReadFields(fields, shape, {.format = Format::kHeic});
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->stored_width, 70000);
  EXPECT_EQ(back->orientation, 7);
  EXPECT_FALSE(back->orientation_applied);
  EXPECT_EQ(back->metadata.xmp, picture.metadata.xmp);
  EXPECT_EQ(back->metadata.resolution, picture.metadata.resolution);
  EXPECT_EQ(back->warning, picture.warning);
  EXPECT_EQ(isolated::WriteFields(*back), fields);
  for (size_t size = 0; size < fields.size(); size += 1 + size / 8) {
    EXPECT_FALSE(
        isolated::ReadFields(std::span(fields).first(size), shape, {.format = Format::kHeic}).ok());
  }
}

// What the parent makes of a helper that answers Decode with these messages and writes `region`
// into the picture's.
Status AnswerOf(const std::vector<Message>& answers, const Bytes& region = {}) {
  auto ends = MessageSocket::Pair();
  EXPECT_TRUE(ends.ok());
  std::thread helper([&, socket = std::move(ends->second)]() mutable {
    UniqueFd fd;
    EXPECT_TRUE(socket.Receive(-1, &fd).ok());
    for (const Message& answer : answers) {
      EXPECT_TRUE(socket.Send(isolated::Write(answer)).ok());
      if (answer.kind != Kind::kPicture) continue;
      if (!socket.Receive(-1, &fd).ok() || !fd) return;  // refused
      auto mapped = SharedRegion::Map(std::move(fd));
      EXPECT_TRUE(mapped.ok());
      std::copy(region.begin(), region.end(), mapped->data());
    }
    (void)socket.Receive(-1);
  });
  auto parent = std::make_unique<HelperProcess>(
      std::move(ends->first), ChildProcess(),
      isolated::TimeLimit{.base = std::chrono::milliseconds(30'000)});
  parent->set_unowned();
  DecodeOptions options;
  options.limits.max_pixels = 1000;
  const Bytes file(100, 7);
  Status status = parent->Decode(file, Format::kAvif, options).status();
  EXPECT_EQ(parent->alive(), status.ok() || status.message() == "told");
  parent.reset();
  helper.join();
  return status;
}

TEST(Protocol, NothingIsTakenOnTrust) {
  Picture picture;
  picture.format = Format::kAvif;
  picture.stored_width = picture.stored_height = 10;
  const Bytes fields = isolated::WriteFields(picture);
  const isolated::PictureShape shape = {.width = 10, .height = 10, .header_bytes = fields.size()};
  const Message taken = {.kind = Kind::kTaken}, written = {.kind = Kind::kWritten};
  const auto with = [&](const isolated::PictureShape& told) {
    return AnswerOf({taken, {.kind = Kind::kPicture, .shape = told}, written}, fields);
  };
  EXPECT_TRUE(with(shape).ok());
  const auto refused = [](const Status& status) {
    return status.code() == StatusCode::kCorrupt &&
           status.message().find("led astray") != std::string::npos;
  };
  const auto changed = [&](auto change) {
    isolated::PictureShape other = shape;
    change(other);
    return with(other);
  };
  EXPECT_TRUE(refused(changed([](auto& s) { s.width = 0; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.height = -1; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.width = 101; }))) << "beyond the limit";
  EXPECT_TRUE(refused(changed([](auto& s) { s.width = s.height = INT32_MAX; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.header_bytes = UINT64_MAX; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.header_bytes -= 1; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.header_bytes += 1; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.has_alpha = true; })));
  const auto with_fields = [&](auto change) {
    Picture other;
    other.format = Format::kAvif;
    other.stored_width = other.stored_height = 10;
    change(other);
    const Bytes changed_fields = isolated::WriteFields(other);
    isolated::PictureShape told = shape;
    told.header_bytes = changed_fields.size();
    return AnswerOf({taken, {.kind = Kind::kPicture, .shape = told}, written}, changed_fields);
  };
  EXPECT_TRUE(with_fields([](auto&) {}).ok());
  EXPECT_TRUE(refused(with_fields([](auto& p) { p.format = Format::kPng; })));
  EXPECT_TRUE(refused(with_fields([](auto& p) { p.orientation = 0; })));
  EXPECT_TRUE(refused(with_fields([](auto& p) { p.frames = 0; })));
  EXPECT_TRUE(refused(with_fields([](auto& p) { p.stored_width = -5; })));
  // Out of turn.
  EXPECT_TRUE(refused(AnswerOf({taken, written})));
  EXPECT_TRUE(refused(AnswerOf({taken, {.kind = Kind::kInfo}})));
  EXPECT_TRUE(refused(AnswerOf({{.kind = Kind::kPicture, .shape = shape}})));
  EXPECT_TRUE(refused(AnswerOf({taken, {.kind = Kind::kFailed, .code = StatusCode::kOk}})));
  EXPECT_TRUE(refused(AnswerOf({taken, {.kind = Kind::kFailed, .code = StatusCode(99)}})));
  EXPECT_EQ(
      AnswerOf({taken, {.kind = Kind::kFailed, .text = "told", .code = StatusCode::kLimit}}).code(),
      StatusCode::kLimit);
}

TEST(Protocol, DamagedMessagesAreRefused) {
  DecodeOptions options;
  options.limits.max_pixels = 77;
  const Bytes good =
      isolated::Write({.kind = Kind::kDecode, .bytes = 12, .options = options, .threads = 3});
  const auto read = isolated::Read(good);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->options.limits.max_pixels, 77u);
  EXPECT_EQ(read->threads, 3);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(isolated::Read(std::span(good).first(size)).ok());
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(isolated::Read(longer).ok());
}

}  // namespace
}  // namespace peel
