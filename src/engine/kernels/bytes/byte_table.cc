#include <algorithm>

#include "src/engine/kernels/bytes/bytes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/bytes/byte_table.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace {

void LookUpPlain(const uint8_t* table, const uint8_t* x, int64_t count, uint8_t* y) {
  for (int64_t i = 0; i < count; ++i) y[i] = table[x[i]];
}

#if HWY_TARGET == HWY_AVX3
// An extension of AVX-512 that Highway has no target for: the function carries it itself. The table
// lies in four registers; an instruction looks 64 bytes up in two of them.
__attribute__((target("avx512vbmi"))) void LookUp64(const uint8_t* table, const uint8_t* x,
                                                    int64_t count, uint8_t* y) {
  const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
  const __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
  int64_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __m512i at = _mm512_loadu_si512(x + i);
    const __m512i low = _mm512_permutex2var_epi8(t0, at, t1);
    const __m512i high = _mm512_permutex2var_epi8(t2, at, t3);
    _mm512_storeu_si512(y + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), low, high));
  }
  LookUpPlain(table, x + i, count - i, y + i);
}
#endif

using LookUp = void (*)(const uint8_t* table, const uint8_t* x, int64_t count, uint8_t* y);

LookUp Get() {
#if HWY_TARGET == HWY_AVX3
  if (__builtin_cpu_supports("avx512vbmi")) return &LookUp64;
#endif
  return &LookUpPlain;
}

PEEL_ENTRY(Get);

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {

PEEL_EXPORT(Get);

void RunByteTable(const uint8_t* table, int64_t batch, int64_t count, ConstBytes x, Bytes y,
                  ThreadPool& pool) {
  const auto look_up = PEEL_DISPATCH(Get)();
  constexpr int64_t kTaskBytes = 64 << 10;
  const int64_t pieces = DivideUp(count, kTaskBytes);
  pool.ParallelFor(batch * pieces, [&](int64_t item, int) {
    const int64_t n = item / pieces, first = item % pieces * kTaskBytes;
    look_up(table, x.data + n * x.batch_stride + first, std::min(kTaskBytes, count - first),
            y.data + n * y.batch_stride + first);
  });
}

}  // namespace peel::engine
#endif
