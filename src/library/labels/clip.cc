#include "src/library/labels/clip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <utility>

#include "src/base/os/file.h"
#include "src/base/os/source_file.h"
#include "src/image/resize.h"
#include "src/library/labels/resize_linear.h"
#include "src/library/labels/scenes.h"

namespace peel::library {
namespace {

// Of the values from 0 to 1 that CLIP's training saw (openai/CLIP).
constexpr std::array<float, 3> kMean = {0.48145466f, 0.4578275f, 0.40821073f};
constexpr std::array<float, 3> kDeviation = {0.26862954f, 0.26130258f, 0.27577711f};
constexpr int kOpenSize = 224;
constexpr int64_t kMaxSize = 4096;
constexpr int64_t kOpenLength = 77, kMaxLength = 4096;
constexpr uint64_t kLargestVocabulary = uint64_t{64} << 20;

struct Found {
  std::string path;
  uint64_t size = 0;
};

Result<Found> FindFile(const std::string& folder, std::initializer_list<const char*> names,
                       const char* what) {
  std::string tried;
  for (const char* name : names) {
    const std::string path = folder + "/" + name;
    if (const auto info = InfoOf(path); info && info->is_file()) return Found{path, info->size};
    tried += (tried.empty() ? "" : ", ") + std::string(name);
  }
  return NotFound(folder + ": there is no " + what + "; a CLIP's is called one of " + tried);
}

Result<std::string> Unpacked(std::span<const uint8_t> packed) {
  z_stream stream = {};
  constexpr int kGzip = 15 + 16;
  if (inflateInit2(&stream, kGzip) != Z_OK) return OutOfMemory("unpacking needs more memory");
  stream.next_in = const_cast<Bytef*>(packed.data());  // NOLINT: zlib reads it alone
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  std::vector<uint8_t> buffer(1 << 16);
  int result = Z_OK;
  while (result == Z_OK && text.size() <= kLargestVocabulary) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer.begin(), buffer.end() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END) return Corrupt("it is cut short or no gzip file");
  return text;
}

Result<std::string> ReadText(const Found& file) {
  if (file.size > kLargestVocabulary) {
    return LimitExceeded(file.path + ": a vocabulary has less than 64 MB");
  }
  const auto source = SourceFile::Open(file.path);
  if (!source.ok()) return Status(source.status()).WithContext(file.path);
  const auto bytes = (*source)->ReadAll();
  if (!bytes.ok()) return Status(bytes.status()).WithContext(file.path);
  const std::span<const uint8_t> span = (*bytes)->span();
  if (!file.path.ends_with(".gz")) return std::string(span.begin(), span.end());
  auto text = Unpacked(span);
  if (!text.ok()) return std::move(text).status().WithContext(file.path);
  return text;
}

Result<ClipTokenizer> LoadTokenizer(const std::string& folder) {
  PEEL_ASSIGN_OR_RETURN(
      const Found merges,
      FindFile(folder, {"merges.txt", "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"},
               "vocabulary"));
  PEEL_ASSIGN_OR_RETURN(const std::string merges_text, ReadText(merges));
  std::string ids;
  if (merges.path.ends_with("/merges.txt")) {
    PEEL_ASSIGN_OR_RETURN(const Found vocabulary,
                          FindFile(folder, {"vocab.json"}, "vocab.json beside its merges.txt"));
    PEEL_ASSIGN_OR_RETURN(ids, ReadText(vocabulary));
  }
  auto tokenizer = ClipTokenizer::Make(merges_text, ids);
  if (!tokenizer.ok()) return std::move(tokenizer).status().WithContext(merges.path);
  return tokenizer;
}

// The output that is the vector: by its usual names, or the only one of two dimensions.
Result<std::string> VectorOutput(const Network& network, const std::string& path,
                                 std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (const engine::Port& port : network.outputs()) {
      if (port.name == name) return port.name;
    }
  }
  for (const engine::Port& port : network.outputs()) {
    if (!port.has_shape || port.shape.size() == 2) return port.name;
  }
  return Unsupported(path +
                     ": none of its outputs is a vector for the picture or text; export "
                     "CLIP with its projection (image_embeds, text_embeds)");
}

