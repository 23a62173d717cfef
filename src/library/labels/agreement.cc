#include "src/library/labels/agreement.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "src/library/labels/overlap.h"

namespace peel::library {
namespace {

constexpr float kSameBox = 0.5f;

Corners CornersOf(const Box& box) { return {box.x, box.y, box.x + box.width, box.y + box.height}; }

// How many of `a` find a partner in `b`, each of which is taken once.
template <typename Item, typename Same>
int64_t Partners(const std::vector<Item>& a, const std::vector<Item>& b, Same same) {
  std::vector<bool> taken(b.size());
  int64_t found = 0;
  for (const Item& item : a) {
    float best = 0;
    size_t partner = b.size();
    for (size_t i = 0; i < b.size(); ++i) {
      if (taken[i] || !same(item, b[i])) continue;
      const float overlap = Overlap(CornersOf(item.box), CornersOf(b[i].box));
      if (overlap < kSameBox || overlap <= best) continue;
      best = overlap;
      partner = i;
    }
    if (partner == b.size()) continue;
    taken[partner] = true;
    ++found;
  }
  return found;
}

}  // namespace

void Agreement::Add(const Labels& reference, const Labels& other) {
  ++pictures_;
  if (!reference.scene.empty() || !other.scene.empty()) {
    ++given_;
    agreed_ += reference.scene == other.scene;
  }
  // Those without a partner count on either side.
  const auto count = [&](const auto& a, const auto& b, auto same) {
    const int64_t partners = Partners(a, b, same);
    given_ += static_cast<int64_t>(a.size() + b.size()) - partners;
    agreed_ += partners;
  };
  count(reference.objects, other.objects,
        [](const Detection& a, const Detection& b) { return a.label == b.label; });
  count(reference.faces, other.faces, [](const Face&, const Face&) { return true; });
  if (reference.embedding.empty() && other.embedding.empty()) return;
  double product = 0;
  if (reference.embedding.size() == other.embedding.size()) {
    for (size_t i = 0; i < reference.embedding.size(); ++i) {
      product += double{reference.embedding[i]} * other.embedding[i];
    }
  }
  cosine_ = std::min(cosine_, product);
}

double Agreement::labels() const {
  return given_ == 0 ? 1.0 : static_cast<double>(agreed_) / static_cast<double>(given_);
}

std::string Agreement::Text() const {
  char text[160];
  std::snprintf(text, sizeof(text),
                "labels agree %.1f %%, embeddings' cosine at least %.4f, on %d pictures",
                100 * labels(), cosine_, pictures_);
  return text;
}

Result<std::unique_ptr<Labeller>> LoadProven(const LabellerOptions& options,
                                             std::span<const ImageView<const uint8_t>> pictures) {
  using engine::Precision;
  PEEL_ASSIGN_OR_RETURN(std::unique_ptr<Labeller> asked, Labeller::Load(options));
  const Precision wish = options.network.precision;
  if (wish == Precision::kAuto || wish == Precision::kFp32 || pictures.empty()) return asked;
  LabellerOptions plain = options;
  plain.network.precision = Precision::kAuto;  // float32 wherever a network holds floats
  PEEL_ASSIGN_OR_RETURN(std::unique_ptr<Labeller> reference, Labeller::Load(plain));
  Agreement agreement;
  for (const ImageView<const uint8_t>& picture : pictures) {
    PEEL_ASSIGN_OR_RETURN(const Labels a, reference->Label(picture));
    PEEL_ASSIGN_OR_RETURN(const Labels b, asked->Label(picture));
    agreement.Add(a, b);
  }
  if (agreement.passes()) return asked;
  const std::string why = "the precision asked for changes what is seen (" + agreement.Text() +
                          "; 99.5 % and 0.999 are needed)";
  if (options.network.place.strict) return Unsupported(why + "; ask for fp32, or drop --strict");
  reference->AddWarning(why + "; fp32 is used");
  return reference;
}

}  // namespace peel::library
