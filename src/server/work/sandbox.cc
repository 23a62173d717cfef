#include "src/server/work/sandbox.h"

#include <seccomp.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "src/base/os/process.h"

namespace peel::server {
namespace {

// The kernel's numbers, the same on every system it runs on.
constexpr uint64_t kCloneThread = 0x10000;              // clone(2)
constexpr uint64_t kSetName = 15, kGetName = 16;        // prctl(2)
constexpr uint64_t kAddSeals = 1033, kGetSeals = 1034;  // fcntl(2)
constexpr uint64_t kGetFlags = 1, kSetFlags = 2;        // of a descriptor
constexpr uint64_t kGetStatus = 3;
constexpr uint64_t kInetFamily = 2, kInet6Family = 10, kNetlink = 16, kPacket = 17;

// What the C library, its allocator and threads, C++ and the codecs call once they are loaded.
constexpr int kComputing[] = {SCMP_SYS(read),
                              SCMP_SYS(write),
                              SCMP_SYS(readv),
                              SCMP_SYS(writev),
                              SCMP_SYS(pread64),
                              SCMP_SYS(lseek),
                              SCMP_SYS(close),
                              SCMP_SYS(fstat),
                              SCMP_SYS(newfstatat),
                              SCMP_SYS(ftruncate),
                              SCMP_SYS(sendmsg),
                              SCMP_SYS(recvmsg),
                              SCMP_SYS(poll),
                              SCMP_SYS(ppoll),
                              SCMP_SYS(memfd_create),
                              SCMP_SYS(mmap),
                              SCMP_SYS(munmap),
                              SCMP_SYS(mremap),
                              SCMP_SYS(mprotect),
                              SCMP_SYS(madvise),
                              SCMP_SYS(brk),
                              SCMP_SYS(futex),
                              SCMP_SYS(exit),
                              SCMP_SYS(exit_group),
                              SCMP_SYS(rt_sigaction),
                              SCMP_SYS(rt_sigprocmask),
                              SCMP_SYS(rt_sigreturn),
                              SCMP_SYS(sigaltstack),
                              SCMP_SYS(restart_syscall),
                              SCMP_SYS(set_robust_list),
                              SCMP_SYS(set_tid_address),
                              SCMP_SYS(rseq),
                              SCMP_SYS(membarrier),
                              SCMP_SYS(getpid),
                              SCMP_SYS(gettid),
                              SCMP_SYS(getrandom),
                              SCMP_SYS(getcpu),
                              SCMP_SYS(sched_yield),
                              SCMP_SYS(sched_getaffinity),
                              SCMP_SYS(clock_gettime),
                              SCMP_SYS(clock_getres),
                              SCMP_SYS(clock_nanosleep),
                              SCMP_SYS(nanosleep),
                              SCMP_SYS(gettimeofday),
                              SCMP_SYS(time),
                              SCMP_SYS(pause),
                              SCMP_SYS(uname),
                              SCMP_SYS(sysinfo),
                              SCMP_SYS(getrusage),
                              SCMP_SYS(getuid),
                              SCMP_SYS(geteuid),
                              SCMP_SYS(getgid),
                              SCMP_SYS(getegid)};

// What a runtime may try and do without.
constexpr int kOpening[] = {SCMP_SYS(open),       SCMP_SYS(openat),     SCMP_SYS(creat),
                            SCMP_SYS(stat),       SCMP_SYS(access),     SCMP_SYS(faccessat),
                            SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(mkdir),
                            SCMP_SYS(mkdirat),    SCMP_SYS(unlink),     SCMP_SYS(unlinkat),
                            SCMP_SYS(rename),     SCMP_SYS(renameat),   SCMP_SYS(renameat2),
                            SCMP_SYS(getdents64), SCMP_SYS(chmod),      SCMP_SYS(fchmodat)};

constexpr int kNever[] = {SCMP_SYS(execve),
                          SCMP_SYS(execveat),
                          SCMP_SYS(ptrace),
                          SCMP_SYS(process_vm_readv),
                          SCMP_SYS(process_vm_writev),
                          SCMP_SYS(kcmp),
                          SCMP_SYS(kill),
                          SCMP_SYS(tkill),
                          SCMP_SYS(pidfd_open),
                          SCMP_SYS(pidfd_getfd),
                          SCMP_SYS(pidfd_send_signal),
                          SCMP_SYS(mount),
                          SCMP_SYS(umount2),
                          SCMP_SYS(move_mount),
                          SCMP_SYS(open_tree),
                          SCMP_SYS(fsopen),
                          SCMP_SYS(pivot_root),
                          SCMP_SYS(chroot),
                          SCMP_SYS(setns),
                          SCMP_SYS(unshare),
                          SCMP_SYS(bpf),
                          SCMP_SYS(perf_event_open),
                          SCMP_SYS(userfaultfd),
                          SCMP_SYS(io_uring_setup),
                          SCMP_SYS(io_uring_enter),
                          SCMP_SYS(io_uring_register),
                          SCMP_SYS(keyctl),
                          SCMP_SYS(add_key),
                          SCMP_SYS(request_key),
                          SCMP_SYS(init_module),
                          SCMP_SYS(finit_module),
                          SCMP_SYS(delete_module),
                          SCMP_SYS(kexec_load),
                          SCMP_SYS(kexec_file_load),
                          SCMP_SYS(reboot),
                          SCMP_SYS(swapon),
                          SCMP_SYS(swapoff),
                          SCMP_SYS(settimeofday),
                          SCMP_SYS(clock_settime),
                          SCMP_SYS(adjtimex),
                          SCMP_SYS(sethostname),
                          SCMP_SYS(setdomainname),
                          SCMP_SYS(acct),
                          SCMP_SYS(quotactl),
                          SCMP_SYS(setuid),
                          SCMP_SYS(setgid),
                          SCMP_SYS(setresuid),
                          SCMP_SYS(setresgid),
                          SCMP_SYS(setgroups),
                          SCMP_SYS(capset),
                          SCMP_SYS(personality),
                          SCMP_SYS(open_by_handle_at),
                          SCMP_SYS(name_to_handle_at),
                          SCMP_SYS(mknod),
                          SCMP_SYS(mknodat),
                          SCMP_SYS(symlink),
                          SCMP_SYS(symlinkat),
                          SCMP_SYS(link),
                          SCMP_SYS(linkat),
                          SCMP_SYS(listen),
                          SCMP_SYS(accept),
                          SCMP_SYS(accept4)};

class Filter {
 public:
  explicit Filter(uint32_t otherwise) : context_(seccomp_init(otherwise)) {}
  ~Filter() {
    if (context_ != nullptr) seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // Calls that this processor does not have are passed over.
  template <typename... Condition>
  void Add(uint32_t action, int call, Condition... conditions) {
    if (context_ == nullptr || error_ != 0) return;
    const int error =
        seccomp_rule_add(context_, action, call, sizeof...(conditions), conditions...);
    if (error != 0 && error != -EDOM && error != -EACCES) error_ = error;
  }
  Status Load() {
    if (context_ == nullptr) return Unsupported("no filter of system calls is to be had");
    if (error_ == 0) error_ = seccomp_load(context_);
    if (error_ == 0) return OkStatus();
    return Unsupported("system calls cannot be filtered (" +
                       std::generic_category().message(-error_) + ")");
  }

 private:
  scmp_filter_ctx context_;
  int error_ = 0;
};

Status EnterComputing() {
  // What is not known is not there: the C library then does without.
  Filter filter(SCMP_ACT_ERRNO(ENOSYS));
  for (const int call : kComputing) filter.Add(SCMP_ACT_ALLOW, call);
  for (const int call : kOpening) filter.Add(SCMP_ACT_ERRNO(EACCES), call);
  for (const int call : kNever) filter.Add(SCMP_ACT_ERRNO(EPERM), call);
  for (const int call : {SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind),
                         SCMP_SYS(fork), SCMP_SYS(vfork)}) {
    filter.Add(SCMP_ACT_ERRNO(EPERM), call);
  }
  // Threads, no processes; clone3, whose arguments lie in memory, is not there.
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(clone),
             SCMP_A0(SCMP_CMP_MASKED_EQ, kCloneThread, kCloneThread));
  for (const uint64_t what : {kSetName, kGetName}) {
    filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, what));
  }
  for (const uint64_t what : {kAddSeals, kGetSeals, kGetFlags, kSetFlags, kGetStatus}) {
    filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, what));
  }
  // Signals to itself: how abort() ends it.
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
             SCMP_A0(SCMP_CMP_EQ, static_cast<uint64_t>(ProcessId())));
  // Its own limits.
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_EQ, 0));
  return filter.Load();
}

Status EnterRuntime() {
  Filter filter(SCMP_ACT_ALLOW);
  for (const int call : kNever) filter.Add(SCMP_ACT_ERRNO(EPERM), call);
  for (const uint64_t family : {kInetFamily, kInet6Family, kNetlink, kPacket}) {
    filter.Add(SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, family));
  }
  return filter.Load();
}

}  // namespace

Status EnterSandbox(Sandbox sandbox) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  (void)sandbox;
  return OkStatus();
#else
  return sandbox == Sandbox::kComputing ? EnterComputing() : EnterRuntime();
#endif
}

}  // namespace peel::server
