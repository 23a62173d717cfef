#include "src/matte/model/model_family.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "src/image/colour.h"
#include "src/image/resize.h"
#include "src/image/rows.h"

namespace peel {
namespace {

constexpr std::array<double, 3> kImageNetMean = {0.485, 0.456, 0.406};
constexpr std::array<double, 3> kImageNetDeviation = {0.229, 0.224, 0.225};
constexpr std::array<double, 3> kHalf = {0.5, 0.5, 0.5};
constexpr std::array<double, 3> kOne = {1.0, 1.0, 1.0};

// Networks beyond this would need more memory for one picture than any matte is worth.
constexpr int64_t kLargestSide = 8192;

struct FamilyTraits {
  Family family;
  std::string_view name;
  int size;
  std::array<double, 3> mean, deviation;
  bool divide_by_max;
  bool logits;
  int classes;
};

constexpr FamilyTraits kFamilies[] = {
    {Family::kU2net, "u2net", 320, kImageNetMean, kImageNetDeviation, true, false, 1},
    {Family::kIsnet, "isnet", 1024, kHalf, kOne, true, false, 1},
    {Family::kIsnetAnime, "isnet-anime", 1024, kImageNetMean, kOne, true, false, 1},
    {Family::kBria, "bria", 1024, kImageNetMean, kImageNetDeviation, true, false, 1},
    {Family::kBirefnet, "birefnet", 1024, kImageNetMean, kImageNetDeviation, true, true, 1},
    {Family::kClothSeg, "cloth", 768, kImageNetMean, kImageNetDeviation, true, false, 4},
    {Family::kModnet, "modnet", 512, kHalf, kHalf, false, false, 1},
    {Family::kPeel, "peel", 320, kImageNetMean, kImageNetDeviation, false, false, 1},
    {Family::kSam, "sam", 1024, kImageNetMean, kImageNetDeviation, false, true, 1},
};

const FamilyTraits& Traits(Family family) {
  for (const FamilyTraits& t : kFamilies) {
    if (t.family == family) return t;
  }
  return kFamilies[0];
}

std::optional<std::string> Metadata(const Network& network, const char* key) {
  const auto found = network.metadata().find(key);
  if (found == network.metadata().end()) return std::nullopt;
  return found->second;
}

// Exactly n finite numbers separated by commas or blanks, maybe in brackets.
std::optional<std::vector<double>> Numbers(std::string_view text, size_t n) {
  std::vector<double> numbers;
  size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == ',' || c == '[' || c == ']') {
      ++at;
      continue;
    }
    double v = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), v);
    if (error != std::errc() || !std::isfinite(v)) return std::nullopt;
    numbers.push_back(v);
    at = static_cast<size_t>(end - text.data());
  }
  if (numbers.size() != n) return std::nullopt;
  return numbers;
}

Status BadMetadata(const char* key, const std::string& value) {
  return Corrupt(std::string("its metadata entry ") + key + " = \"" + value +
                 "\" cannot be understood");
}

// For files that neither their metadata nor their name tells about.
Family GuessFamily(const Network& network, const std::vector<int64_t>& shape) {
  const std::string& in = network.inputs().front().name;
  const std::string& out = network.outputs().front().name;
  const auto& out_shape = network.outputs().front().shape;
  if (out_shape.size() == 4 && out_shape[1] == 4) return Family::kClothSeg;
  const int64_t side = shape[2];
  if (side == 768) return Family::kClothSeg;
  if (side == 1024) return out == "output_image" ? Family::kBirefnet : Family::kIsnet;
  if (side == 512 || (side < 0 && in == "input" && network.outputs().size() == 1)) {
    return Family::kModnet;
  }
  return Family::kU2net;
}

Status ReadPeelMetadata(const Network& network, Profile* profile) {
  if (const auto size = Metadata(network, "peel.size")) {
    const auto one = Numbers(*size, 1);
    const auto two = Numbers(*size, 2);
    const double width = one ? (*one)[0] : two ? (*two)[1] : 0;
    const double height = one ? (*one)[0] : two ? (*two)[0] : 0;
    if (width < 1 || height < 1 || width > kLargestSide || height > kLargestSide) {
      return BadMetadata("peel.size", *size);
    }
    profile->width = static_cast<int>(width);
    profile->height = static_cast<int>(height);
  }
  const auto three = [&](const char* key, std::array<double, 3>* to) -> Status {
    const auto text = Metadata(network, key);
    if (!text) return OkStatus();
    const auto values = Numbers(*text, 3);
    if (!values) return BadMetadata(key, *text);
    std::copy_n(values->begin(), 3, to->begin());
    return OkStatus();
  };
  PEEL_RETURN_IF_ERROR(three("peel.mean", &profile->mean));
  PEEL_RETURN_IF_ERROR(three("peel.std", &profile->deviation));
  for (const double d : profile->deviation) {
    if (d == 0) return Corrupt("its metadata entry peel.std has a zero");
  }
  if (const auto text = Metadata(network, "peel.subject_threshold")) {
    const auto value = Numbers(*text, 1);
    if (!value) return BadMetadata("peel.subject_threshold", *text);
    profile->subject_threshold = (*value)[0];
  }
  return OkStatus();
}

