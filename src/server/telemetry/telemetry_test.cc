#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/server/telemetry/log.h"
#include "src/server/telemetry/metrics.h"
#include "src/server/telemetry/server_timing.h"
#include "src/server/telemetry/service_metrics.h"

namespace peel::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

const LogTime kTime{std::chrono::milliseconds(1'796'112'550'123)};

std::string TextOf(const MetricFamily& family) {
  std::string text;
  family.Write(&text);
  return text;
}

TEST(MetricsTest, CountersAreWrittenAsPrometheusReadsThem) {
  Counter counter("a_total", "Of \\ two\nlines.", {"route", "status"});
  counter.Add({"/x", "200"});
  counter.Add({"/x", "200"}, 2);
  counter.Add({"quote\" back\\ line\n tab\t \xc3\xbc", "500"});
  EXPECT_EQ(TextOf(counter),
            "# HELP a_total Of \\\\ two\\nlines.\n"
            "# TYPE a_total counter\n"
            "a_total{route=\"/x\",status=\"200\"} 3\n"
            "a_total{route=\"quote\\\" back\\\\ line\\n tab? ??\",status=\"500\"} 1\n");
  Counter plain("b_total", "B.", {});
  EXPECT_THAT(TextOf(plain), HasSubstr("\nb_total 0\n"));
  plain.SetTotal({}, 7);
  plain.SetTotal({}, 5);
  EXPECT_THAT(TextOf(plain), HasSubstr("\nb_total 7\n"));
}

TEST(MetricsTest, HistogramsAddUp) {
  Histogram histogram("h_seconds", "H.", {"stage"}, {0.1, 1, 10});
  for (const double value : {0.05, 0.1, 0.5, 100.0, std::nan("")}) histogram.Observe({"a"}, value);
  EXPECT_EQ(TextOf(histogram),
            "# HELP h_seconds H.\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_bucket{stage=\"a\",le=\"0.1\"} 2\n"
            "h_seconds_bucket{stage=\"a\",le=\"1\"} 3\n"
            "h_seconds_bucket{stage=\"a\",le=\"10\"} 3\n"
            "h_seconds_bucket{stage=\"a\",le=\"+Inf\"} 4\n"
            "h_seconds_sum{stage=\"a\"} 100.65\n"
            "h_seconds_count{stage=\"a\"} 4\n");
}

TEST(MetricsTest, GaugesTakeAnyNumber) {
  Gauge gauge("g", "G.", {});
  for (const auto& [value, text] : std::vector<std::pair<double, std::string>>{
           {0, "0"},
           {-1.5, "-1.5"},
           {1e300, "1e+300"},
           {std::nan(""), "NaN"},
           {std::numeric_limits<double>::infinity(), "+Inf"},
           {123456789012, "123456789012"}}) {
    gauge.Set({}, value);
    EXPECT_THAT(TextOf(gauge), HasSubstr("\ng " + text + "\n"));
  }
}

TEST(MetricsTest, WhatStrangersSendDoesNotFillTheMemory) {
  Counter counter("a_total", "A.", {"route", "status"});
  for (int i = 0; i < 5000; ++i) counter.Add({std::to_string(i), "200"});
  const std::string text = TextOf(counter);
  EXPECT_EQ(std::ranges::count(text, '\n'), 2 + 1000 + 1);
  EXPECT_THAT(text, HasSubstr("{route=\"other\",status=\"other\"} 4000\n"));
  counter.Add({"5", "200"});
  EXPECT_THAT(TextOf(counter), HasSubstr("{route=\"5\",status=\"200\"} 2\n"));
}

