#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>

#include "src/base/os/process.h"
#include "src/codec/test_files.h"
#include "src/server/work/test_pool.h"

// What becomes of the pool's processes, seen from outside.
namespace peel::server {
namespace {

using testing::HasSubstr;

Bytes Picture() { return MustEncode(Smooth(96, 64, 3).view(), {.format = Format::kPng}); }

struct Process {
  int pid = 0, parent = 0;
  char state = '?';
};

// All that descend from this one.
std::vector<Process> Descendants() {
  std::map<int, Process> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    Process process;
    process.pid = std::atoi(entry.path().filename().c_str());
    if (process.pid <= 0) continue;
    std::ifstream file(entry.path() / "stat");
    std::string text;
    std::getline(file, text);
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) continue;  // it has ended
    std::istringstream(text.substr(name_end + 1)) >> process.state >> process.parent;
    all[process.pid] = process;
  }
  std::vector<Process> found;
  for (const auto& [pid, process] : all) {
    int at = process.parent;
    while (at != ProcessId() && all.contains(at)) at = all[at].parent;
    if (at == ProcessId()) found.push_back(process);
  }
  return found;
}

std::vector<int> ChildrenOf(int parent) {
  std::vector<int> children;
  for (const Process& process : Descendants()) {
    if (process.parent == parent) children.push_back(process.pid);
  }
  return children;
}

int Zygote() {
  const auto children = ChildrenOf(ProcessId());
  EXPECT_EQ(children.size(), 1U);
  return children.empty() ? -1 : children[0];
}

void KillNine(int pid) {
  ASSERT_GT(pid, 1);
  ASSERT_EQ(std::system(("kill -9 " + std::to_string(pid)).c_str()), 0);
}

// A number of kilobytes that the system tells of a process's memory; 0 where it does not.
uint64_t Memory(int pid, const std::string& what) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string word; file >> word;) {
    if (word == what) {
      uint64_t value = 0;
      file >> value;
      return value;
    }
  }
  return 0;
}

// The worker that hangs, which says so; 0: none does yet.
int Hanging() {
  for (const Process& process : Descendants()) {
    std::string name;
    std::ifstream("/proc/" + std::to_string(process.pid) + "/comm") >> name;
    if (name == "hanging") return process.pid;
  }
  return 0;
}

int OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<int>(std::distance(begin(all), end(all)));
}

TEST(Processes, AWorkerThatIsKilledFailsItsPictureAndIsReplaced) {
  const WithTestHook hook("hang@network");
  TestPool pool({.workers = 2});
  ASSERT_TRUE(pool.ok());
  ASSERT_TRUE(pool.Until([&] { return pool->counts().workers == 2; }));
  const auto hung = pool.Submit({}, Marked(Picture()));
  ASSERT_TRUE(pool.Until([] { return Hanging() != 0; }));
  KillNine(Hanging());
  const Outcome outcome = pool.Wait(hung);
  EXPECT_EQ(outcome.failure.kind, Failure::Kind::kWorker);
  EXPECT_THAT(outcome.failure.message, HasSubstr("killed"));
  EXPECT_TRUE(pool.Do({}, Picture()).ok());
  EXPECT_TRUE(pool.Until([&] { return pool->counts().workers == 2; }));
  // Nobody is left unburied.
  for (const Process& process : Descendants()) EXPECT_NE(process.state, 'Z') << process.pid;
}

TEST(Processes, WhatHangsIsStopped) {
  const WithTestHook hook("hang@network");
  WorkOptions options = {.workers = 1};
  options.kill_after = std::chrono::milliseconds(50);
  TestPool pool(options);
  ASSERT_TRUE(pool.ok());
  const auto hung = pool.Submit({}, Marked(Picture()));
  const auto next = pool.Submit({}, Picture());
  ASSERT_TRUE(pool.Until([] { return Hanging() != 0; }));
  pool->Cancel(hung.id, Failure::Kind::kGone);
  ASSERT_TRUE(hung.over());  // at once
  EXPECT_EQ((*hung.outcome)->failure.kind, Failure::Kind::kGone);
  EXPECT_TRUE(pool.Wait(next).ok());
  EXPECT_EQ(Hanging(), 0);
  EXPECT_EQ(pool->counts().restarts, 1U);
  EXPECT_EQ(pool->counts().cancelled, 1U);
  EXPECT_EQ(pool->counts().crashes, 0U);
}