Result<engine::Tensor> IntegerTensor(engine::DataType type, const std::vector<int32_t>& values) {
  PEEL_ASSIGN_OR_RETURN(engine::Tensor tensor,
                        engine::Tensor::Allocate(type, {1, static_cast<int64_t>(values.size())}));
  if (type == engine::DataType::kInt64) {
    std::copy(values.begin(), values.end(), tensor.data<int64_t>());
  } else {
    std::copy(values.begin(), values.end(), tensor.data<int32_t>());
  }
  return tensor;
}

bool IsInteger(engine::DataType type) {
  return type == engine::DataType::kInt64 || type == engine::DataType::kInt32;
}

bool IsMask(const engine::Port& port) { return port.name.find("mask") != std::string::npos; }

Result<std::vector<float>> VectorOf(const engine::Tensor& tensor, const std::string& name) {
  std::vector<float> vector(tensor.data<float>(), tensor.data<float>() + tensor.elements());
  const size_t length = vector.size();
  Normalise(&vector);
  if (vector.size() != length || length == 0) {
    return Unsupported(name + ": it gave a vector without a direction");
  }
  return vector;
}

// The last part of a path.
std::string NameOf(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path.substr(path.find_last_of('/') + 1);
}

}  // namespace

Result<std::unique_ptr<Clip>> Clip::Load(const std::string& folder, const NetworkOptions& options) {
  PEEL_ASSIGN_OR_RETURN(
      const Found image,
      FindFile(folder, {"visual.onnx", "vision_model.onnx", "onnx/vision_model.onnx"},
               "network for pictures"));
  PEEL_ASSIGN_OR_RETURN(
      const Found text,
      FindFile(folder, {"textual.onnx", "text_model.onnx", "onnx/text_model.onnx"},
               "network for texts"));
  PEEL_ASSIGN_OR_RETURN(ClipTokenizer tokenizer, LoadTokenizer(folder));
  std::unique_ptr<Clip> clip(new Clip(std::move(tokenizer)));
  PEEL_ASSIGN_OR_RETURN(clip->image_, Network::Load({image.path, {}, ""}, options));
  PEEL_ASSIGN_OR_RETURN(clip->text_, Network::Load({text.path, {}, ""}, options, 2));
  PEEL_ASSIGN_OR_RETURN(clip->image_output_, VectorOutput(*clip->image_, image.path,
                                                          {"image_embeds", "image_features"}));
  PEEL_ASSIGN_OR_RETURN(clip->text_output_,
                        VectorOutput(*clip->text_, text.path, {"text_embeds", "text_features"}));

  const engine::Port& pixels = clip->image_->input();
  const auto extent = [](int64_t e, int64_t open) { return e > 0 ? e : open; };
  if (pixels.type != engine::DataType::kFloat32 || !pixels.has_shape || pixels.shape.size() != 4 ||
      extent(pixels.shape[0], 1) != 1 || extent(pixels.shape[1], 3) != 3 ||
      extent(pixels.shape[2], kOpenSize) != extent(pixels.shape[3], kOpenSize) ||
      extent(pixels.shape[2], kOpenSize) > kMaxSize) {
    return Unsupported(image.path + ": its input is not N x 3 x S x S floats");
  }
  clip->size_ = static_cast<int>(extent(pixels.shape[2], kOpenSize));
  int64_t length = 0;
  for (const engine::Port& port : clip->text_->inputs()) {
    if (!IsInteger(port.type) || !port.has_shape || port.shape.size() != 2 ||
        extent(port.shape[0], 1) != 1) {
      return Unsupported(text.path + ": its input " + port.name + " is not N x 77 ids");
    }
    if (!IsMask(port)) length = extent(port.shape[1], kOpenLength);
  }
  if (length < 2 || length > kMaxLength) {
    return Unsupported(text.path + ": it reads " + std::to_string(length) + " tokens");
  }
  clip->text_length_ = static_cast<size_t>(length);
  clip->version_ =
      "clip=" + NameOf(folder) + "-" + std::to_string(image.size) + "-" + std::to_string(text.size);
  PEEL_RETURN_IF_ERROR(
      clip->image_->Prepare({1, 3, clip->size_, clip->size_}, {&clip->image_output_, 1}));
  // Both are tried once, so that what does not fit together is told before a library is scanned.
  PEEL_ASSIGN_OR_RETURN(const std::vector<float> words, clip->EmbedText("a photo"));
  PEEL_ASSIGN_OR_RETURN(ImageU8 grey, ImageU8::Allocate(clip->size_, clip->size_, 3));
  for (int y = 0; y < grey.height(); ++y) std::fill_n(grey.row(y), grey.width() * 3, uint8_t{128});
  PEEL_ASSIGN_OR_RETURN(const std::vector<float> picture, clip->EmbedPicture(grey.view()));
  if (words.size() != picture.size()) {
    return Unsupported(folder + ": its pictures become vectors of " +
                       std::to_string(picture.size()) + " values and its texts of " +
                       std::to_string(words.size()) + "; both files must be of one model");
  }
  clip->embedding_size_ = static_cast<int>(words.size());
  return clip;
}

