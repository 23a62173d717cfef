#include "src/server/work/sandbox.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "src/base/os/child_process.h"
#include "src/base/os/message_socket.h"
#include "src/base/os/worker_process.h"

namespace peel::server {
namespace {

// What `child` returns in a copy of this process, in the sandbox or out of it.
int InChild(bool confined, const std::function<int()>& child) {
  auto ends = MessageSocket::Pair();
  if (!ends.ok()) return -1;
  const auto forked = Fork(ends->second.fd(), [&] {
    if (confined && !EnterSandbox(Sandbox::kComputing).ok()) return 100;
    return child();
  });
  if (!forked.ok()) {
    ADD_FAILURE() << forked.status().message();
    return -1;
  }
  const int handle = forked->handle.get();
  EXPECT_EQ(WaitForAny({&handle, 1}, 60'000), 0);
  const auto end = Reap(forked->pid);
  return end ? end->code : -1;
}

constexpr int kDid = 10, kDidNot = 11;

// Possible outside, impossible within.
void ExpectRefused(const std::function<bool()>& act) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "no sandbox in a build with a sanitizer";
#endif
  if (CountThreads() > 1) GTEST_SKIP() << "other tests have started threads: run this one alone";
  const auto child = [&] { return act() ? kDid : kDidNot; };
  EXPECT_EQ(InChild(false, child), kDid);
  EXPECT_EQ(InChild(true, child), kDidNot);
}

TEST(Sandbox, OpensNoSocket) {
  // What Asio needs besides is there before.
  boost::asio::io_context context;
  boost::asio::ip::tcp::socket socket(context);
  ExpectRefused([&] {
    boost::system::error_code error;
    socket.open(boost::asio::ip::tcp::v4(), error);
    return error != boost::system::errc::operation_not_permitted;
  });
  ExpectRefused([] { return MessageSocket::Pair().ok(); });
}

TEST(Sandbox, RunsNoProgram) {
  ExpectRefused([] { return std::system("true") == 0; });
}

TEST(Sandbox, ReadsNoFile) {
  ExpectRefused([] { return std::ifstream("/proc/self/status").good(); });
}

TEST(Sandbox, WritesNoFile) {
  ExpectRefused([] {
    const std::string name = testing::TempDir() + "peel-sandbox";
    const bool written = std::ofstream(name).put('x').good();
    if (written) std::remove(name.c_str());
    return written;
  });
}

TEST(Sandbox, StartsNoProcess) {
  ExpectRefused([] { return ChildProcess::StartShared("true", {}).ok(); });
}

TEST(Sandbox, LetsThreadsAndMemoryBe) {
  if (CountThreads() > 1) GTEST_SKIP() << "other tests have started threads: run this one alone";
  EXPECT_EQ(InChild(true,
                    [] {
                      std::vector<char> much(size_t{64} << 20, 1);
                      int sum = 0;
                      std::thread thread([&] { sum = much[12345] + much.back(); });
                      thread.join();
                      return sum == 2 ? kDid : kDidNot;
                    }),
            kDid);
}

}  // namespace
}  // namespace peel::server
