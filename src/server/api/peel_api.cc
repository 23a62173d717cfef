#include "src/server/api/peel_api.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/server/api/answers.h"
#include "src/server/api/parameters.h"
#include "src/server/api/peel_options.h"

namespace peel::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPictureNames[] = {"image", "file", "image_file"};
constexpr int kMostInBatch = 500;

Response OwnError(int status, const std::string& message) {
  return JsonAnswer(status, {{"error", {{"code", ErrorCode(status)}, {"message", message}}}});
}

Response OfFailure(const Failure& failure) {
  return WithRetry(OwnError(HttpStatus(failure), failure.message), failure);
}

// For headers: enough digits for a thousandth of a pixel.
std::string ShortNumber(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.7g", value);
  return text;
}

bool WantsJson(const Request& request) {
  return request.headers.Get("Accept").find("application/json") != std::string_view::npos;
}

// A name inside the archive: the file's own without its ending and without what could lead out of
// the archive's folder.
std::string NameInArchive(const FormFile& file, const CutJob& job, std::set<std::string>& taken) {
  std::string stem = file.file_name.substr(0, file.file_name.rfind('.'));
  for (char& c : stem) {
    if (static_cast<unsigned char>(c) < 0x20 ||
        std::string_view("/\\:*?\"<>|").find(c) != std::string_view::npos)
      c = '_';
  }
  if (stem.empty() || stem.find_first_not_of('.') == std::string::npos) stem = "picture";
  stem.resize(std::min<size_t>(stem.size(), 200));
  const std::string ending = (job.mask_only ? ".mask." : ".cut.") + job.format;
  std::string name = stem + ending;
  for (int number = 2; !taken.insert(name).second; ++number) {
    name = stem + "-" + std::to_string(number) + ending;
  }
  return name;
}

class PeelApi final : public Api {
 public:
  explicit PeelApi(const Facts& facts) : facts_(facts) {}

  std::string_view name() const override { return "peel"; }
  std::vector<std::string_view> Routes() const override {
    return {"/v1/cut", "/v1/batch", "/v1/about", "/v1/rectify"};
  }
  bool IsWork(std::string_view path) const override { return path != "/v1/about"; }
  std::string Methods(std::string_view path) const override {
    if (path == "/v1/about") return "GET";
    return path == "/v1/cut" ? "GET, POST" : "POST";
  }
  Response Error(int status, const std::string& message) override {
    return OwnError(status, message);
  }

  Plan Handle(const std::shared_ptr<const Request>& request, const Caller&) override {
    if (request->path == "/v1/about") return About();
    Form form;
    if (request->method == "POST") {
      auto read = ReadForm(*request);
      if (!read.ok()) {
        return OwnError(read.status().code() == StatusCode::kLimit ? 413 : 400,
                        read.status().message());
      }
      form = *std::move(read);
    }
    CutJob job;
    if (request->path == "/v1/rectify") job.rectify.emplace();
    if (Status status = ReadPeelOptions(
            form.fields, request->query,
            {"image", "image_url", "background_url", "expires", "key", "signature"}, job);
        !status.ok()) {
      return OwnError(400, status.message());
    }
    if (Status status = job.Check(); !status.ok()) return OwnError(400, status.message());
    if (request->path == "/v1/batch") return MakeBatch(form, job, request);
    return MakeWork(form, std::move(job), request);
  }

 private:
  Plan MakeWork(const Form& form, CutJob job, const std::shared_ptr<const Request>& request) const {
    Work work;
    work.job = std::move(job);
    work.files.keeper = request;
    const Parameters given(form.fields, request->query);
    for (const FormFile& file : form.files) {
      if (file.name == "background_image" || file.name == "background") {
        work.files.attachments["background"] = file.bytes;
      } else if (file.name == "hints" || file.name == "trimap" || file.name == "matte") {
        work.files.attachments[file.name] = file.bytes;
      } else if (std::ranges::find(kPictureNames, file.name) != std::end(kPictureNames) ||
                 (form.kind == Form::Kind::kRaw && file.name.empty())) {
        if (!work.files.picture.empty()) {
          return OwnError(400, "one picture a request: /v1/batch takes many");
        }
        work.files.picture = file.bytes;
      } else {
        return OwnError(400, "the part \"" + file.name.substr(0, 64) +
                                 "\" is unknown: pictures come as image, background_image, hints, "
                                 "trimap or matte");
      }
    }
    const auto base64 = form.kind == Form::Kind::kJson ? given.Text("image") : std::nullopt;
    if (base64) {
      auto bytes = DecodeBase64(*base64);
      if (!bytes.ok()) return OwnError(400, "image: " + bytes.status().message());
      auto kept = std::make_shared<const std::vector<uint8_t>>(*std::move(bytes));
      work.files.picture = *kept;
      work.files.keeper = kept;
    }
    if (const auto url = given.Text("image_url")) {
      if (!work.files.picture.empty()) return OwnError(400, "either image or image_url, not both");
      work.picture_url = *url;
    }
    work.background_url = given.Text("background_url").value_or("");
    if (work.files.picture.empty() && work.picture_url.empty()) {
      return OwnError(400,
                      "image is missing: send the picture as the part image, as the body, as "
                      "base64 in JSON, or name an image_url");
    }
    work.fetch_failed = [](bool, const std::string& why) { return OwnError(400, why); };
    work.respond = [json = WantsJson(*request)](const Outcome& outcome) {
      if (!outcome.ok()) return OfFailure(outcome.failure);
      return RectifyAnswer(*outcome.done, json);
    };
    return work;
  }

