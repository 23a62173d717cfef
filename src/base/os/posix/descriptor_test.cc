#include "src/base/os/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <thread>
#include <vector>

namespace peel {
namespace {

struct Pipe {
  int ends[2] = {-1, -1};
  explicit Pipe(int flags) { EXPECT_EQ(pipe2(ends, flags | O_CLOEXEC), 0); }
  ~Pipe() {
    for (int i = 0; i < 2; ++i) Close(i);
  }
  void Close(int i) {
    if (ends[i] >= 0) close(ends[i]);
    ends[i] = -1;
  }
};

TEST(Descriptor, NonBlockingPipesWait) {
  Pipe pipe(O_NONBLOCK);
  std::vector<uint8_t> sent(1 << 20), got;  // a pipe holds 64 KB
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<uint8_t>(i * 7 + i / 251);
  std::thread writer([&] {
    size_t written = 0;
    EXPECT_EQ(WriteFully(pipe.ends[1], sent, &written), 0);
    EXPECT_EQ(written, sent.size());
    pipe.Close(1);
  });
  std::vector<uint8_t> block(5000);
  for (ssize_t n; (n = ReadSome(pipe.ends[0], block.data(), block.size())) != 0;) {
    ASSERT_GT(n, 0);
    got.insert(got.end(), block.begin(), block.begin() + n);
  }
  writer.join();
  EXPECT_EQ(got, sent);
}

TEST(Descriptor, AReaderThatIsGone) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe(O_NONBLOCK);
  pipe.Close(0);
  const uint8_t byte = 1;
  EXPECT_EQ(WriteFully(pipe.ends[1], std::span(&byte, 1)), EPIPE);
}

TEST(Descriptor, AWaitingReadCanBeWoken) {
  for (const int flags : {0, O_NONBLOCK}) {
    Pipe silent(flags), wake(0);
    std::thread waker([&] { EXPECT_EQ(write(wake.ends[1], "x", 1), 1); });
    uint8_t byte = 0;
    EXPECT_EQ(ReadSome(silent.ends[0], &byte, 1, wake.ends[0]), -1);
    EXPECT_EQ(errno, ECANCELED);
    waker.join();
  }
}

TEST(Descriptor, ClosedStandardDescriptorsAreTaken) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (int fd = 0; fd <= 2; ++fd) close(fd);
    OpenStandardDescriptors();
    const int next = open("/dev/null", O_RDONLY);
    char byte = 0;
    const bool reads = read(0, &byte, 1) == -1 && errno == EBADF;
    const bool writes = write(1, "x", 1) == -1 && errno == EBADF;
    const bool messages = write(2, "x", 1) == 1;
    _exit((next > 2 ? 0 : 1) + (reads ? 0 : 2) + (writes ? 0 : 4) + (messages ? 0 : 8));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace peel