Result<std::vector<float>> Clip::EmbedPicture(ImageView<const uint8_t> rgb) const {
  if (rgb.channels != 3 || rgb.empty()) {
    return InvalidArgument("CLIP looks at RGB pictures of at least one pixel");
  }
  // A strip may be so long that its whole does not fit; its middle does.
  const int shorter = std::min(rgb.width, rgb.height);
  constexpr int kLongest = 64;
  const auto trim = [&](int* side) {
    const int most = static_cast<int>(std::min<int64_t>(*side, int64_t{shorter} * kLongest));
    const int border = (*side - most) / 2;
    *side = most;
    return border;
  };
  const int left = trim(&rgb.width), top = trim(&rgb.height);
  rgb.data += top * rgb.stride + ptrdiff_t{left} * 3;
  const auto scaled = [&](int side) {
    return std::max(size_, static_cast<int>(int64_t{side} * size_ / shorter));
  };
  const int width = scaled(rgb.width), height = scaled(rgb.height);
  const auto fill = [&](engine::Tensor& input) -> Status {
    PEEL_ASSIGN_OR_RETURN(const ImageU8 whole, Resize(rgb, width, height, ResizeFilter::kBicubic));
    // torchvision's CenterCrop rounds halves to even.
    ImageView<const uint8_t> middle = whole.view();
    const auto border = [&](int side) {
      return static_cast<int>(std::nearbyint((side - size_) / 2.0));
    };
    middle.data += border(height) * middle.stride + ptrdiff_t{border(width)} * 3;
    middle.width = middle.height = size_;
    float* planes = input.data<float>();
    ToPlanes(middle, /*backwards=*/false, 0.0f, size_, size_, planes);
    const ptrdiff_t plane = ptrdiff_t{size_} * size_;
    for (size_t c = 0; c < kMean.size(); ++c) {
      float* const values = planes + static_cast<ptrdiff_t>(c) * plane;
      for (ptrdiff_t i = 0; i < plane; ++i) {
        values[i] = (values[i] / 255.0f - kMean[c]) / kDeviation[c];
      }
    }
    return OkStatus();
  };
  PEEL_ASSIGN_OR_RETURN(const std::vector<engine::Tensor> outputs,
                        image_->Run({1, 3, size_, size_}, fill, {&image_output_, 1}));
  return VectorOf(outputs[0], image_->info().name);
}

Result<std::vector<float>> Clip::EmbedText(std::string_view text) const {
  const std::vector<int32_t> ids = tokenizer_.Sequence(text, text_length_);
  std::vector<int32_t> mask(ids.size());
  const auto end = std::ranges::find(ids, tokenizer_.end());
  std::fill(mask.begin(), mask.begin() + (end - ids.begin()) + 1, 1);
  std::vector<engine::NamedTensor> feeds;
  for (const engine::Port& port : text_->inputs()) {
    PEEL_ASSIGN_OR_RETURN(engine::Tensor tensor,
                          IntegerTensor(port.type, IsMask(port) ? mask : ids));
    feeds.push_back({port.name, std::move(tensor)});
  }
  PEEL_ASSIGN_OR_RETURN(const std::vector<engine::Tensor> outputs,
                        text_->Run(feeds, {&text_output_, 1}));
  return VectorOf(outputs[0], text_->info().name);
}

std::string Clip::warning() const {
  const std::string& a = image_->info().warning;
  const std::string& b = text_->info().warning;
  return a.empty() || b.empty() ? a + b : a + ". " + b;
}

}  // namespace peel::library