TEST(ServiceMetricsTest, TellsWhatTheServiceDoes) {
  ServiceMetrics metrics({"/api/remove", "/v1/cut"}, "1.2.3");
  EXPECT_EQ(metrics.RouteOf("/v1/cut"), "/v1/cut");
  EXPECT_EQ(metrics.RouteOf("/v1/cut/"), "other");
  const std::vector<std::pair<std::string, double>> stages = {{"decode", 12.0}, {"network", 60.0}};
  metrics.Answered("/v1/cut", 200, "u2netp", "cpu", 0.08, stages);
  for (int i = 0; i < 3; ++i) metrics.Answered("/" + std::to_string(i), 404, "", "", 0.0001, {});
  metrics.Update({.queue_length = 3,
                  .in_flight = 5,
                  .connections = 7,
                  .workers_idle = 1,
                  .workers_busy = 2,
                  .bytes_admitted = 1000,
                  .pixels_admitted = 2000,
                  .resident_bytes = 4096,
                  .bytes_in = 10,
                  .bytes_out = 20});
  metrics.Restarted("crash");
  const std::string text = metrics.Text();
  for (const char* const line :
       {"peel_requests_total{route=\"/v1/cut\",status=\"200\",model=\"u2netp\",device=\"cpu\"} 1",
        "peel_requests_total{route=\"other\",status=\"404\",model=\"\",device=\"\"} 3",
        "peel_request_seconds_bucket{route=\"/v1/cut\",le=\"0.05\"} 0",
        "peel_request_seconds_bucket{route=\"/v1/cut\",le=\"0.1\"} 1",
        "peel_request_seconds_count{route=\"other\"} 3",
        "peel_stage_seconds_sum{stage=\"decode\"} 0.012", "peel_queue_length 3", "peel_in_flight 5",
        "peel_bytes_admitted_total 1000", "peel_pixels_admitted_total 2000",
        "peel_resident_bytes 4096", "peel_workers{state=\"idle\"} 1",
        "peel_workers{state=\"busy\"} 2", "peel_worker_restarts_total{reason=\"crash\"} 1",
        "peel_connections 7", "peel_bytes_total{direction=\"in\"} 10",
        "peel_bytes_total{direction=\"out\"} 20", "peel_build_info{version=\"1.2.3\"} 1"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n") + line + "\n"));
  }
}

TEST(ServerTimingTest, NamesAreTokens) {
  EXPECT_EQ(ServerTiming(std::vector<std::pair<std::string, double>>{
                {"queue", 0.25},
                {"de code;dur=9, x\r\nSet-Cookie: a", 12.06},
                {"", 1},
                {"nan", std::nan("")},
                {"minus", -1},
                {"big", 1e300},
                {"zero", 0}}),
            "queue;dur=0.2, de-code-dur-9--x--Set-Cookie--a;dur=12.1, zero;dur=0.0");
  EXPECT_EQ(ServerTiming({}), "");
}

RequestRecord Record() {
  Request request;
  request.method = "POST";
  request.path = "/v1/cut";
  request.query.Add("token", "QUERYSECRET");
  request.headers.Add("X-Api-Key", "KEYSECRET");
  request.peer = "192.0.2.1";
  request.id = "id-1";
  request.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  RequestRecord record = RecordOf(request);
  record.route = "/v1/cut";
  record.status = 200;
  record.bytes_in = 1000;
  record.bytes_out = 2000;
  record.milliseconds = 12.3456;
  record.stages = {{"decode", 1.234}, {"network", 10}};
  record.model = "u2netp";
  record.device = "cpu";
  record.key = "shop";
  return record;
}

TEST(LogTest, ALineOfJsonHasWhatAnOperatorLooksFor) {
  const std::string line = LogLine(LogForm::kJson, kTime, Record());
  EXPECT_EQ(line, R"({"time":"2026-12-01T08:09:10.123Z","level":"info","message":"request",)"
                  R"("request_id":"id-1","trace_id":"0af7651916cd43dd8448eb211c80319c",)"
                  R"("span_id":"b7ad6b7169203331","peer":"192.0.2.1","method":"POST",)"
                  R"("route":"/v1/cut","path":"/v1/cut","status":200,"bytes_in":1000,)"
                  R"("bytes_out":2000,"ms":12.35,"stages":{"decode":1.23,"network":10.0},)"
                  R"("model":"u2netp","device":"cpu","key":"shop"})"
                  "\n");
  EXPECT_THAT(line, Not(HasSubstr("SECRET")));
  RequestRecord failed = Record();
  failed.status = 503;
  failed.error = "busy";
  failed.message = "the queue is full";
  EXPECT_THAT(LogLine(LogForm::kJson, kTime, failed),
              AllOf(HasSubstr(R"("level":"error","message":"the queue is full")"),
                    HasSubstr(R"("error":"busy")")));
  EXPECT_EQ(LogLine(LogForm::kText, kTime, Record()),
            "2026-12-01T08:09:10.123Z info request request_id=id-1 "
            "trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331 peer=192.0.2.1 "
            "method=POST route=/v1/cut path=/v1/cut status=200 bytes_in=1000 bytes_out=2000 "
            "ms=12.35 stages=decode:1.23,network:10.0 model=u2netp device=cpu key=shop\n");
  EXPECT_EQ(LogLine(LogForm::kOff, kTime, Record()), "");
}

TEST(LogTest, NothingThatStrangersSendGetsOutOfItsPlace) {
  std::string odd = "/\"x\" \\ \r\n{\"level\":\"error\"}\n\x1b[31m\x07\x7f\xff\xc3\xa9\xe2\x80\xae";
  odd += '\0';
  for (const LogForm form : {LogForm::kJson, LogForm::kText}) {
    RequestRecord record = Record();
    for (std::string* const text : {&record.path, &record.request_id, &record.traceparent,
                                    &record.peer, &record.method, &record.model, &record.message,
                                    &record.key, &record.error, &record.device, &record.route}) {
      *text = odd;
    }
    record.stages = {{odd, 1}};
    record.milliseconds = std::nan("");
    const std::string line = LogLine(form, kTime, record);
    ASSERT_FALSE(line.empty());
    EXPECT_EQ(line.back(), '\n');
    EXPECT_TRUE(std::all_of(line.begin(), line.end() - 1, [](char c) {
      return c >= ' ' && c <= '~';
    })) << line;
    if (form != LogForm::kJson) continue;
    const Json parsed = Json::parse(line, nullptr, false);
    ASSERT_TRUE(parsed.is_object()) << line;
    EXPECT_EQ(parsed["level"], "info");
    EXPECT_THAT(parsed["path"].get<std::string>(), testing::StartsWith("/\"x\" \\ \r\n{"));
    EXPECT_FALSE(parsed.contains("trace_id"));
  }
}

TEST(LogTest, ALineHasAnEndWhateverIsInIt) {
  for (const std::string& piece : {std::string("a"), std::string("\""), std::string("\x01"),
                                   std::string("\xff"), std::string("\xf0\x9f\x98\x80")}) {
    std::string huge;
    for (int i = 0; i < 2'000; ++i) huge += piece;
    RequestRecord record = Record();
    for (std::string* const text :
         {&record.path, &record.request_id, &record.peer, &record.method, &record.model,
          &record.message, &record.key, &record.error, &record.device, &record.route}) {
      *text = huge;
    }
    for (int i = 0; i < 100; ++i) record.stages.emplace_back(std::to_string(i) + huge, 1e11);
    for (const LogForm form : {LogForm::kJson, LogForm::kText}) {
      const std::string line = LogLine(form, kTime, record);
      EXPECT_LE(line.size(), kMaxLine);
      EXPECT_TRUE(form != LogForm::kJson || Json::accept(line)) << line;
      EXPECT_LE(LogLine(form, kTime, LogLevel::kWarning, huge).size(), kMaxLine);
    }
  }
}

TEST(LogTest, AFileIsAppendedToAndOpenedAgain) {
  const TestFolder folder;
  const std::string path = folder.Put("log", "before\n");
  auto log = Log::Open(LogForm::kJson, path);
  ASSERT_TRUE(log.ok()) << log.status().message();
  (*log)->Write(LogLevel::kInfo, "one", kTime);
  std::filesystem::rename(path, folder / "log.1");
  (*log)->Write(LogLevel::kInfo, "two", kTime);
  ASSERT_TRUE((*log)->Reopen().ok());
  (*log)->Write(Record(), kTime);
  EXPECT_THAT(folder.Get("log.1"),
              AllOf(testing::StartsWith("before\n{"), HasSubstr("\"one\""), HasSubstr("\"two\"")));
  EXPECT_EQ(folder.Get("log"), LogLine(LogForm::kJson, kTime, Record()));
  // Where it cannot be, the old one stays.
  std::filesystem::rename(path, folder / "log.2");
  std::filesystem::create_directory(path);
  EXPECT_THAT((*log)->Reopen().message(), HasSubstr("log"));
  (*log)->Write(LogLevel::kInfo, "three", kTime);
  EXPECT_THAT(folder.Get("log.2"), HasSubstr("three"));
  EXPECT_EQ((*log)->lost(), 0U);
  EXPECT_FALSE(Log::Open(LogForm::kJson, folder / "none" + "/log").ok());
}

TEST(LogTest, AFullDiskIsNoReasonToStop) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full here";
  const TestFolder folder;
  std::filesystem::create_symlink("/dev/full", folder / "log");
  auto log = Log::Open(LogForm::kJson, folder / "log");
  ASSERT_TRUE(log.ok()) << log.status().message();
  for (int i = 0; i < 3; ++i) (*log)->Write(LogLevel::kInfo, "lost", kTime);
  EXPECT_EQ((*log)->lost(), 3U);
  // There is room again: how many are lost is told once, in front of the next.
  std::filesystem::remove(folder / "log");
  ASSERT_TRUE((*log)->Reopen().ok());
  (*log)->Write(LogLevel::kInfo, "back", kTime);
  (*log)->Write(LogLevel::kInfo, "again", kTime);
  EXPECT_EQ(folder.Get("log"), LogLine(LogForm::kJson, kTime, LogLevel::kWarning,
                                       "3 lines of this log could not be written and are lost") +
                                   LogLine(LogForm::kJson, kTime, LogLevel::kInfo, "back") +
                                   LogLine(LogForm::kJson, kTime, LogLevel::kInfo, "again"));
}

TEST(LogTest, OffItWritesNothing) {
  const TestFolder folder;
  auto log = Log::Open(LogForm::kOff, folder / "log");
  ASSERT_TRUE(log.ok());
  (*log)->Write(Record(), kTime);
  (*log)->Write(LogLevel::kError, "x", kTime);
  EXPECT_TRUE((*log)->Reopen().ok());
  EXPECT_EQ(folder.Count(), 0);
  EXPECT_TRUE(ParseLogForm("json").ok() && ParseLogForm("text").ok() && ParseLogForm("off").ok());
  EXPECT_THAT(ParseLogForm("xml").status().message(), HasSubstr("json, text and off"));
}

}  // namespace
}  // namespace peel::server
