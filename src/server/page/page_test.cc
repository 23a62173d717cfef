#include "src/server/page/page.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace peel::server {
namespace {

std::string FileText(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file of web/ as it is sent (cmake/EmbedWeb.cmake): without indentation, empty lines and
// comments, style sheets without what nobody needs to read them.
std::string AsSent(const std::filesystem::path& path) {
  std::string text = FileText(path);
  if (path.extension() == ".webp") return text;
  const auto replace = [&text](const char* what, const char* with) {
    text = std::regex_replace(text, std::regex(what), with);
  };
  replace("\n +", "\n");
  if (path.extension() == ".js") {
    text.insert(0, 1, '\n');
    replace("\n//[^\n]*", "");
    replace("  //[^\n'\"`]*\n", "\n");
  } else if (path.extension() == ".css") {
    replace("/\\*[^*]*\\*/", "");
    replace(" \\{\n", "{");
    replace(";\n", ";");
    replace(";\\}", "}");
    replace("([a-z]): ", "$1:");
    replace(", ", ",");
  }
  replace("\n\n+", "\n");
  return text.starts_with('\n') ? text.substr(1) : text;
}

std::string Text(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

std::string Gunzip(std::span<const uint8_t> packed, size_t size) {
  std::string text(size + 1, '\0');  // one more than there may be
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

Request Ask(std::string path) {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  return request;
}

const PageFile& Page() { return *FindPageFile("/"); }

TEST(PageTest, HoldsEveryFileOfWebAndNothingElse) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(PEEL_SOURCE_DIR "/web")) {
    const std::string name = entry.path().filename().string();
    names.insert(name);
    const PageFile* const file = FindPageFile("/" + name);
    ASSERT_NE(file, nullptr) << name;
    EXPECT_EQ(Text(file->bytes), AsSent(entry.path())) << name;
  }
  EXPECT_EQ(PageFiles().size(), names.size());
  EXPECT_TRUE(names.contains("index.html"));
}

TEST(PageTest, GzippedBytesAreTheSameFileAndFewer) {
  int packed = 0;
  for (const PageFile& file : PageFiles()) {
    if (file.gzip.empty()) continue;
    ++packed;
    EXPECT_LT(file.gzip.size(), file.bytes.size()) << file.path;
    EXPECT_EQ(Gunzip(file.gzip, file.bytes.size()), Text(file.bytes)) << file.path;
    // No time and no system: two builds have the same bytes.
    EXPECT_EQ(Text(file.gzip.subspan(4, 4)), std::string(4, '\0')) << file.path;
    EXPECT_EQ(file.gzip[9], 255) << file.path;
  }
  EXPECT_GT(packed, 10);
}

TEST(PageTest, WholePageIsUnder100Kilobytes) {
  size_t bytes = 0;
  for (const PageFile& file : PageFiles()) bytes += file.bytes.size();
  EXPECT_LT(bytes, 100'000U);
}

TEST(PageTest, EveryFileHasItsOwnTagAndAType) {
  std::set<std::string_view> tags;
  for (const PageFile& file : PageFiles()) {
    EXPECT_TRUE(tags.insert(file.etag).second) << file.path;
    EXPECT_EQ(file.etag.front(), '"');
    EXPECT_EQ(file.etag.back(), '"');
    EXPECT_NE(file.type.find('/'), std::string_view::npos) << file.path;
  }
  EXPECT_EQ(Page().type, "text/html; charset=utf-8");
  EXPECT_EQ(FindPageFile("/app.js")->type, "text/javascript; charset=utf-8");
  EXPECT_EQ(FindPageFile("/mark.svg")->type, "image/svg+xml");
}

TEST(PageTest, OtherPathsAreNoFiles) {
  EXPECT_EQ(FindPageFile("/index.html"), FindPageFile("/"));
  for (const char* path :
       {"", "app.js", "/App.js", "/app.js/", "//app.js", "/../web/app.js", "/app.js\n"}) {
    EXPECT_EQ(FindPageFile(path), nullptr) << path;
  }
}

TEST(PageTest, AnswersWithThePolicyAndTheFile) {
  const Response response = PageAnswer(Ask("/"), Page());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Text(response.bytes), Text(Page().bytes));
  EXPECT_EQ(response.headers.Get("Content-Type"), Page().type);
  EXPECT_EQ(response.headers.Get("Content-Encoding"), "");
  EXPECT_EQ(response.headers.Get("X-Content-Type-Options"), "nosniff");
  const std::string_view policy = response.headers.Get("Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string_view::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string_view::npos);
}

TEST(PageTest, GzipsForWhoTakesIt) {
  for (const auto& [accepts, packed] :
       std::vector<std::pair<std::string, bool>>{{"gzip", true},
                                                 {"br, gzip;q=0.5", true},
                                                 {"deflate,gzip", true},
                                                 {"gzip;q=0", false},
                                                 {"gzip;q=0.000", false},
                                                 {"identity", false},
                                                 {"gzipped", false},
                                                 {"", false}}) {
    Request request = Ask("/");
    request.headers.Set("Accept-Encoding", accepts);
    const Response response = PageAnswer(request, Page());
    EXPECT_EQ(response.headers.Get("Content-Encoding") == "gzip", packed) << accepts;
    EXPECT_EQ(response.bytes.size(), packed ? Page().gzip.size() : Page().bytes.size()) << accepts;
    EXPECT_EQ(response.headers.Get("Vary"), "Accept-Encoding");
  }
}

TEST(PageTest, WhoHasItGets304) {
  const std::string tag(Page().etag);
  for (const auto& [has, status] :
       std::vector<std::pair<std::string, int>>{{tag, 304},
                                                {"\"other\", " + tag, 304},
                                                {"W/" + tag, 304},
                                                {"*", 304},
                                                {"\"other\"", 200},
                                                {"", 200}}) {
    Request request = Ask("/");
    request.headers.Set("If-None-Match", has);
    const Response response = PageAnswer(request, Page());
    EXPECT_EQ(response.status, status) << has;
    EXPECT_EQ(response.bytes.empty(), status == 304) << has;
    EXPECT_TRUE(response.headers.Has("ETag"));
  }
}

}  // namespace
}  // namespace peel::server
