#pragma once

#include <span>

#include "src/engine/kernels/reference/reference.h"

namespace peel::engine::reference {

// The operators of each file; registry.cc puts them together.
std::span<const ReferenceEntry> ActivationOps();
std::span<const ReferenceEntry> ArgOps();
std::span<const ReferenceEntry> BinaryOps();
std::span<const ReferenceEntry> CastOps();
std::span<const ReferenceEntry> ConvOps();
std::span<const ReferenceEntry> ConvTransposeOps();
std::span<const ReferenceEntry> CumulativeOps();
std::span<const ReferenceEntry> EinsumOps();
std::span<const ReferenceEntry> GatherOps();
std::span<const ReferenceEntry> GeneratorOps();
std::span<const ReferenceEntry> GridSampleOps();
std::span<const ReferenceEntry> IntegerOps();
std::span<const ReferenceEntry> LogicOps();
std::span<const ReferenceEntry> MatMulOps();
std::span<const ReferenceEntry> MovementOps();
std::span<const ReferenceEntry> NormalisationOps();
std::span<const ReferenceEntry> PadOps();
std::span<const ReferenceEntry> PoolOps();
std::span<const ReferenceEntry> QuantizedMatrixOps();
std::span<const ReferenceEntry> QuantizeOps();
std::span<const ReferenceEntry> ReduceOps();
std::span<const ReferenceEntry> ResizeOps();
std::span<const ReferenceEntry> ScatterOps();
std::span<const ReferenceEntry> SelectOps();
std::span<const ReferenceEntry> ShapeOps();
std::span<const ReferenceEntry> SoftmaxOps();
std::span<const ReferenceEntry> UnaryOps();

}  // namespace peel::engine::reference
