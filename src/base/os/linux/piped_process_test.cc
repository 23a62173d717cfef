#include "src/base/os/piped_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "src/base/os/process.h"
#include "src/base/os/test_folder.h"
#include "src/base/os/unique_fd.h"

namespace peel {
namespace {

using std::chrono::milliseconds;

Result<std::unique_ptr<PipedProcess>> Shell(const std::string& script, PipedOptions options) {
  return PipedProcess::Start("/bin/sh", {"-c", script}, std::move(options));
}

std::string ReadAll(PipedProcess& process) {
  std::string all;
  std::vector<uint8_t> buffer(1 << 16);
  for (;;) {
    const auto n = process.Read(buffer);
    EXPECT_TRUE(n.ok()) << n.status().message();
    if (!n.ok() || *n == 0) return all;
    all.append(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(*n));
  }
}

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(PipedProcessTest, TalksBothWays) {
  auto process = PipedProcess::Start("/bin/cat", {}, {.input = true});
  ASSERT_TRUE(process.ok()) << process.status().message();
  ASSERT_TRUE((*process)->Write(Bytes("over and back")).ok());
  (*process)->CloseInput();
  EXPECT_EQ(ReadAll(**process), "over and back");
  const auto end = (*process)->Wait();
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->code, 0);
  EXPECT_EQ((*process)->pid(), -1);
}

// More of everything than fits into a pipe, with nobody to read it meanwhile.
TEST(PipedProcessTest, NeverWaitsForItsErrorsToBeRead) {
  int lines = 0;
  PipedOptions options;
  options.on_line = [&](std::string_view) { ++lines; };
  auto process = Shell(
      "i=0; while [ $i -lt 8000 ]; do echo complaint number $i >&2; i=$((i+1)); done; "
      "printf done",
      std::move(options));
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(ReadAll(**process), "done");
  ASSERT_TRUE((*process)->Wait().ok());
  EXPECT_EQ(lines, 8000);
  const std::string words = (*process)->LastWords();
  EXPECT_NE(words.find("complaint number 7999"), std::string::npos) << words;
  EXPECT_LT(words.size(), 2000U);
}

TEST(PipedProcessTest, LinesAreCutAndCleaned) {
  auto process =
      Shell(R"(printf '\033[31mred\007\n' >&2; head -c 100000 /dev/zero | tr '\0' x >&2)", {});
  ASSERT_TRUE(process.ok());
  ReadAll(**process);
  ASSERT_TRUE((*process)->Wait().ok());
  const std::string words = (*process)->LastWords();
  EXPECT_EQ(words.find('\033'), std::string::npos);
  EXPECT_NE(words.find("[31mred"), std::string::npos) << words;
  EXPECT_LT(words.size(), 1000U);
}

TEST(PipedProcessTest, OutputThatNobodyWantsIsThrownAway) {
  auto process = Shell("head -c 5000000 /dev/zero; exit 3", {.output = false});
  ASSERT_TRUE(process.ok());
  const auto end = (*process)->Wait();
  ASSERT_TRUE(end.ok()) << end.status().message();
  EXPECT_EQ(end->code, 3);
}

TEST(PipedProcessTest, DeathIsToldWithItsLastWords) {
  auto process = Shell("echo the disk is full >&2; exit 7", {.input = true});
  ASSERT_TRUE(process.ok());
  const std::string much(4 << 20, 'x');
  const Status status = (*process)->Write(Bytes(much));  // no SIGPIPE either
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_EQ(status.message(), "sh ended before it was done (exit code 7): the disk is full");

  process = Shell("kill -9 $$", {});
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(ReadAll(**process), "");
  const auto end = (*process)->Wait();
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->signal, 9);
}

TEST(PipedProcessTest, HangingIsToldAndEnded) {
  auto process = Shell("sleep 100", {.patience = milliseconds(150)});
  ASSERT_TRUE(process.ok());
  std::vector<uint8_t> byte(1);
  const auto read = (*process)->Read(byte);
  EXPECT_EQ(read.status().code(), StatusCode::kIo);
  EXPECT_NE(read.status().message().find("did nothing for 0.1"), std::string::npos)
      << read.status().message();
  const auto end = (*process)->Wait();
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->signal, 9);

  process = Shell("sleep 100", {.input = true, .patience = milliseconds(150)});
  ASSERT_TRUE(process.ok());
  const std::string much(4 << 20, 'x');
  EXPECT_EQ((*process)->Write(Bytes(much)).code(), StatusCode::kIo);
  process = Shell("sleep 100", {.patience = milliseconds(150)});
  ASSERT_TRUE(process.ok());
  EXPECT_EQ((*process)->Wait().status().code(), StatusCode::kIo);

  // With its last words, and what the user can do. The end of its output shows that it has spoken.
  process = Shell("echo no tape >&2; echo in the drive >&2; exec >&-; sleep 100",
                  {.patience = milliseconds(150), .patience_advice = "press a key"});
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(ReadAll(**process), "");
  while ((*process)->LastWords() != "no tape; in the drive") {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ((*process)->Wait().status().message(),
            "sh did nothing for 0.15 seconds and was ended (press a key): no tape; in the drive");
}

