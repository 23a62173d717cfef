// A pool of threads where the system gives fewer.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "src/base/thread_pool.h"

namespace peel {
namespace {

// In a process that may start two more threads and no third.
TEST(ThreadPool, GoesOnWithTheThreadsThatStart) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers start threads of their own";
#endif
  if (getuid() != 0) GTEST_SKIP() << "needs root, to be a user without other processes";
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit three = {3, 3};
    if (setrlimit(RLIMIT_NPROC, &three) != 0 || setuid(61234) != 0) _exit(2);
    ThreadPool pool(16);
    std::atomic<int> hits{0};
    pool.ParallelFor(100, [&](int64_t, int) { ++hits; });
    _exit(pool.size() == 3 && hits == 100 && pool.Shortage().find("3 of 16") != std::string::npos
              ? 0
              : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Cpu, CountFollowsTheAffinityMask) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(AvailableCpus(), 1);
  EXPECT_EQ(ThreadPool().size(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
  EXPECT_LE(AvailableCpus(), CPU_COUNT(&before));
}

}  // namespace
}  // namespace peel
