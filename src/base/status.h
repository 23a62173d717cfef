#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace peel {

// What kind of failure it was; decides exit codes and how a caller may react.
enum class StatusCode {
  kOk,
  kInvalidArgument,  // the caller asked for something that makes no sense
  kNotFound,         // a file or model that is not there
  kIo,               // reading or writing failed (permissions, full disk)
  kCorrupt,          // the bytes are not what their format says
  kUnsupported,      // valid, but nothing here can do it (an operator, a format variant)
  kLimit,            // a configured limit (pixels, bytes, frames) was exceeded
  kOutOfMemory,      // memory could not be had; the message says how much
  kCancelled,        // the caller's cancellation token fired
  kDeviceRefused,    // the device that was asked for cannot be used
  kInternal,         // a bug in Peel
};

// Success, or a code and a message meant for the user: what went wrong, with which file, what to
// do. Costs one pointer; success allocates nothing. Must be looked at.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message)
      : rep_(code == StatusCode::kOk ? nullptr
                                     : std::make_unique<Rep>(Rep{code, std::move(message)})) {}
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  Status(const Status& o) : rep_(o.rep_ ? std::make_unique<Rep>(*o.rep_) : nullptr) {}
  Status& operator=(const Status& o) {
    rep_ = o.rep_ ? std::make_unique<Rep>(*o.rep_) : nullptr;
    return *this;
  }

  bool ok() const { return rep_ == nullptr; }
  StatusCode code() const { return rep_ ? rep_->code : StatusCode::kOk; }
  const std::string& message() const;

  // Puts "context: " before the message: WithContext("photo.jpg") gives "photo.jpg: no such file".
  Status WithContext(std::string_view context) &&;

 private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  std::unique_ptr<Rep> rep_;
};

inline Status OkStatus() { return Status(); }
inline Status InvalidArgument(std::string m) {
  return Status(StatusCode::kInvalidArgument, std::move(m));
}
inline Status NotFound(std::string m) { return Status(StatusCode::kNotFound, std::move(m)); }
inline Status IoError(std::string m) { return Status(StatusCode::kIo, std::move(m)); }
inline Status Corrupt(std::string m) { return Status(StatusCode::kCorrupt, std::move(m)); }
inline Status Unsupported(std::string m) { return Status(StatusCode::kUnsupported, std::move(m)); }
inline Status LimitExceeded(std::string m) { return Status(StatusCode::kLimit, std::move(m)); }
inline Status OutOfMemory(std::string m) { return Status(StatusCode::kOutOfMemory, std::move(m)); }
inline Status Cancelled(std::string m) { return Status(StatusCode::kCancelled, std::move(m)); }
inline Status Internal(std::string m) { return Status(StatusCode::kInternal, std::move(m)); }

// A value or the reason why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  const Status& status() const& { return status_; }
  Status status() && { return std::move(status_); }

  // Only where ok().
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return *std::move(value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

#define PEEL_CONCAT_INNER(a, b) a##b
#define PEEL_CONCAT(a, b) PEEL_CONCAT_INNER(a, b)

// Returns the Status from the enclosing function unless it is ok.
#define PEEL_RETURN_IF_ERROR(expr)                                                     \
  do {                                                                                 \
    if (::peel::Status peel_status_ = (expr); !peel_status_.ok()) return peel_status_; \
  } while (false)

// PEEL_ASSIGN_OR_RETURN(auto x, F()): x from the Result, or its Status returned.
#define PEEL_ASSIGN_OR_RETURN(lhs, expr) \
  PEEL_ASSIGN_OR_RETURN_INNER(PEEL_CONCAT(peel_result_, __LINE__), lhs, expr)
#define PEEL_ASSIGN_OR_RETURN_INNER(result, lhs, expr) \
  auto result = (expr);                                \
  if (!result.ok()) return std::move(result).status(); \
  lhs = *std::move(result)

}  // namespace peel
