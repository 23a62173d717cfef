#include "src/server/api/rembg_api.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/server/api/answers.h"
#include "src/server/api/parameters.h"

namespace peel::server {
namespace {

using Json = nlohmann::ordered_json;

Response Detail(int status, const std::string& message) {
  return JsonAnswer(status, Json{{"detail", message}});
}

// As FastAPI says that a parameter is missing or wrong.
Response Invalid(std::string_view place, std::string_view name, std::string_view type,
                 const std::string& message, const std::optional<std::string>& input = {}) {
  const Json entry = {{"type", type},
                      {"loc", {place, name}},
                      {"msg", message},
                      {"input", input ? Json(*input) : Json(nullptr)}};
  return JsonAnswer(422, Json{{"detail", Json::array({entry})}});
}

// "R,G,B,A" or "R,G,B" as a CSS colour; nullopt where it is none.
std::optional<std::string> ColourOf(std::string_view text) {
  std::vector<int> parts;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end && parts.size() < 5) {
    while (at < end && *at == ' ') ++at;
    int value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || value < 0 || value > 255) return std::nullopt;
    parts.push_back(value);
    at = next;
    while (at < end && *at == ' ') ++at;
    if (at < end && *at++ != ',') return std::nullopt;
  }
  if (parts.size() != 3 && parts.size() != 4) return std::nullopt;
  if (parts.size() == 3) parts.push_back(255);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string colour = "#";
  for (const int part : parts) {
    colour += kDigits[part / 16];
    colour += kDigits[part % 16];
  }
  return colour;
}

class RembgApi final : public Api {
 public:
  std::string_view name() const override { return "rembg"; }
  std::vector<std::string_view> Routes() const override { return {"/api/remove"}; }
  std::string Methods(std::string_view) const override { return "GET, POST"; }
  Response Error(int status, const std::string& message) override {
    return Detail(status, message);
  }

  Plan Handle(const std::shared_ptr<const Request>& request, const Caller&) override {
    Form form;
    if (request->method == "POST") {
      auto read = ReadForm(*request);
      if (!read.ok()) {
        return Detail(read.status().code() == StatusCode::kLimit ? 413 : 400,
                      read.status().message());
      }
      form = *std::move(read);
    }
    const Parameters given(form.fields, request->query);
    Work work;
    if (auto refused = TakePicture(form, given, *request, work)) return *std::move(refused);
    work.files.keeper = request;
    if (auto refused = TakeOptions(given, work.job)) return *std::move(refused);
    if (Status status = work.job.Check(); !status.ok()) return Detail(422, status.message());
    work.fetch_failed = [](bool, const std::string& why) { return Detail(400, why); };
    work.respond = [](const Outcome& outcome) {
      if (outcome.ok()) return PictureAnswer(*outcome.done);
      return WithRetry(Detail(HttpStatus(outcome.failure), outcome.failure.message),
                       outcome.failure);
    };
    return work;
  }

 private:
  std::optional<Response> TakePicture(const Form& form, const Parameters& given,
                                      const Request& request, Work& work) const {
    if (request.method == "GET") {
      const auto url = given.Text("url");
      if (!url) return Invalid("query", "url", "missing", "Field required");
      work.picture_url = *url;
      return std::nullopt;
    }
    const FormFile* file = form.File("file");
    if (file == nullptr && form.kind == Form::Kind::kRaw) file = form.File("");
    if (file != nullptr) {
      work.files.picture = file->bytes;
      return std::nullopt;
    }
    // The text of a form, where FastAPI would take the bytes.
    if (const std::string* text = form.fields.Find("file"); text != nullptr && !text->empty()) {
      return Invalid("body", "file", "value_error",
                     "file is to be a file: send it as multipart/form-data with a file name");
    }
    return Invalid("body", "file", "missing", "Field required");
  }

  std::optional<Response> TakeOptions(const Parameters& given, CutJob& job) const {
    std::optional<Response> refused;
    const auto take = [&](std::string_view name, auto result, auto& to) {
      if (refused) return;
      if (!result.ok()) {
        refused = Invalid(given.PlaceOf(name), name, "value_error", result.status().message(),
                          given.Text(name));
        return;
      }
      to = *std::move(result);
    };
    bool vitmatte = false;
    take("a", given.Bool("a", false), job.alpha_matting);
    take("af", given.Int("af", 240, 0, 255), job.matting_foreground);
    take("ab", given.Int("ab", 10, 0, 255), job.matting_background);
    take("ae", given.Int("ae", 10, 0, 1000), job.matting_erode);
    take("om", given.Bool("om", false), job.mask_only);
    take("ppm", given.Bool("ppm", false), job.post_process_mask);
    take("dc", given.Bool("dc", false), job.decontaminate);
    take("vm", given.Bool("vm", false), vitmatte);
    std::string compat;
    const bool rembgs = given.Text("model").has_value() || job.post_process_mask;
    take("compat", given.Choice("compat", rembgs ? "rembg" : "none", {"rembg", "none"}), compat);
    if (refused) return refused;
    if (vitmatte) {
      return Detail(400,
                    "vm: ViTMatte is not in Peel; a=true refines edges by closed-form matting");
    }
    if (compat == "none" && job.post_process_mask) {
      return Detail(400, "ppm is one of rembg's own steps and needs compat=rembg");
    }
    job.compat_rembg = compat == "rembg";
    // Peel's own cut-outs always have clean edges: dc has been done then.
    if (!job.compat_rembg) job.decontaminate = false;
    job.model = given.Text("model").value_or("");
    if (const auto colour = given.Text("bgc")) {
      const auto css = ColourOf(*colour);
      if (!css) {
        return Invalid(given.PlaceOf("bgc"), "bgc", "value_error",
                       "bgc is R,G,B,A with numbers from 0 to 255", *colour);
      }
      if (!job.mask_only) job.background = *css;
    }
    if (const auto extras = given.Text("extras")) {
      const Json json = Json::parse(*extras, nullptr, false);
      if (!json.is_object()) {
        return Invalid(given.PlaceOf("extras"), "extras", "value_error", "extras is a JSON object",
                       *extras);
      }
      if (!json.empty()) {
        return Detail(400, "extras: nothing in this server knows \"" + json.begin().key() + "\"");
      }
    }
    return std::nullopt;
  }
};

}  // namespace

std::unique_ptr<Api> MakeRembgApi() { return std::make_unique<RembgApi>(); }

}  // namespace peel::server