TEST(Processes, AZygoteThatIsKilledIsReplacedAndNoPictureIsLost) {
  TestPool pool({.workers = 2});
  ASSERT_TRUE(pool.ok());
  for (uint64_t round = 0; round < 3; ++round) {
    ASSERT_TRUE(pool.Until([&] { return pool->counts().workers == 2; }));
    const auto before = pool.Submit({}, Picture());
    const auto also = pool.Submit({}, Picture());
    KillNine(Zygote());
    EXPECT_TRUE(pool.Wait(before).ok()) << (*before.outcome)->failure.message;
    EXPECT_TRUE(pool.Wait(also).ok()) << (*also.outcome)->failure.message;
    EXPECT_TRUE(pool.Until([&] { return pool->counts().restarts > round; }));
  }
  EXPECT_TRUE(pool.Until([&] { return pool->counts().workers == 2; }));
  EXPECT_EQ(ChildrenOf(Zygote()).size(), 2U);
}

TEST(Processes, NoneOutlivesThePool) {
  {
    TestPool pool({.workers = 2});
    ASSERT_TRUE(pool.ok());
    EXPECT_TRUE(pool.Until([&] { return Descendants().size() == 3; }));
  }
  // The zygote is waited for; its workers end with it, in the system's own time.
  const auto end = std::chrono::steady_clock::now() + kLongest;
  const auto gone = [] { return Descendants().empty(); };
  while (!gone() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(gone());
}

TEST(Processes, WorkersShareTheModel) {
  TestPool pool({.workers = 2});
  ASSERT_TRUE(pool.ok());
  ASSERT_TRUE(pool.Until([&] { return pool->counts().workers == 2; }));
  for (const int worker : ChildrenOf(Zygote())) {
    const uint64_t all = Memory(worker, "Anonymous:");
    if (all == 0) GTEST_SKIP() << "the memory of other processes is not told here";
    EXPECT_LT(Memory(worker, "Private_Dirty:"), all / 2);
  }
  EXPECT_GT(pool->counts().resident, 0U);
}

TEST(Processes, NothingPilesUp) {
  TestPool pool({.workers = 2});
  ASSERT_TRUE(pool.ok());
  ASSERT_TRUE(pool.Until([&] { return pool->counts().workers == 2; }));
  Bytes broken = Picture();
  broken.resize(broken.size() / 2);
  std::fill(broken.begin() + 40, broken.end(), 0xA5);
  EXPECT_TRUE(pool.Do({}, Picture()).ok());
  const int before = OpenDescriptors();
  for (int i = 0; i < 1000; ++i) {
    const Outcome outcome = pool.Do({}, i % 50 == 0 ? Picture() : broken);
    ASSERT_EQ(outcome.ok(), i % 50 == 0);
    ASSERT_EQ(outcome.failure.kind, Failure::Kind::kRefused);
  }
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_EQ(pool->counts().restarts, 0U);
  EXPECT_EQ(Descendants().size(), 3U);
}

TEST(Processes, WorkersAreReplacedAfterSoManyJobs) {
  WorkOptions options = {.workers = 1};
  options.jobs_per_worker = 2;
  TestPool pool(options);
  ASSERT_TRUE(pool.ok());
  const auto first = ChildrenOf(Zygote());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool.Do({}, Picture()).ok());
  EXPECT_TRUE(pool.Until([&] { return pool->counts().workers == 1; }));
  EXPECT_NE(ChildrenOf(Zygote()), first);
  EXPECT_EQ(pool->counts().restarts, 0U);  // none was wrong
}

// --- Models

