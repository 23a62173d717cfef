#include "src/base/status.h"

namespace peel {

const std::string& Status::message() const {
  static const std::string empty;
  return rep_ ? rep_->message : empty;
}

Status Status::WithContext(std::string_view context) && {
  if (rep_) rep_->message.insert(0, std::string(context) + ": ");
  return std::move(*this);
}

}  // namespace peel
