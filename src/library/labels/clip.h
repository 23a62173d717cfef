#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"
#include "src/library/labels/clip_tokenizer.h"
#include "src/library/labels/network.h"

namespace peel::library {

// A CLIP of the user's own: pictures and texts become vectors of one space, whose inner product
// says how well the one describes the other (Radford and others, 2021).
//
// The folder holds, as open_clip, transformers and their exporters name them:
//   visual.onnx, vision_model.onnx or onnx/vision_model.onnx    RGB, N x 3 x S x S floats
//   textual.onnx, text_model.onnx or onnx/text_model.onnx       ids, N x 77, and where the file has
//                                                               one an attention mask
//   vocab.json and merges.txt, or bpe_simple_vocab_16e6.txt(.gz)
class Clip {
 public:
  // kNotFound names the files that were looked for, kCorrupt and kUnsupported the file and what is
  // wrong with it. The two networks must agree on the length of their vectors.
  static Result<std::unique_ptr<Clip>> Load(const std::string& folder,
                                            const NetworkOptions& options);

  // An upright sRGB picture of three channels: its short side scaled to S (Pillow's bicubic), the
  // middle square, values less the mean and divided by the deviation that all CLIPs share. Of
  // length 1. Any thread.
  Result<std::vector<float>> EmbedPicture(ImageView<const uint8_t> rgb) const;
  // A text in UTF-8, cut where it has more tokens than the network reads. Of length 1. Any thread.
  Result<std::vector<float>> EmbedText(std::string_view text) const;

  int embedding_size() const { return embedding_size_; }
  const ClipTokenizer& tokenizer() const { return tokenizer_; }
  // "clip=NAME", to tell vectors of one model from another's: the folder's name and both files'
  // sizes.
  const std::string& version() const { return version_; }
  // Fall-backs of device or precision; "" if none.
  std::string warning() const;

 private:
  explicit Clip(ClipTokenizer tokenizer) : tokenizer_(std::move(tokenizer)) {}

  ClipTokenizer tokenizer_;
  std::unique_ptr<Network> image_, text_;
  std::string image_output_, text_output_, version_;
  int size_ = 0, embedding_size_ = 0;
  size_t text_length_ = 0;
};

}  // namespace peel::library