class Models : public testing::Test {
 protected:
  void SetUp() override {
    const auto model = std::filesystem::path(PEEL_SHARED_DIR) / "models" / "u2netp-fp32.onnx";
    if (!std::filesystem::exists(model)) GTEST_SKIP() << "no u2netp in ../shared/models";
    folder_ =
        std::filesystem::temp_directory_path() / ("peel-models-" + std::to_string(ProcessId()));
    std::filesystem::create_directories(folder_);
    std::filesystem::create_symlink(std::filesystem::absolute(model), folder_ / "u2netp.onnx");
    setenv("U2NET_HOME", folder_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("U2NET_HOME");
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  std::filesystem::path folder_;
};

TEST_F(Models, AreLoadedWhenAskedFor) {
  TestPool pool({.workers = 1});
  ASSERT_TRUE(pool.ok());
  CutJob other;
  other.model = "u2netp";
  const auto a = pool.Submit({}, Picture());
  const auto b = pool.Submit(other, Picture());
  const auto c = pool.Submit({}, Picture());
  EXPECT_EQ(pool.Wait(a).done.value_or(CutDone()).model, "peel");
  EXPECT_EQ(pool.Wait(b).done.value_or(CutDone()).model, "u2netp");
  EXPECT_EQ(pool.Wait(c).done.value_or(CutDone()).model, "peel");
  EXPECT_EQ(ChildrenOf(ProcessId()).size(), 2U);
  EXPECT_EQ(pool->counts().restarts, 0U);
}

TEST_F(Models, MakeRoomForEachOther) {
  WorkOptions options = {.workers = 1};
  options.max_models = 2;
  std::filesystem::create_symlink(std::filesystem::read_symlink(folder_ / "u2netp.onnx"),
                                  folder_ / "silueta.onnx");
  TestPool pool(options);
  ASSERT_TRUE(pool.ok());
  for (const char* name : {"u2netp", "silueta", "u2netp", ""}) {
    CutJob job;
    job.model = name;
    const Outcome outcome = pool.Do(job, Picture());
    ASSERT_TRUE(outcome.ok()) << outcome.failure.message;
    EXPECT_EQ(outcome.done->model, *name == 0 ? "peel" : name);
    EXPECT_LE(ChildrenOf(ProcessId()).size(), 2U);
  }
}

TEST_F(Models, ThatAreNotThereAreToldAtOnce) {
  TestPool pool({.workers = 1});
  ASSERT_TRUE(pool.ok());
  const auto refusal = [&](const std::string& name) {
    CutJob job;
    job.model = name;
    const auto pending = pool.Submit(job, Picture());
    EXPECT_TRUE(pending.over()) << name;
    const Outcome outcome = pool.Wait(pending);
    EXPECT_EQ(outcome.failure.kind, Failure::Kind::kNoModel) << name;
    return outcome.failure.message;
  };
  EXPECT_THAT(refusal("u2nte"), HasSubstr("u2net"));
  EXPECT_THAT(refusal("u2net"), testing::Not(HasSubstr(folder_.string())));
  refusal((folder_ / "u2netp.onnx").string());
  refusal("../u2netp");
  refusal("/etc/passwd");
}

TEST_F(Models, ThatCannotBeLoadedFailTheirPicturesAlone) {
  std::ofstream(folder_ / "isnet-anime.onnx") << "this is no model";
  std::string log;
  WorkOptions options = {.workers = 1};
  options.tell = [&](const std::string& what) { log += what; };
  TestPool pool(options);
  ASSERT_TRUE(pool.ok());
  CutJob job;
  job.model = "isnet-anime";
  const Outcome outcome = pool.Do(job, Picture());
  EXPECT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure.kind, Failure::Kind::kWorker);
  EXPECT_THAT(outcome.failure.message, HasSubstr("isnet-anime"));
  EXPECT_THAT(log, HasSubstr("isnet-anime"));
  EXPECT_TRUE(pool.Do({}, Picture()).ok());
}

TEST(Processes, AServerWithoutItsModelDoesNotStart) {
  WorkOptions options = {.workers = 1};
  options.model.model = "no-such-model";
  auto pool = WorkerPool::Fork(options);
  ASSERT_TRUE(pool.ok());
  boost::asio::io_context context;
  const Status status = (*pool)->Start(context);
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("no-such-model"));
}

}  // namespace
}  // namespace peel::server
