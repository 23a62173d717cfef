// The tables that read the structs of peel.h: no member and no enumerator is left out.
#include "src/capi/options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "src/capi/option_table.h"

namespace peel {
namespace {

struct Three {
  size_t size;
  int first;
  const char* second;
};
constexpr auto kFirst = Take<&Three::first>([](int, int&) {});
constexpr auto kSecond = Take<&Three::second>([](const char*, int&) {});
constexpr auto kBoth = Take<&Three::first, &Three::second>([](int, const char*, int&) {});

static_assert(CountMembers<Three>() == 3);
static_assert(HasAllMembers<Three>(std::tuple{kFirst, kSecond}));
static_assert(HasAllMembers<Three>(std::tuple{kBoth}));
static_assert(!HasAllMembers<Three>(std::tuple{kSecond}), "a member that no row reads is seen");
static_assert(!HasAllMembers<Three>(std::tuple{kFirst, kFirst}), "and so is one that two read");

TEST(OptionTable, RowsAreReadInOrderUntilOneFails) {
  constexpr std::tuple table = {
      Take<&Three::first>([](int value, std::string& to) { to += std::to_string(value); }),
      Take<&Three::second>([](const char* text, std::string& to) -> Status {
        to += text;
        return *text == '!' ? InvalidArgument("no") : OkStatus();
      }),
      Take<&Three::size>([](size_t, std::string& to) { to += "end"; }),
  };
  std::string good, bad;
  EXPECT_TRUE(ReadTable(table, Three{3, 1, "a"}, good).ok());
  EXPECT_EQ(good, "1aend");
  EXPECT_EQ(ReadTable(table, Three{3, 2, "!"}, bad).message(), "no");
  EXPECT_EQ(bad, "2!");
}

// How many enumerators the header gives an enumeration; they count from 0.
int Enumerators(const std::string& name) {
  std::ifstream file(PEEL_SOURCE_DIR "/include/peel/peel.h");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t begin = text.find("typedef enum " + name + " {");
  EXPECT_NE(begin, std::string::npos) << name;
  const std::string body = text.substr(begin, text.find("} " + name, begin) - begin);
  const std::regex enumerator(R"(PEEL_\w+ = \d+)");
  return static_cast<int>(
      std::distance(std::sregex_iterator(body.begin(), body.end(), enumerator), {}));
}

template <typename Struct, typename Enum, typename Convert>
void ExpectAllTaken(const std::string& name, Enum Struct::*member, Struct options,
                    const Convert& convert) {
  options.size = sizeof(Struct);
  const int count = Enumerators(name);
  EXPECT_GT(count, 3);
  for (int value = 0; value <= count; ++value) {
    options.*member = static_cast<Enum>(value);
    const Status status = convert(&options).status();
    EXPECT_EQ(status.ok(), value < count) << name << " " << value;
    if (status.ok()) continue;
    EXPECT_TRUE(status.message().ends_with("is none of " + name)) << status.message();
  }
}

TEST(Options, EveryEnumeratorIsTaken) {
  ExpectAllTaken("peel_format", &peel_cut_options::format, DefaultCutOptions(), ToCutOptions);
  ExpectAllTaken("peel_edges", &peel_cut_options::edges, DefaultCutOptions(), ToCutOptions);
  ExpectAllTaken("peel_device", &peel_engine_options::device, {}, ToEngineChoices);
  ExpectAllTaken("peel_precision", &peel_engine_options::precision, {}, ToEngineChoices);
}

TEST(Options, DefaultsAreTheLibrarysOwn) {
  const auto by_c = ToCutOptions(nullptr);
  ASSERT_TRUE(by_c.ok());
  const CutOptions own;
  EXPECT_EQ(by_c->encode.format, own.encode.format);
  EXPECT_EQ(by_c->encode.keep_metadata, own.encode.keep_metadata);
  EXPECT_EQ(by_c->decode.limits.max_pixels, own.decode.limits.max_pixels);
  EXPECT_EQ(by_c->decode.animate, own.decode.animate);
  EXPECT_EQ(by_c->matte.model.mode, own.matte.model.mode);
  EXPECT_EQ(by_c->matte.model.edges, own.matte.model.edges);
  EXPECT_EQ(by_c->matte.model.matting.foreground, own.matte.model.matting.foreground);
  EXPECT_EQ(by_c->matte.model.matting.background, own.matte.model.matting.background);
  EXPECT_EQ(by_c->matte.model.matting.erode, own.matte.model.matting.erode);
  EXPECT_FALSE(by_c->frame.crop_margin);
}

}  // namespace
}  // namespace peel
