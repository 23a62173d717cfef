#include "src/library/metadata/film_facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "src/library/metadata/test_photo.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kKey = "com.apple.quicktime.content.identifier";
constexpr std::string_view kUuid = "F4BD8C3E-0E07-4E2A-9C0A-1D6D9D6F9A11";

Bytes Box(std::string_view type, const Bytes& content) {
  Bytes box;
  AppendNumber(&box, 8 + content.size(), 4);
  Append(&box, type);
  Append(&box, content);
  return box;
}

Bytes Joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) Append(&all, part);
  return all;
}

Bytes MovieHeader(uint32_t scale, uint32_t length) {
  Bytes header(12);
  AppendNumber(&header, scale, 4);
  AppendNumber(&header, length, 4);
  header.resize(100);
  return Box("mvhd", header);
}

// Two keys, of which the second is the identifier's.
Bytes Meta(std::string_view uuid, bool has_version, uint32_t type = 1) {
  Bytes keys(4);
  AppendNumber(&keys, 2, 4);
  for (const std::string_view key : {"com.apple.quicktime.make"sv, kKey}) {
    AppendNumber(&keys, 8 + key.size(), 4);
    Append(&keys, "mdta");
    Append(&keys, key);
  }
  const auto item = [&](uint32_t number, std::string_view text) {
    Bytes data;
    AppendNumber(&data, type, 4);
    AppendNumber(&data, 0, 4);
    Append(&data, text);
    Bytes box;
    const Bytes inner = Box("data", data);
    AppendNumber(&box, 8 + inner.size(), 4);
    AppendNumber(&box, number, 4);
    Append(&box, inner);
    return box;
  };
  Bytes content(has_version ? 4 : 0);
  Append(&content, Box("hdlr", Bytes(24)));
  Append(&content, Box("keys", keys));
  Append(&content, Box("ilst", Joined({item(1, "Apple"), item(2, uuid)})));
  return Box("meta", content);
}

Bytes Film(const Bytes& movie) {
  return Joined(
      {Box("ftyp", FromText("qt  \0\0\0\0qt  "sv)), Box("mdat", Bytes(5000)), Box("moov", movie)});
}

Result<FilmFacts> Read(std::span<const uint8_t> bytes) {
  HeaderReader reader(bytes);
  return ReadFilmFacts(&reader);
}

TEST(FilmFactsTest, IdentifierAndLengthOfMovAndMp4) {
  for (const bool has_version : {false, true}) {
    const auto film = Read(Film(Joined({MovieHeader(600, 1500), Meta(kUuid, has_version)})));
    ASSERT_TRUE(film.ok()) << film.status().message();
    EXPECT_EQ(film->content_identifier, kUuid);
    EXPECT_EQ(film->duration_s, 2.5);
    EXPECT_EQ(film->warning, "");
  }
}

TEST(FilmFactsTest, WhereFfmpegPutsIt) {
  // QuickTime's list of user data may end with 32 bits of 0.
  Bytes user = Meta(kUuid, true);
  AppendNumber(&user, 0, 4);
  const auto film = Read(Film(Joined({MovieHeader(600, 1500), Box("udta", user)})));
  EXPECT_EQ(film->content_identifier, kUuid);
  EXPECT_EQ(film->warning, "");
}

TEST(FilmFactsTest, LongTimes) {
  Bytes header = {1, 0, 0, 0};
  header.resize(20);
  AppendNumber(&header, 90000, 4);
  AppendNumber(&header, uint64_t{90000} * 7200, 8);
  EXPECT_EQ(Read(Film(Box("mvhd", header)))->duration_s, 7200);
}

TEST(FilmFactsTest, WhatIsNotSaidIsNotKnown) {
  EXPECT_FALSE(Read(Film(MovieHeader(0, 5)))->duration_s);
  EXPECT_FALSE(Read(Film(MovieHeader(600, 0)))->duration_s);
  EXPECT_FALSE(Read(Film(MovieHeader(600, UINT32_MAX)))->duration_s);
  EXPECT_EQ(Read(Film({}))->content_identifier, "");
  EXPECT_EQ(Read(Film(Meta("", false)))->content_identifier, "");
  EXPECT_EQ(Read(Film(Meta(kUuid, false, 21)))->content_identifier, "");  // a number, no text
}

TEST(FilmFactsTest, OtherFilesAndHalfOnes) {
  EXPECT_EQ(Read(FromText("GIF89a........")).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(Read(FromText("short")).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(Read(Box("ftyp", Bytes(8))).status().code(), StatusCode::kCorrupt);
}

TEST(FilmFactsTest, CutOffAnywhereNothingIsMadeUp) {
  const Bytes whole = Film(Joined({MovieHeader(600, 1500), Meta(kUuid, false)}));
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto film = Read(std::span(whole).first(size));
    if (!film.ok()) continue;
    EXPECT_FALSE(film->warning.empty()) << size;
    EXPECT_TRUE(kUuid.starts_with(film->content_identifier)) << size;
  }
}

TEST(FilmFactsTest, TablesThatLie) {
  // The number of keys, then a key's length.
  Bytes film = Film(Meta(kUuid, false));
  const auto at = [&](std::string_view mark) {
    const std::string_view all(reinterpret_cast<const char*>(film.data()), film.size());
    return film.begin() + static_cast<ptrdiff_t>(all.find(mark));
  };
  std::fill_n(at("keys") + 8, 4, uint8_t{0xFF});
  EXPECT_EQ(Read(film)->content_identifier, kUuid);
  std::fill_n(at("mdta") - 4, 4, uint8_t{0xFF});
  EXPECT_EQ(Read(film)->content_identifier, "");
  std::fill_n(at("mdta") - 4, 4, uint8_t{0});
  EXPECT_EQ(Read(film)->content_identifier, "");
}

}  // namespace
}  // namespace peel::library
