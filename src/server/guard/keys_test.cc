#include "src/server/guard/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>

#include "src/base/os/file.h"
#include "src/base/os/test_folder.h"
#include "src/server/guard/key_ring.h"
#include "src/server/guard/key_use.h"
#include "src/server/guard/secret.h"

namespace peel::server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::chrono::steady_clock::time_point kStart{hours(1000)};
const std::chrono::system_clock::time_point kNoon{hours(24 * 20'000 + 12)};

std::string TextOf(const std::string& entries, const std::string& links = "") {
  return R"({"salt":"AAAAAAAAAAAAAAAAAAAAAA","keys":[)" + entries + "]" +
         (links.empty() ? "" : ",\"links\":[" + links + "]") + "}";
}
// An entry of this name with further words.
std::string Entry(const std::string& name, const std::string& more = "") {
  return R"({"name":")" + name + R"(","hash":"sha256:)" + ToBase64Url(Sha256(name)) + "\"" +
         (more.empty() ? "" : "," + more) + "}";
}
std::string Refused(const std::string& text) {
  const auto file = ParseKeyFile(text);
  return file.ok() ? "accepted" : file.status().message();
}

TEST(SecretTest, DigestsAreThoseOfTheirStandards) {
  // FIPS 180-4's example, RFC 4231's second case, RFC 4648's alphabet.
  EXPECT_EQ(ToBase64Url(Sha256("abc")), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
  EXPECT_EQ(ToBase64Url(HmacSha256("Jefe", "what do ya want for nothing?")),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
  EXPECT_EQ(ToBase64Url("\xfb\xff"), "-_8");
}

TEST(SecretTest, Base64HasOneTextForEachValue) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(FromBase64Url(ToBase64Url(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
  for (const char* const text : {"A", "AB=", "AB==", "A B", "A+", "A/", "AB", "AAB", "AAAAA"}) {
    EXPECT_EQ(FromBase64Url(text), std::nullopt) << text;
  }
}

TEST(SecretTest, SameIsSame) {
  EXPECT_TRUE(SameSecret("abc", "abc"));
  EXPECT_FALSE(SameSecret("abc", "abd"));
  EXPECT_FALSE(SameSecret("abc", "abcd"));
  EXPECT_FALSE(SameSecret("abc", ""));
}

TEST(KeyFileTest, EveryWordIsRead) {
  const auto file = ParseKeyFile(
      TextOf(Entry("shop", R"("requests_per_minute":60,"burst":20,"max_concurrent":4,"credits":5000,
      "credits_per_day":200,"max_bytes":20000000,"max_pixels":25000000,"apis":["removebg"],
      "routes":["/v1.0/*","/ready"],"expires":"2027-06-30T12:00:01Z","disabled":true)") +
                 "," + Entry("day", R"("requests_per_minute":6,"expires":"1970-01-02")"),
             R"({"id":"a","secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","key":"shop"})"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  const Key& key = file->keys.at(0);
  EXPECT_EQ(key.name, "shop");
  EXPECT_EQ(key.hash, Sha256("shop"));
  EXPECT_EQ(key.rate, (Rate{60, 20}));
  EXPECT_EQ(key.max_concurrent, 4);
  EXPECT_EQ(key.credits, 5000U);
  EXPECT_EQ(key.credits_per_day, 200U);
  EXPECT_EQ(key.max_bytes, 20'000'000U);
  EXPECT_EQ(key.max_pixels, 25'000'000U);
  EXPECT_EQ(key.expires, 1814356801);
  EXPECT_TRUE(key.disabled);
  EXPECT_TRUE(key.MayUse("removebg", "/v1.0/removebg"));
  EXPECT_TRUE(key.MayUse("removebg", "/ready"));
  EXPECT_FALSE(key.MayUse("rembg", "/v1.0/removebg"));
  EXPECT_FALSE(key.MayUse("removebg", "/v1.0"));
  EXPECT_FALSE(key.MayUse("removebg", "/ready/x"));
  EXPECT_EQ(file->keys.at(1).expires, 86400);
  EXPECT_EQ(file->keys.at(1).rate, (Rate{6, 6}));
  EXPECT_TRUE(file->keys.at(1).MayUse("rembg", "/x"));
  EXPECT_EQ(file->links.at(0).secret, std::string(32, '\0'));
  EXPECT_EQ(file->links.at(0).key, "shop");
  // And written again as it was read.
  const std::string text = KeyFileText(*file);
  const auto again = ParseKeyFile(text);
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(KeyFileText(*again), text);
  EXPECT_THAT(text, HasSubstr("2027-06-30T12:00:01Z"));
}

TEST(KeyFileTest, WhatIsWrongIsNamed) {
  EXPECT_EQ(Refused(TextOf(Entry("a"))), "accepted");
  EXPECT_THAT(Refused(""), HasSubstr("JSON"));
  EXPECT_THAT(Refused("{"), HasSubstr("JSON"));
  EXPECT_THAT(Refused("[]"), HasSubstr("the file"));
  EXPECT_THAT(Refused("{}"), HasSubstr("salt"));
  EXPECT_THAT(Refused(R"({"salt":"AAAA","keys":[]})"), HasSubstr("salt"));
  EXPECT_THAT(Refused(R"({"salt":"AAAAAAAAAAAAAAAAAAAAAA","keys":{}})"), HasSubstr("keys"));
  EXPECT_THAT(Refused(R"({"salt":"AAAAAAAAAAAAAAAAAAAAAA","key":[]})"), HasSubstr("\"key\""));
  EXPECT_THAT(Refused(TextOf("1")), HasSubstr("key 1"));
  EXPECT_THAT(Refused(TextOf("{}")), HasSubstr("name"));
  EXPECT_THAT(Refused(TextOf(R"({"name":"a"})")), HasSubstr("key \"a\""));
  EXPECT_THAT(Refused(TextOf(R"({"name":"a","hash":"sha256:AAAA"})")), HasSubstr("hash"));
  EXPECT_THAT(Refused(TextOf(R"({"name":"a","hash":"plain"})")), HasSubstr("hash"));
  EXPECT_THAT(Refused(TextOf(Entry("a") + "," + Entry("a"))), HasSubstr("twice"));
  for (const char* const name : {"", "a b", "a\\nb", "a/b", "\\u00e4"}) {
    EXPECT_THAT(Refused(TextOf(Entry(name))), HasSubstr("name")) << name;
  }
  EXPECT_THAT(Refused(TextOf(Entry(std::string(65, 'a')))), HasSubstr("name"));
  for (const char* const more : {R"("rate":1)",
                                 R"("requests_per_minute":0)",
                                 R"("requests_per_minute":-1)",
                                 R"("requests_per_minute":1.5)",
                                 R"("requests_per_minute":"60")",
                                 R"("burst":5)",
                                 R"("max_concurrent":0)",
                                 R"("credits":-1)",
                                 R"("credits":1e30)",
                                 R"("credits":null)",
                                 R"("max_bytes":0)",
                                 R"("apis":[])",
                                 R"("apis":"removebg")",
                                 R"("apis":[1])",
                                 R"("routes":["x"])",
                                 R"("expires":"")",
                                 R"("expires":"tomorrow")",
                                 R"("expires":1)",
                                 R"("expires":"2027-02-29")",
                                 R"("expires":"2027-06-30T24:00:00Z")",
                                 R"("expires":"2027-06-30T12:00:00")",
                                 R"("disabled":"no")",
                                 R"("disabled":0)",
                                 R"("disabled":true,"disabled":false)"}) {
    EXPECT_NE(Refused(TextOf(Entry("a", more))), "accepted") << more;
  }
  EXPECT_NE(Refused(TextOf("", R"({"id":"a","secret":"AAAA"})")), "accepted");
  EXPECT_THAT(
      Refused(TextOf("", R"({"id":"a","secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                             "key":"b"})")),
      HasSubstr("names a key"));
}

TEST(KeyFileTest, AKeyIsFoundByWhoHasItAlone) {
  const TestFolder folder;
  const std::string path = folder / "keys.json";
  const auto first = AddKey(path, {.name = "first", .hash = {}});
  const auto second = AddKey(path, {.name = "second", .hash = {}, .credits = 7});
  ASSERT_TRUE(first.ok() && second.ok()) << first.status().message();
  EXPECT_EQ(first->size(), 48U);
  EXPECT_THAT(*first, testing::StartsWith("peel_"));
  EXPECT_NE(*first, *second);
  EXPECT_EQ(InfoOf(path)->rights, 0600U);
  const std::string text = folder.Get("keys.json");
  EXPECT_THAT(text, AllOf(Not(HasSubstr(*first)), Not(HasSubstr(first->substr(5)))));
  auto ring = KeyRing::Open(path);
  ASSERT_TRUE(ring.ok()) << ring.status().message();
  EXPECT_EQ((*ring)->warning(), "");
  ASSERT_NE((*ring)->Find(*first), nullptr);
  EXPECT_EQ((*ring)->Find(*first)->name, "first");
  EXPECT_EQ((*ring)->Find(*second)->name, "second");
  EXPECT_EQ((*ring)->Named("second")->credits, 7U);
  // Neither its parts, nor its hash, nor one with something more.
  const Key& key = *(*ring)->Named("first");
  for (const std::string& wrong :
       {std::string(), first->substr(5), first->substr(0, 47), *first + "A", *first + '\0',
        key.hash, ToBase64Url(key.hash), "sha256:" + ToBase64Url(key.hash), std::string("first")}) {
    EXPECT_EQ((*ring)->Find(wrong), nullptr);
  }
}

TEST(KeyFileTest, AKeyThatClientsHaveMustBeLong) {
  const TestFolder folder;
  const std::string path = folder / "keys.json";
  EXPECT_FALSE(AddKey(path, {.name = "a", .hash = {}}, "short").ok());
  EXPECT_FALSE(AddKey(path, {.name = "a", .hash = {}}, std::string(24, ' ')).ok());
  EXPECT_FALSE(AddKey(path, {.name = "a b", .hash = {}}).ok());
  EXPECT_EQ(folder.Count(), 0);
  const std::string own = "QWERTYUIOPasdfghjkl12345";
  ASSERT_TRUE(AddKey(path, {.name = "a", .hash = {}}, own).ok());
  EXPECT_FALSE(AddKey(path, {.name = "a", .hash = {}}).ok());
  EXPECT_FALSE(AddKey(path, {.name = "b", .hash = {}}, own).ok());
  EXPECT_NE((*KeyRing::Open(path))->Find(own), nullptr);
  ASSERT_TRUE(AddLinkSecret(path, "2026-12", "a").ok());
  EXPECT_FALSE(AddLinkSecret(path, "2026-12", "a").ok());
  EXPECT_FALSE(AddLinkSecret(path, "2027-01", "nobody").ok());
  EXPECT_EQ((*KeyRing::Open(path))->links().size(), 1U);
}

TEST(KeyRingTest, AChangedFileIsReadAnewAndABrokenOneIsNot) {
  const TestFolder folder;
  const std::string path = folder.Put("keys.json", TextOf(Entry("a")));
  std::filesystem::permissions(path, std::filesystem::perms{0600});
  auto opened = KeyRing::Open(path);
  ASSERT_TRUE(opened.ok());
  KeyRing& ring = **opened;
  const std::shared_ptr<const Key> old = ring.Named("a");
  EXPECT_FALSE(ring.Refresh(kStart).has_value());
  folder.Put("keys.json", TextOf(Entry("a") + "," + Entry("b")));
  // Not twice within a second.
  EXPECT_FALSE(ring.Refresh(kStart + milliseconds(999)).has_value());
  auto news = ring.Refresh(kStart + seconds(1));
  ASSERT_TRUE(news.has_value());
  EXPECT_FALSE(news->is_failure) << news->text;
  EXPECT_NE(ring.Named("b"), nullptr);
  // Broken: told once, the old keys stay.
  folder.Put("keys.json", "{");
  news = ring.Refresh(kStart + seconds(2));
  ASSERT_TRUE(news.has_value());
  EXPECT_TRUE(news->is_failure);
  EXPECT_THAT(news->text, AllOf(HasSubstr("keys.json"), HasSubstr("stay")));
  EXPECT_FALSE(ring.Refresh(kStart + seconds(3)).has_value());
  EXPECT_NE(ring.Named("b"), nullptr);
  // Gone: the same; and one that took its place is seen, though its size is the same.
  std::filesystem::remove(path);
  EXPECT_TRUE(ring.Refresh(kStart + seconds(4))->is_failure);
  EXPECT_EQ(ring.size(), 2U);
  folder.Put("new.json", TextOf(Entry("c") + "," + Entry("d")));
  std::filesystem::permissions(folder / "new.json", std::filesystem::perms{0644});
  std::filesystem::rename(folder / "new.json", path);
  EXPECT_FALSE(ring.Refresh(kStart + seconds(5))->is_failure);
  EXPECT_EQ(ring.Named("a"), nullptr);
  EXPECT_NE(ring.Named("d"), nullptr);
  EXPECT_THAT(ring.warning(), HasSubstr("chmod 600"));
  std::filesystem::permissions(path, std::filesystem::perms{0600});
  EXPECT_TRUE(ring.Refresh(kStart + seconds(6)).has_value());
  EXPECT_EQ(ring.warning(), "");
  // Whoever was let in by a key that is no more still holds it.
  EXPECT_EQ(old->name, "a");
}

TEST(KeyRingTest, AServerDoesNotStartWithoutItsFile) {
  const TestFolder folder;
  const auto missing = KeyRing::Open(folder / "none.json");
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.status().message(), HasSubstr("none.json"));
  EXPECT_FALSE(KeyRing::Open(folder.Put("bad.json", "{}")).ok());
}

TEST(PresentedKeyTest, TwoHeadersAreLookedAt) {
  const auto presented = [](const std::string& name, const std::string& value) {
    Request request;
    request.headers.Add(name, value);
    return std::string(PresentedKey(request));
  };
  EXPECT_EQ(presented("x-api-key", "abc"), "abc");
  EXPECT_EQ(presented("X-API-Key", " abc "), "abc");
  EXPECT_EQ(presented("authorization", "Bearer abc"), "abc");
  EXPECT_EQ(presented("Authorization", "BEARER  abc"), "abc");
  EXPECT_EQ(presented("Authorization", "Basic YTpi"), "");
  EXPECT_EQ(presented("Authorization", "Bearerabc"), "");
  EXPECT_EQ(presented("Authorization", "abc"), "");
  EXPECT_EQ(presented("Cookie", "abc"), "");
  EXPECT_EQ(presented("X-Api-Key", std::string(100'000, 'a')).size(), 512U);
}

class KeyUseTest : public ::testing::Test {
 protected:
  KeyUse::Refusal Refusal(const Key& key, uint64_t credits = 1, seconds after = seconds(0)) {
    KeyUse::Verdict verdict = use_.Begin(key, credits, kStart + after, kNoon + after);
    if (verdict.lease) verdict.lease->Keep();
    EXPECT_EQ(verdict.lease != nullptr, verdict.refusal == KeyUse::Refusal::kNone);
    EXPECT_EQ(verdict.message.empty(), verdict.refusal == KeyUse::Refusal::kNone);
    return verdict.refusal;
  }
  KeyUse use_;
};

TEST_F(KeyUseTest, CreditsEndAndWhatFailedCostsNothing) {
  const Key key{.name = "a", .hash = {}, .credits = 3};
  EXPECT_EQ(Refusal(key), KeyUse::Refusal::kNone);
  EXPECT_EQ(*use_.BalanceOf(key, kNoon).credits, 2U);
  {
    // Held while it is under way, given back as it was not kept.
    const KeyUse::Verdict held = use_.Begin(key, 2, kStart, kNoon);
    EXPECT_NE(held.lease, nullptr);
    EXPECT_EQ(*use_.BalanceOf(key, kNoon).credits, 0U);
    EXPECT_EQ(Refusal(key), KeyUse::Refusal::kCredits);
    EXPECT_EQ(Refusal(key, 0), KeyUse::Refusal::kNone);
  }
  EXPECT_EQ(*use_.BalanceOf(key, kNoon).credits, 2U);
  EXPECT_EQ(Refusal(key, 3), KeyUse::Refusal::kCredits);
  EXPECT_EQ(Refusal(key, ~uint64_t{0}), KeyUse::Refusal::kCredits);
  EXPECT_EQ(Refusal(key, 2), KeyUse::Refusal::kNone);
  EXPECT_EQ(Refusal(key), KeyUse::Refusal::kCredits);
  EXPECT_EQ(Refusal({.name = "b", .hash = {}}, ~uint64_t{0}), KeyUse::Refusal::kNone);
  EXPECT_EQ(Refusal({.name = "b", .hash = {}}, ~uint64_t{0}), KeyUse::Refusal::kNone);
}

TEST_F(KeyUseTest, ADayHasItsOwnCredits) {
  const Key key{.name = "a", .hash = {}, .credits_per_day = 2};
  EXPECT_EQ(Refusal(key, 2), KeyUse::Refusal::kNone);
  const KeyUse::Verdict verdict = use_.Begin(key, 1, kStart, kNoon);
  EXPECT_EQ(verdict.refusal, KeyUse::Refusal::kCreditsOfDay);
  EXPECT_EQ(verdict.retry_after, 12 * 3600);
  EXPECT_EQ(Refusal(key, 1, hours(12) - seconds(1)), KeyUse::Refusal::kCreditsOfDay);
  EXPECT_EQ(*use_.BalanceOf(key, kNoon + hours(12)).credits_today, 2U);
  EXPECT_EQ(Refusal(key, 2, hours(12)), KeyUse::Refusal::kNone);
  // A day does not come twice.
  EXPECT_EQ(Refusal(key, 1, -hours(24)), KeyUse::Refusal::kCreditsOfDay);
}

TEST_F(KeyUseTest, SoManyAtATime) {
  const Key key{.name = "a", .hash = {}, .max_concurrent = 2};
  auto first = use_.Begin(key, 1, kStart, kNoon);
  const auto second = use_.Begin(key, 1, kStart, kNoon);
  EXPECT_EQ(use_.under_way("a"), 2);
  const auto third = use_.Begin(key, 1, kStart, kNoon);
  EXPECT_EQ(third.refusal, KeyUse::Refusal::kConcurrent);
  EXPECT_EQ(third.retry_after, 1);
  first.lease.reset();
  EXPECT_EQ(use_.under_way("a"), 1);
  EXPECT_EQ(Refusal(key), KeyUse::Refusal::kNone);
}

TEST_F(KeyUseTest, TheRateIsTheKeysAndWhatIsRefusedOtherwiseTakesNothingOfIt) {
  const Key key{.name = "a", .hash = {}, .rate = Rate{60, 2}, .max_concurrent = 1};
  {
    const auto held = use_.Begin(key, 1, kStart, kNoon);
    ASSERT_TRUE(held.rate.has_value());
    EXPECT_EQ(held.rate->remaining, 1);
    EXPECT_EQ(Refusal(key), KeyUse::Refusal::kConcurrent);
  }
  EXPECT_EQ(Refusal(key), KeyUse::Refusal::kNone);
  const auto refused = use_.Begin(key, 1, kStart, kNoon);
  EXPECT_EQ(refused.refusal, KeyUse::Refusal::kRate);
  EXPECT_EQ(refused.retry_after, 1);
  EXPECT_EQ(use_.under_way("a"), 0);
  EXPECT_EQ(Refusal(key, 1, seconds(1)), KeyUse::Refusal::kNone);
}

TEST_F(KeyUseTest, LeasesOutliveIt) {
  auto use = std::make_unique<KeyUse>();
  const auto verdict = use->Begin({.name = "a", .hash = {}}, 1, kStart, kNoon);
  use.reset();
  EXPECT_NE(verdict.lease, nullptr);
}

TEST_F(KeyUseTest, CreditsOutlastTheServer) {
  const TestFolder folder;
  const std::string path = folder / "use.json";
  const Key key{.name = "a", .hash = {}, .credits = 10, .credits_per_day = 5};
  EXPECT_TRUE(use_.Load(path).ok());
  EXPECT_FALSE(use_.is_changed());
  EXPECT_EQ(Refusal(key, 3), KeyUse::Refusal::kNone);
  EXPECT_TRUE(use_.is_changed());
  EXPECT_TRUE(use_.Save(path).ok());
  EXPECT_FALSE(use_.is_changed());
  KeyUse after;
  ASSERT_TRUE(after.Load(path).ok());
  EXPECT_EQ(*after.BalanceOf(key, kNoon).credits, 7U);
  EXPECT_EQ(*after.BalanceOf(key, kNoon).credits_today, 2U);
  EXPECT_EQ(*after.BalanceOf(key, kNoon + hours(24)).credits_today, 5U);
  for (const char* const text : {"", "[]", R"({"a":1})", R"({"a":{"total":-1,"today":0,"day":0}})",
                                 R"({"a":{"total":1,"today":0}})"}) {
    const Status status = after.Load(folder.Put("bad.json", text));
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << text;
    EXPECT_EQ(*after.BalanceOf(key, kNoon).credits, 7U);
  }
}

}  // namespace
}  // namespace peel::server
