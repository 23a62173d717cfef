#pragma once

#include <cstdint>
#include <utility>

#include "src/base/os/message_socket.h"
#include "src/pipeline/cut/cutter.h"
#include "src/server/work/forkable_executor.h"

namespace peel::server {

// Does jobs that come in over a socket (protocol.h), one after another, until the other end is
// gone. In a process of its own, which has what walls it needs, or in a thread.
//
// PEEL_TEST_WORKER=crash|hang|exit|garbage|eat makes it do that with a picture whose last bytes are
// "PEEL-TEST", when it comes to the stage that stands behind an "@" (as crash@network; "take"
// before anything else is done; decode where there is none): how the tests see that the pool holds.
class Worker {
 public:
  // `cutter` is loaded. executor: its threads, of which each job gets its share; null: none of the
  // worker's affair. address_space: what the process had before its first job, beyond which each
  // job may take some; 0: without bounds.
  Worker(MessageSocket socket, const Cutter& cutter, ForkableExecutor* executor,
         uint64_t address_space)
      : socket_(std::move(socket)),
        cutter_(cutter),
        executor_(executor),
        address_space_(address_space) {}

  // 0 when the other end is gone, 1 where it cannot be talked to.
  int Run();

 private:
  struct Work;
  Status Serve(Work& work, UniqueFd region);
  Status WaitForGo(Work& work);
  Status DoJob(Work& work);
  Status Answer(const Work& work, const Status& failed);
  bool Enter(Work& work, const char* stage);
  void LimitMemory(const Work& work) const;
  bool DoAsTold(const char* stage);

  MessageSocket socket_;
  const Cutter& cutter_;
  ForkableExecutor* const executor_;
  const uint64_t address_space_;
};

}  // namespace peel::server
