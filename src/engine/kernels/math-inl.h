// Transcendental functions and activations on vectors of float, for one CPU target. Errors, in
// units in the last place unless said otherwise: SafeExp 1, SafeTanh 4, SafeLog 4; Sigmoid 1e-7
// absolute, Erf 2e-7 absolute, the activations made of them a few units. NaN stays NaN, infinities
// give their limits. Include after foreach_target.h.

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "src/base/checked.h"
#include "src/engine/kernels/epilogue.h"

#if defined(PEEL_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PEEL_MATH_INL_H_
#undef PEEL_MATH_INL_H_
#else
#define PEEL_MATH_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V = hn::VFromD<D>>
HWY_INLINE V KeepNan(D, V x, V y) {
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

template <class D, class V = hn::VFromD<D>>
HWY_INLINE V SafeExp(D d, V x) {
  // Highway's is exact to its stated error only up to 104; infinity is reached at 89.
  return KeepNan(d, x, hn::Exp(d, hn::Min(x, hn::Set(d, 100.0f))));
}

template <class D, class V = hn::VFromD<D>>
HWY_INLINE V SafeLog(D d, V x) {
  const V zero = hn::Zero(d), infinity = hn::Set(d, HUGE_VALF);
  V y = hn::Log(d, x);
  y = hn::IfThenElse(hn::Eq(x, infinity), infinity, y);
  y = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), y);
  return KeepNan(d, x, hn::IfThenElse(hn::Lt(x, zero), hn::Sub(infinity, infinity), y));
}

template <class D, class V = hn::VFromD<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, SafeExp(d, hn::Neg(x))));
}

template <class D, class V = hn::VFromD<D>>
HWY_INLINE V SafeTanh(D d, V x) {
  // Beyond 10 the result is 1 in float; Highway's would divide infinities.
  const V ten = hn::Set(d, 10.0f);
  return KeepNan(d, x, hn::Tanh(d, hn::Max(hn::Neg(ten), hn::Min(ten, x))));
}

// Two polynomials fitted by iteratively reweighted least squares: erf(x)/x in x², and beyond 15/16
// -log(1 - erf(x)) in x.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V Erf(D d, V x) {
  const V t = hn::Min(hn::Abs(x), hn::Set(d, 4.0f)), s = hn::Mul(t, t);
  V near = hn::Set(d, 8.267614612122998e-05f);
  near = hn::MulAdd(near, s, hn::Set(d, -0.0008118119440041482f));
  near = hn::MulAdd(near, s, hn::Set(d, 0.005198834929615259f));
  near = hn::MulAdd(near, s, hn::Set(d, -0.0268584992736578f));
  near = hn::MulAdd(near, s, hn::Set(d, 0.1128367930650711f));
  near = hn::MulAdd(near, s, hn::Set(d, -0.37612631916999817f));
  near = hn::MulAdd(near, s, hn::Set(d, 1.128379225730896f));
  near = hn::Mul(near, x);
  V far = hn::Set(d, 2.130600478267297e-05f);
  far = hn::MulAdd(far, t, hn::Set(d, -0.0004369066737126559f));
  far = hn::MulAdd(far, t, hn::Set(d, 0.004182934295386076f));
  far = hn::MulAdd(far, t, hn::Set(d, -0.025150775909423828f));
  far = hn::MulAdd(far, t, hn::Set(d, 0.10832872241735458f));
  far = hn::MulAdd(far, t, hn::Set(d, 0.6333025693893433f));
  far = hn::MulAdd(far, t, hn::Set(d, 1.1295369863510132f));
  far = hn::MulAdd(far, t, hn::Set(d, -0.00017928419401869178f));
  far = hn::Sub(hn::Set(d, 1.0f), SafeExp(d, hn::Neg(far)));
  const V y = hn::IfThenElse(hn::Lt(t, hn::Set(d, 0.9375f)), near, hn::CopySign(far, x));
  return KeepNan(d, x, y);
}

// log(1 + exp(x)).
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V Softplus(D d, V x) {
  const V tail = hn::Log1p(d, SafeExp(d, hn::Neg(hn::Abs(x))));
  return KeepNan(d, x, hn::Add(hn::Max(x, hn::Zero(d)), tail));
}

template <Activation kActivation, class D, class V = hn::VFromD<D>>
HWY_INLINE V Activate(D d, V x, V alpha, V beta) {
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  switch (kActivation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return hn::Max(zero, x);
    case Activation::kLeakyRelu:
      return hn::IfThenElse(hn::Lt(x, zero), hn::Mul(alpha, x), x);
    case Activation::kClip:
      return hn::Min(beta, hn::Max(alpha, x));
    case Activation::kSigmoid:
      return Sigmoid(d, x);
    case Activation::kTanh:
      return SafeTanh(d, x);
    case Activation::kHardSigmoid:
      return hn::Min(one, hn::Max(zero, hn::MulAdd(alpha, x, beta)));
    case Activation::kHardSwish: {
      const V gate = hn::MulAdd(x, hn::Set(d, 1.0f / 6), hn::Set(d, 0.5f));
      return hn::Mul(x, hn::Min(one, hn::Max(zero, gate)));
    }
    case Activation::kSilu:
      return hn::Mul(x, Sigmoid(d, x));
    case Activation::kGelu: {
      const V half = hn::Mul(x, hn::Set(d, 0.5f));
      return hn::MulAdd(half, Erf(d, hn::Mul(x, hn::Set(d, 0.70710678118654752f))), half);
    }
    case Activation::kElu: {
      const V below = hn::Mul(alpha, hn::Expm1(d, hn::Min(x, zero)));
      return KeepNan(d, x, hn::IfThenElse(hn::Lt(x, zero), below, x));
    }
    case Activation::kSoftplus:
      return Softplus(d, x);
  }
  return x;
}

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#endif  // PEEL_MATH_INL_H_