bool HasOutput(const Network& network, std::string_view name) {
  return std::any_of(network.outputs().begin(), network.outputs().end(),
                     [&](const NetworkPort& p) { return p.name == name; });
}

}  // namespace

std::string_view FamilyName(Family family) { return Traits(family).name; }

std::optional<Family> FamilyFromName(std::string_view name) {
  for (const FamilyTraits& t : kFamilies) {
    if (t.name == name) return t.family;
  }
  return std::nullopt;
}

Result<Profile> MakeProfile(const Network& network, std::optional<Family> hint) {
  if (network.inputs().empty() || network.outputs().empty()) {
    return Unsupported("this model has no input or no output, so it makes no mattes");
  }
  const std::vector<int64_t>& shape = network.inputs().front().shape;
  const auto metadata = Metadata(network, "peel.family");
  std::optional<Family> family = hint;
  if (metadata) {
    family = FamilyFromName(*metadata);
    if (!family) return BadMetadata("peel.family", *metadata);
  }
  if (family == Family::kSam) {
    return Unsupported(
        "Segment Anything models need prompts and are not supported; use another model");
  }
  if (shape.size() != 4 || (shape[1] != 3 && shape[1] >= 0) || shape[0] > 1 || shape[2] == 0 ||
      shape[3] == 0 || shape[2] > kLargestSide || shape[3] > kLargestSide) {
    return Unsupported("input \"" + network.inputs().front().name +
                       "\" is not a picture of 1x3xHxW, so this model makes no mattes");
  }

  if (!family) family = GuessFamily(network, shape);
  const FamilyTraits& traits = Traits(*family);
  Profile profile;
  profile.family = traits.family;
  profile.width = profile.height = traits.size;
  profile.mean = traits.mean;
  profile.deviation = traits.deviation;
  profile.divide_by_max = traits.divide_by_max;
  profile.logits = traits.logits;
  profile.classes = traits.classes;
  PEEL_RETURN_IF_ERROR(ReadPeelMetadata(network, &profile));
  if (shape[2] > 0) profile.height = static_cast<int>(shape[2]);
  if (shape[3] > 0) profile.width = static_cast<int>(shape[3]);

  profile.mask_output = HasOutput(network, "mask") ? "mask" : network.outputs().front().name;
  if (profile.family == Family::kPeel && HasOutput(network, "subject")) {
    profile.subject_output = "subject";
  }
  return profile;
}

Result<std::vector<float>> Preprocess(ImageView<const uint8_t> picture, const Profile& profile,
                                      ThreadPool* pool, Sampling sampling) {
  ImageU8 rgb;
  if (picture.channels != 3) {
    PEEL_ASSIGN_OR_RETURN(rgb, ToRgb(picture, pool));
    picture = std::as_const(rgb).view();
  }
  ImageU8 small;
  if (sampling == Sampling::kFast) {
    PEEL_ASSIGN_OR_RETURN(small, ResizeFast(picture, profile.width, profile.height, pool));
  } else {
    PEEL_ASSIGN_OR_RETURN(
        small, Resize(picture, profile.width, profile.height, ResizeFilter::kLanczos, pool));
  }

  const size_t row = static_cast<size_t>(profile.width) * 3;
  double divisor = 255;
  if (profile.divide_by_max) {
    uint8_t largest = 0;
    for (int y = 0; y < profile.height; ++y) {
      largest = std::max(largest, *std::max_element(small.row(y), small.row(y) + row));
    }
    divisor = std::max(static_cast<double>(largest), 1e-6);
  }
  // 8-bit samples have 256 values a channel: the double-precision arithmetic is done once for each.
  std::array<std::array<float, 256>, 3> table;
  for (size_t c = 0; c < 3; ++c) {
    for (size_t v = 0; v < 256; ++v) {
      table[c][v] = static_cast<float>((static_cast<double>(v) / divisor - profile.mean[c]) /
                                       profile.deviation[c]);
    }
  }
  const size_t plane = static_cast<size_t>(profile.width) * static_cast<size_t>(profile.height);
  std::vector<float> input(3 * plane);
  for (int y = 0; y < profile.height; ++y) {
    const uint8_t* from = small.row(y);
    float* to = input.data() + static_cast<size_t>(y) * static_cast<size_t>(profile.width);
    for (size_t x = 0; x < static_cast<size_t>(profile.width); ++x) {
      for (size_t c = 0; c < 3; ++c) to[c * plane + x] = table[c][from[3 * x + c]];
    }
  }
  return input;
}

