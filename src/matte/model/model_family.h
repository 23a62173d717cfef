#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/matte/model/network.h"

namespace peel {

// Networks that are fed and read in the same way.
enum class Family {
  kU2net,       // u2net, u2netp, u2net_human_seg, silueta: 320, ImageNet's mean and deviation
  kIsnet,       // isnet-general-use, dis_custom, ben_custom: 1024, mean 0.5, deviation 1
  kIsnetAnime,  // isnet-anime: 1024, ImageNet's mean, deviation 1
  kBria,        // bria-rmbg: 1024, ImageNet
  kBirefnet,    // birefnet-*: 1024, ImageNet, logits out
  kClothSeg,    // u2net_cloth_seg: 768, ImageNet, four classes out, three masks
  kModnet,      // MODNet: 512, mean and deviation 0.5
  kPeel,        // Peel's own: everything in the file's metadata, and a subject score
  kSam,         // Segment Anything: known by name, not supported
};

// "u2net", "isnet", "isnet-anime", "bria", "birefnet", "cloth", "modnet", "peel", "sam".
std::string_view FamilyName(Family family);
std::optional<Family> FamilyFromName(std::string_view name);

// How a picture becomes the network's input and its output a mask.
struct Profile {
  Family family = Family::kU2net;
  int width = 320, height = 320;  // of the network's input
  std::array<double, 3> mean{};
  std::array<double, 3> deviation{};
  // Pixels are divided by the resized picture's largest value (as the training of U2-Net and rembg
  // have it) or else by 255.
  bool divide_by_max = true;
  bool logits = false;         // a sigmoid is left to the caller
  int classes = 1;             // 4: planes are classes and the largest one counts
  std::string mask_output;     // name of the output that holds the mask
  std::string subject_output;  // empty where the network does not say whether there is a subject
  double subject_threshold = 0.5;
};

// The profile of a network: its metadata (peel.family, peel.size, peel.mean, peel.std,
// peel.subject_threshold) first, then `hint` (the catalogue's family of the file's name), then the
// shapes of its input and output. A fixed input size in the file overrides the family's. Errors:
// kUnsupported for a network whose input or output is no picture, and for kSam; kCorrupt for
// metadata that cannot be read.
Result<Profile> MakeProfile(const Network& network, std::optional<Family> hint);

// How the picture gets to the network's size.
enum class Sampling {
  kExact,  // Pillow's Lanczos, byte for byte
  kFast,   // ResizeFast: about half the time on a 12-megapixel photo, differences of a level or two
};

// The network's input: resized to the profile's size, divided, normalised in double and rounded to
// float; dense NCHW, 3 * height * width. picture: 1 to 4 channels; alpha is dropped.
Result<std::vector<float>> Preprocess(ImageView<const uint8_t> picture, const Profile& profile,
                                      ThreadPool* pool = nullptr,
                                      Sampling sampling = Sampling::kExact);

// What a network said about one picture, at its own size.
struct Prediction {
  // One plane of probabilities, or of class labels 0..3 for kClothSeg.
  ImageF32 mask;
  std::optional<float> subject;  // probability that there is a subject
};

// Reads the outputs Run gave for {mask_output[, subject_output]}; applies sigmoid or argmax. Not
// clamped nor stretched. kCorrupt when shapes do not fit.
Result<Prediction> ReadOutputs(const std::vector<NetworkTensor>& outputs, const Profile& profile);

// rembg's mask at the network's size: (p - min) / (max - min) in float, times 255, truncated; a
// constant prediction gives 0.
Result<ImageU8> StretchLikeRembg(const ImageF32& probabilities);

}  // namespace peel