  static Plan MakeBatch(const Form& form, const CutJob& job,
                        const std::shared_ptr<const Request>& request) {
    Batch batch;
    std::set<std::string> taken;
    for (const FormFile& file : form.files) {
      if (batch.items.size() == kMostInBatch) {
        return OwnError(413, "a batch holds " + std::to_string(kMostInBatch) + " pictures at most");
      }
      Batch::Item item;
      item.name = NameInArchive(file, job, taken);
      item.job = job;
      item.files.picture = file.bytes;
      item.files.keeper = request;
      batch.items.push_back(std::move(item));
    }
    if (batch.items.empty()) {
      return OwnError(400, "no pictures: send each as a part of multipart/form-data");
    }
    return batch;
  }

  // The answer, and in headers what became of the quad where there was to be one.
  static Response RectifyAnswer(const CutDone& done, bool json) {
    if (done.rectify.empty()) return json ? Described(done) : PictureAnswer(done);
    const RectifyDone& first = done.rectify.front();
    Response response = json               ? Described(done)
                        : done.abstained() ? OwnError(422, Abstained(first))
                                           : PictureAnswer(done);
    const auto set = [&](const char* name, const std::string& value) {
      response.headers.Set(name, value);
    };
    set("X-Peel-Rectify", first.ok ? "ok" : "abstained");
    set("X-Peel-Confidence", ShortNumber(first.confidence));
    if (!first.ok) return response;
    std::string corners;
    for (const double v : first.corners) corners += (corners.empty() ? "" : ",") + ShortNumber(v);
    set("X-Peel-Corners", corners);
    set("X-Peel-Kind", first.kind);
    set("X-Peel-Ratio", ShortNumber(first.ratio));
    return response;
  }

  static std::string Abstained(const RectifyDone& sheet) {
    return "nothing to straighten: " + sheet.reason +
           "; corners=x1,y1,…,x4,y4 says where it is, keep=true gives the picture back as it is";
  }

  static Json RectifyJson(const RectifyDone& sheet) {
    Json body = {{"status", sheet.ok ? "ok" : "abstained"},
                 {"reason", sheet.reason},
                 {"confidence", sheet.confidence}};
    if (!sheet.ok) return body;
    Json corners = Json::array();
    for (size_t i = 0; i < sheet.corners.size(); i += 2) {
      corners.push_back({sheet.corners[i], sheet.corners[i + 1]});
    }
    body["kind"] = sheet.kind;
    body["corners"] = std::move(corners);
    body["ratio"] = sheet.ratio;
    body["focal_px"] = sheet.focal_px;
    body["homography"] = sheet.homography;
    body["turn"] = sheet.turn;
    body["dpi"] = {sheet.dpi_x, sheet.dpi_y};
    return body;
  }

  static Response Described(const CutDone& done) {
    Json stages = Json::object();
    for (const auto& [stage, milliseconds] : done.stages) stages[stage] = milliseconds;
    Json body = {{"image", done.abstained() ? Json() : Json(EncodeBase64(done.bytes))},
                 {"type", done.type},
                 {"width", done.width},
                 {"height", done.height},
                 {"has_subject", done.has_subject},
                 {"subject_score", done.subject_score},
                 {"coverage", done.coverage},
                 {"subject",
                  {{"x", done.subject.x},
                   {"y", done.subject.y},
                   {"width", done.subject.width},
                   {"height", done.subject.height}}},
                 {"model", done.model},
                 {"device", done.device},
                 {"precision", done.precision},
                 {"stages", std::move(stages)}};
    if (!done.rectify.empty()) {
      body["rectify"] = RectifyJson(done.rectify.front());
      if (done.rectify.size() > 1) {
        Json sheets = Json::array();
        for (const RectifyDone& sheet : done.rectify) sheets.push_back(RectifyJson(sheet));
        body["sheets"] = std::move(sheets);
      }
    }
    if (!done.matte.empty()) body["matte"] = EncodeBase64(done.matte);
    if (!done.warning.empty()) body["warning"] = done.warning;
    return JsonAnswer(200, body);
  }

  Response About() const {
    return JsonAnswer(200, {{"name", "Peel"},
                            {"version", facts_.version},
                            {"model", facts_.model},
                            {"device", facts_.device},
                            {"models", facts_.models},
                            {"max_bytes", facts_.max_bytes},
                            {"max_pixels", facts_.max_pixels},
                            {"formats", {"png", "jpg", "webp", "avif", "tiff", "zip"}},
                            {"fetch", facts_.fetches},
                            {"keys", facts_.wants_keys},
                            {"rectify", true}});
  }

  const Facts& facts_;
};

}  // namespace

std::unique_ptr<Api> MakePeelApi(const Facts& facts) { return std::make_unique<PeelApi>(facts); }

}  // namespace peel::server