// Slow, but it says something now and then.
TEST(PipedProcessTest, ASignOfLifeKeepsItAlive) {
  auto process =
      Shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.1; echo $i >&2; done; printf done",
            {.patience = milliseconds(1000)});
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(ReadAll(**process), "done");
}

TEST(PipedProcessTest, CancellingEndsTheWait) {
  CancelToken cancel;
  auto process = Shell("sleep 100", {.cancel = &cancel});
  ASSERT_TRUE(process.ok());
  std::thread other([&] { cancel.Cancel(); });
  std::vector<uint8_t> byte(1);
  EXPECT_EQ((*process)->Read(byte).status().code(), StatusCode::kCancelled);
  EXPECT_EQ((*process)->Wait().status().code(), StatusCode::kCancelled);
  other.join();
}

TEST(PipedProcessTest, WhatCannotBeStartedSaysWhy) {
  const TestFolder folder;
  const auto missing = PipedProcess::Start(folder / "nothing", {}, {});
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound) << missing.status().message();
  const auto text = PipedProcess::Start(folder.Put("text", "no program"), {}, {});
  EXPECT_EQ(text.status().code(), StatusCode::kIo);
  EXPECT_NE(text.status().message().find("Permission denied"), std::string::npos)
      << text.status().message();
}

TEST(PipedProcessTest, InheritsNothingAndIsAGroupOfItsOwn) {
  const UniqueFd inherited(fcntl(1, F_DUPFD, 30));  // without O_CLOEXEC
  ASSERT_TRUE(inherited);
  auto process = Shell(
      "for f in /proc/self/fd/*; do echo ${f##*/}; done; cut -d' ' -f5 /proc/$$/stat; echo $$", {});
  ASSERT_TRUE(process.ok());
  const std::string told = ReadAll(**process);
  // The shell opens one for the pattern itself.
  EXPECT_TRUE(told.starts_with("0\n1\n2\n")) << told;
  EXPECT_EQ(told.find("\n" + std::to_string(inherited.get()) + "\n"), std::string::npos) << told;
  const size_t last = told.rfind('\n', told.size() - 2);
  const std::string pid = told.substr(last + 1);
  EXPECT_NE(told.find("\n" + pid + pid), std::string::npos) << told;
  EXPECT_NE(std::stoi(pid), getpgrp());
}

TEST(PipedProcessTest, DiesWithItsObjectAndTakesItsChildrenAlong) {
  auto process = Shell("sleep 100 & echo $!; wait", {});
  ASSERT_TRUE(process.ok());
  std::vector<uint8_t> buffer(64);
  const auto n = (*process)->Read(buffer);
  ASSERT_TRUE(n.ok());
  const int grandchild =
      std::stoi(std::string(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(*n)));
  const int child = (*process)->pid();
  process->reset();
  EXPECT_TRUE(IsProcessGone(child));
  // Whoever inherits it waits for it: gone, or dead and not yet waited for.
  bool dead = false;
  for (int i = 0; i < 500 && !dead; ++i) {
    const std::string path = "/proc/" + std::to_string(grandchild) + "/stat";
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const size_t name = text.rfind(')');
    dead = text.empty() || (name != std::string::npos && text[name + 2] == 'Z');
    if (!dead) std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_TRUE(dead);
}

TEST(PipedProcessTest, OutlivesTheThreadThatStartedItAndEndsWithTheProcess) {
  Result<std::unique_ptr<PipedProcess>> process = Internal("");
  std::thread([&] { process = Shell("sleep 0.2; printf here", {}); }).join();
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(ReadAll(**process), "here");
  process->reset();

  // A process that starts one and is killed.
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    auto child = Shell("sleep 100", {});
    const int pid = child.ok() ? (*child)->pid() : -1;
    [[maybe_unused]] const ssize_t n = write(ends[1], &pid, sizeof(pid));
    for (;;) pause();
  }
  int pid = -1;
  ASSERT_EQ(read(ends[0], &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
  ASSERT_GT(pid, 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  bool dead = false;
  for (int i = 0; i < 500 && !dead; ++i) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const size_t name = text.rfind(')');
    dead = text.empty() || (name != std::string::npos && text[name + 2] == 'Z');
    if (!dead) std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_TRUE(dead);
  close(ends[0]);
  close(ends[1]);
}

TEST(FindProgramTest, AsAShellDoes) {
  EXPECT_EQ(FindProgram("/bin/sh"), "/bin/sh");
  EXPECT_FALSE(FindProgram("sh").empty());
  EXPECT_EQ(FindProgram("no-such-program-anywhere"), "");
  EXPECT_EQ(FindProgram(""), "");
  const TestFolder folder;
  const std::string text = folder.Put("text", "not to be run");
  EXPECT_EQ(FindProgram(text), "");
  EXPECT_EQ(FindProgram("/tmp"), "");
}

}  // namespace
}  // namespace peel
