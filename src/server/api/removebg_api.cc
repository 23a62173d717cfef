#include "src/server/api/removebg_api.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/server/api/answers.h"
#include "src/server/api/removebg_errors.h"
#include "src/server/api/removebg_options.h"

namespace peel::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kUncounted = 1'000'000;  // credits, where the key has no limit

bool IsUrl(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

Response OfFailure(const Failure& failure) {
  const std::string& message = failure.message;
  switch (failure.kind) {
    case Failure::Kind::kRefused:
      switch (failure.code) {
        case StatusCode::kLimit:
          return RemoveBgError(400, "resolution_too_high", message);
        case StatusCode::kUnsupported:
          return RemoveBgError(400, "invalid_file_type", message);
        case StatusCode::kCorrupt:
          return RemoveBgError(400, "failed_to_read_image", message);
        case StatusCode::kInvalidArgument:
          if (message.find("region of interest") != std::string::npos) {
            return RemoveBgError(400, "roi_region_empty", message);
          }
          return RemoveBgError(400, "invalid_parameter", message, "Invalid parameter given");
        default:
          return RemoveBgError(500, "internal_error", message);
      }
    case Failure::Kind::kNoModel:
      return RemoveBgError(400, "invalid_parameter", message, "Invalid parameter given");
    // What remove.bg itself says where too much comes at a time: its clients wait and come again.
    case Failure::Kind::kBusy:
      return WithRetry(RemoveBgError(429, "rate_limit_exceeded", message), failure);
    case Failure::Kind::kDraining:
      return WithRetry(RemoveBgError(503, "busy", message), failure);
    case Failure::Kind::kDeadline:
      return RemoveBgError(504, "deadline_exceeded", message);
    default:
      return RemoveBgError(500, "internal_error", message);
  }
}

class RemoveBgApi final : public Api {
 public:
  explicit RemoveBgApi(const Facts& facts) : facts_(facts) {}

  std::string_view name() const override { return "removebg"; }
  std::vector<std::string_view> Routes() const override {
    return {"/v1.0/removebg", "/v1.0/account"};
  }
  bool Owns(std::string_view path) const override { return path.starts_with("/v1.0/"); }
  int BusyStatus() const override { return 429; }
  std::string Methods(std::string_view path) const override {
    return path == "/v1.0/account" ? "GET" : "POST";
  }

  Response Error(int status, const std::string& message) override {
    switch (status) {
      case 401:  // remove.bg knows no 401
        return RemoveBgError(403, "auth_failed", "", message);
      case 402:
        return RemoveBgError(402, "insufficient_credits", message);
      case 403:
        return RemoveBgError(403, "forbidden", message);
      case 404:
        return RemoveBgError(404, "not_found", message);
      case 405:
        return RemoveBgError(405, "method_not_allowed", message);
      case 413:
        return RemoveBgError(400, "file_too_large", message);
      case 429:
        return RemoveBgError(429, "rate_limit_exceeded", message);
      case 503:
        return RemoveBgError(503, "busy", message);
      case 504:
        return RemoveBgError(504, "deadline_exceeded", message);
      default:
        return RemoveBgError(status, status < 500 ? "invalid_request" : "internal_error", message,
                             status < 500 ? "Invalid request" : "");
    }
  }

  Plan Handle(const std::shared_ptr<const Request>& request, const Caller& caller) override {
    if (request->path == "/v1.0/account") return Account(caller);
    if (request->path != "/v1.0/removebg") {
      return RemoveBgError(404, "not_found", "this server offers /v1.0/removebg and /v1.0/account");
    }
    auto form = ReadForm(*request);
    if (!form.ok()) {
      const bool large = form.status().code() == StatusCode::kLimit;
      return RemoveBgError(400, large ? "file_too_large" : "invalid_request",
                           form.status().message(), large ? "" : "Invalid request");
    }
    const Parameters given(form->fields, request->query);
    Work work;
    work.files.keeper = request;
    if (auto refused = TakePicture(*form, given, work)) return *std::move(refused);
    bool has_background = false;
    if (auto refused = TakeBackground(*form, given, work, has_background)) {
      return *std::move(refused);
    }
    RemoveBgOptions options;
    if (auto refusal = ReadRemoveBgOptions(given, has_background, options); !refusal.code.empty()) {
      return RemoveBgError(400, refusal.code, refusal.detail);
    }
    work.job = std::move(options.job);
    if (Status status = work.job.Check(); !status.ok()) {
      return RemoveBgError(400, "invalid_parameter", status.message(), "Invalid parameter given");
    }
    work.fetch_failed = [picture = work.picture_url, background = work.background_url](
                            bool of_background, const std::string& why) {
      return of_background
                 ? RemoveBgError(
                       400, "failed_bg_download", why,
                       "Failed to download background image from given image_url: " + background)
                 : RemoveBgError(400, "failed_image_download", why,
                                 "Failed to download image from given image_url: " + picture);
    };
    // Where credits are counted, a preview is free and everything else costs one.
    const int charge = caller.credits.has_value() && options.size != "preview" &&
                               options.size != "small" && options.size != "regular"
                           ? 1
                           : 0;
    work.respond = [wants_json = WantsJson(*request), charge, level = options.type_level,
                    roi_width = options.roi_width,
                    roi_height = options.roi_height](const Outcome& outcome) {
      if (!outcome.ok()) return OfFailure(outcome.failure);
      // Only now is the picture's size known for certain.
      const CutDone& done = *outcome.done;
      if (roi_width > done.input_width || roi_height > done.input_height) {
        return RemoveBgError(400, "roi_exceeds_bounds",
                             "The given roi parameter defines a region that exceeds the image "
                             "bounds");
      }
      return Answer(done, wants_json, charge, level);
    };
    return work;
  }

 private:
  static bool WantsJson(const Request& request) {
    const std::string_view accept = request.headers.Get("Accept");
    return accept.find("application/json") != std::string_view::npos &&
           accept.find("image/") == std::string_view::npos;
  }

  std::optional<Response> TakePicture(const Form& form, const Parameters& given, Work& work) const {
    const FormFile* const file = form.File("image_file");
    const auto url = given.Text("image_url");
    const auto base64 = given.Text("image_file_b64");
    const bool has_file = file != nullptr && !file->bytes.empty();
    if (has_file + url.has_value() + base64.has_value() > 1) {
      return RemoveBgError(400, "multiple_sources");
    }
    if (has_file) {
      work.files.picture = file->bytes;
    } else if (base64) {
      auto bytes = DecodeBase64(*base64);
      if (!bytes.ok()) {
        return RemoveBgError(400, "failed_to_read_image",
                             "image_file_b64: " + bytes.status().message());
      }
      auto kept = std::make_shared<std::vector<uint8_t>>(*std::move(bytes));
      work.files.picture = *kept;
      work.files.keeper =
          std::make_shared<std::array<Keeper, 2>>(std::array<Keeper, 2>{work.files.keeper, kept});
    } else if (url) {
      if (!IsUrl(*url)) return RemoveBgError(400, "invalid_image_url");
      work.picture_url = *url;
    } else {
      return RemoveBgError(400, "missing_source",
                           "Please provide the source image in the image_url, image_file or "
                           "image_file_b64 parameter.");
    }
    return std::nullopt;
  }

  std::optional<Response> TakeBackground(const Form& form, const Parameters& given, Work& work,
                                         bool& has_background) const {
    const FormFile* const file = form.File("bg_image_file");
    const auto url = given.Text("bg_image_url");
    const bool has_file = file != nullptr && !file->bytes.empty();
    if (has_file && url) return RemoveBgError(400, "multiple_bg_sources");
    if (has_file) work.files.attachments["background"] = file->bytes;
    if (url) {
      if (!IsUrl(*url)) return RemoveBgError(400, "invalid_bg_image_url");
      work.background_url = *url;
    }
    has_background = has_file || url.has_value();
    return std::nullopt;
  }

  static Response Answer(const CutDone& done, bool wants_json, int charge, int level) {
    // As remove.bg answers a picture in which it finds nothing.
    if (!done.has_subject) {
      return RemoveBgError(400, "unknown_foreground",
                           "The picture seems to have no subject: try one with a clear "
                           "foreground, or a region of interest (roi)");
    }
    Response response = PictureAnswer(done);
    if (wants_json) {
      response = JsonAnswer(200, {{"data",
                                   {{"result_b64", EncodeBase64(done.bytes)},
                                    {"foreground_top", done.subject.y},
                                    {"foreground_left", done.subject.x},
                                    {"foreground_width", done.subject.width},
                                    {"foreground_height", done.subject.height}}}});
    }
    Fields& headers = response.headers;
    headers.Set("X-Width", std::to_string(done.width));
    headers.Set("X-Height", std::to_string(done.height));
    headers.Set("X-Max-Width", std::to_string(done.max_width));
    headers.Set("X-Max-Height", std::to_string(done.max_height));
    headers.Set("X-Credits-Charged", std::to_string(charge));
    if (level > 0) headers.Set("X-Type", "other");
    headers.Set("X-Foreground-Top", std::to_string(done.subject.y));
    headers.Set("X-Foreground-Left", std::to_string(done.subject.x));
    headers.Set("X-Foreground-Width", std::to_string(done.subject.width));
    headers.Set("X-Foreground-Height", std::to_string(done.subject.height));
    return response;
  }

  Response Account(const Caller& caller) const {
    const int64_t left = caller.credits.value_or(kUncounted);
    return JsonAnswer(
        200,
        {{"data",
          {{"attributes",
            {{"credits", {{"total", left}, {"subscription", 0}, {"payg", left}, {"enterprise", 0}}},
             {"api", {{"free_calls", left}, {"sizes", "all"}}}}}}}});
  }

  const Facts& facts_;
};

}  // namespace

std::unique_ptr<Api> MakeRemoveBgApi(const Facts& facts) {
  return std::make_unique<RemoveBgApi>(facts);
}

}  // namespace peel::server
