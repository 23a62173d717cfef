#pragma once

#include <memory>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/image/image.h"
#include "src/library/labels/labeller.h"
#include "src/library/labels/labels.h"

namespace peel::library {

// How far labels of the same pictures agree, for instance those of another precision with
// float32's.
class Agreement {
 public:
  void Add(const Labels& reference, const Labels& other);

  int pictures() const { return pictures_; }
  // Parts of 1 of the labels that both give: scenes that are equal, and objects and faces that find
  // a partner of their label that overlaps by half or more. 1 where there are none.
  double labels() const;
  // The least inner product of two embeddings of one picture; 1 where there are none.
  double cosine() const { return cosine_; }

  // What mixed precision must reach to be used: labels >= .995, cosine >= .999.
  bool passes() const { return labels() >= kLabels && cosine() >= kCosine; }
  // "labels agree 99.8 %, embeddings' cosine at least 0.9995, on 64 pictures"
  std::string Text() const;

  static constexpr double kLabels = 0.995, kCosine = 0.999;

 private:
  int pictures_ = 0;
  int64_t given_ = 0, agreed_ = 0;
  double cosine_ = 1;
};

// A labeller of the precision that was asked for, if it says on these pictures what float32 says
// (Agreement::passes); else one of float32 whose info().warning gives the figures, or with
// options.network.place.strict kUnsupported with them. float32 itself and `auto` are not put to the
// test. Errors are those of Load and LabelBatch.
Result<std::unique_ptr<Labeller>> LoadProven(const LabellerOptions& options,
                                             std::span<const ImageView<const uint8_t>> pictures);

}  // namespace peel::library