namespace {

// Height and width of the plane(s) in an output, and how many planes there are.
struct Planes {
  int height = 0, width = 0;
  int64_t count = 1;
};

Result<Planes> PlanesOf(const NetworkTensor& tensor) {
  const auto& shape = tensor.shape;
  Planes planes;
  const size_t rank = shape.size();
  if (rank < 2 || rank > 4) return Corrupt("the model's mask has no picture's shape");
  int64_t elements = 1;
  for (const int64_t d : shape) {
    if (d < 1 || d > (int64_t{1} << 26) / elements) {
      return Corrupt("the model's mask has an impossible shape");
    }
    elements *= d;
  }
  planes.height = static_cast<int>(shape[rank - 2]);
  planes.width = static_cast<int>(shape[rank - 1]);
  planes.count = rank >= 3 ? shape[rank - 3] : 1;
  if (static_cast<uint64_t>(elements) != tensor.values.size()) {
    return Corrupt("the model's mask does not hold what its shape says");
  }
  return planes;
}

}  // namespace

Result<Prediction> ReadOutputs(const std::vector<NetworkTensor>& outputs, const Profile& profile) {
  const auto find = [&](const std::string& name) -> const NetworkTensor* {
    for (const NetworkTensor& t : outputs) {
      if (t.name == name) return &t;
    }
    return nullptr;
  };
  const NetworkTensor* mask = find(profile.mask_output);
  if (mask == nullptr) {
    return Corrupt("the model did not give its output \"" + profile.mask_output + "\"");
  }
  PEEL_ASSIGN_OR_RETURN(const Planes planes, PlanesOf(*mask));
  // A mask may be smaller than the picture the network saw, but by the same factor on both sides.
  if (std::abs(int64_t{planes.height} * profile.width - int64_t{planes.width} * profile.height) >
      std::max<int64_t>(profile.width, profile.height)) {
    return Unsupported("its output \"" + profile.mask_output + "\" is " +
                       std::to_string(planes.height) + " x " + std::to_string(planes.width) +
                       ", no mask of a picture of " + std::to_string(profile.height) + " x " +
                       std::to_string(profile.width) + "; this is not a model that cuts out");
  }
  if (planes.count < profile.classes) {
    return Corrupt("the model's output has " + std::to_string(planes.count) + " planes, not " +
                   std::to_string(profile.classes));
  }
  Prediction prediction;
  PEEL_ASSIGN_OR_RETURN(prediction.mask, ImageF32::Allocate(planes.width, planes.height, 1));
  const size_t plane = static_cast<size_t>(planes.width) * static_cast<size_t>(planes.height);
  for (int y = 0; y < planes.height; ++y) {
    const float* from =
        mask->values.data() + static_cast<size_t>(y) * static_cast<size_t>(planes.width);
    float* to = prediction.mask.row(y);
    for (size_t x = 0; x < static_cast<size_t>(planes.width); ++x) {
      float v = from[x];
      if (profile.classes > 1) {
        int best = 0;
        for (int c = 1; c < profile.classes; ++c) {
          const float other = from[static_cast<size_t>(c) * plane + x];
          if (other > v) {
            best = c;
            v = other;
          }
        }
        v = static_cast<float>(best);
      } else if (profile.logits) {
        v = 1.0f / (1.0f + std::exp(-v));
      }
      to[x] = v;
    }
  }
  if (!profile.subject_output.empty()) {
    const NetworkTensor* subject = find(profile.subject_output);
    if (subject == nullptr || subject->values.empty()) {
      return Corrupt("the model did not give its output \"" + profile.subject_output + "\"");
    }
    prediction.subject = subject->values[0];
  }
  return prediction;
}

Result<ImageU8> StretchLikeRembg(const ImageF32& probabilities) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  bool nan = false;
  for (int y = 0; y < probabilities.height(); ++y) {
    for (int x = 0; x < probabilities.width(); ++x) {
      const float v = probabilities.row(y)[x];
      nan |= std::isnan(v);
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 out,
                        ImageU8::Allocate(probabilities.width(), probabilities.height(), 1));
  const float range = high - low;
  const bool empty = nan || !(range > 0) || !std::isfinite(range);
  for (int y = 0; y < out.height(); ++y) {
    for (int x = 0; x < out.width(); ++x) {
      const float v = empty ? 0.0f : (probabilities.row(y)[x] - low) / range * 255.0f;
      out.row(y)[x] = static_cast<uint8_t>(v);
    }
  }
  return out;
}

}  // namespace peel
