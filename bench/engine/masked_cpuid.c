// Answers the CPUID instructions that mask_cpuid.py has replaced by UD2, as a processor with AVX2
// and without AVX-512 or AMX would. Loaded before the library that asks (ctypes.CDLL); the
// library's code is its own otherwise, and asks while it is loaded, not while it computes.
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

static void Answer(int signal, siginfo_t* info, void* context) {
  (void)info;
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds the address as a number
  const unsigned char* at = (const unsigned char*)registers[REG_RIP];
  if (at[0] != 0x0F || at[1] != 0x0B) {  // a true illegal instruction
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(signal, &plain, NULL);
    return;
  }
  const unsigned leaf = (unsigned)registers[REG_RAX], sub = (unsigned)registers[REG_RCX];
  unsigned a, b, c, d;
  __cpuid_count(leaf, sub, a, b, c, d);
  if (leaf == 7 && sub == 0) {
    // AVX-512 F DQ IFMA PF ER CD BW VL
    b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 0xFu << 26 | 3u << 30);
    c &= ~(1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14);  // VBMI VBMI2 VNNI BITALG VPOPCNTDQ
    d &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25);  // … FP16, AMX
  }
  if (leaf == 7 && sub == 1) {
    a &= ~(1u << 5 | 1u << 21);  // AVX-512 BF16, AMX FP16
    d &= ~(1u << 8 | 1u << 19);  // AMX COMPLEX, AVX10
  }
  if (leaf == 0x24) a = b = c = d = 0;  // AVX10's version
  registers[REG_RAX] = a;
  registers[REG_RBX] = b;
  registers[REG_RCX] = c;
  registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void Install(void) {
  struct sigaction action = {.sa_sigaction = Answer, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &action, NULL);
}
