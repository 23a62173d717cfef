#include "src/server/guard/key_use.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "src/base/os/file.h"
#include "src/base/os/files.h"

namespace peel::server {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

constexpr uint64_t kMaxFile = uint64_t{16} << 20;

int64_t DayOf(KeyUse::System time) { return floor<days>(time).time_since_epoch().count(); }

int SecondsToNextDay(KeyUse::System time) {
  const auto next = floor<days>(time) + days(1);
  return static_cast<int>(std::chrono::ceil<seconds>(next - time).count());
}

uint64_t Less(uint64_t limit, uint64_t used) { return limit - std::min(limit, used); }

}  // namespace

// Its own day: a credit that is given back after midnight is none of the new day.
class KeyUse::OneLease final : public Lease {
 public:
  OneLease(std::shared_ptr<State> state, std::string name, uint64_t credits, int64_t day)
      : state_(std::move(state)), name_(std::move(name)), credits_(credits), day_(day) {}
  ~OneLease() override {
    Count& count = state_->counts[name_];
    --count.under_way;
    if (is_kept_ || credits_ == 0) return;
    state_->is_changed = true;
    count.total -= std::min(count.total, credits_);
    if (count.day == day_) count.today -= std::min(count.today, credits_);
  }
  void Keep() override { is_kept_ = true; }

 private:
  const std::shared_ptr<State> state_;
  const std::string name_;
  const uint64_t credits_;
  const int64_t day_;
  bool is_kept_ = false;
};

KeyUse::Verdict KeyUse::Begin(const Key& key, uint64_t credits, Steady now, System time) {
  Count& count = state_->counts[key.name];
  // Days only go on: a clock that is set back does not give a day twice.
  if (const int64_t day = DayOf(time); day > count.day) {
    count.day = day;
    count.today = 0;
  }
  Verdict verdict;
  const auto refuse = [&](Refusal refusal, int retry_after, std::string message) {
    verdict.refusal = refusal;
    verdict.retry_after = retry_after;
    verdict.message = std::move(message);
    if (key.rate && !verdict.rate) verdict.rate = rates_.Look(key.name, *key.rate, now);
    return verdict;
  };
  const auto has = [&](const std::optional<uint64_t>& limit, uint64_t used) {
    return !limit || credits <= Less(*limit, used);
  };
  if (!has(key.credits, count.total)) {
    return refuse(Refusal::kCredits, 0, "this key has no credits left");
  }
  if (!has(key.credits_per_day, count.today)) {
    return refuse(Refusal::kCreditsOfDay, SecondsToNextDay(time),
                  "this key has no credits left for today; more come at midnight UTC");
  }
  if (key.max_concurrent != 0 && count.under_way >= key.max_concurrent) {
    return refuse(Refusal::kConcurrent, 1,
                  "this key may have " + std::to_string(key.max_concurrent) +
                      " requests at a time, which are under way");
  }
  if (key.rate) {
    verdict.rate = rates_.Take(key.name, *key.rate, now);
    if (!verdict.rate->allowed) {
      return refuse(
          Refusal::kRate, verdict.rate->retry_after,
          "this key may send " + std::to_string(static_cast<uint64_t>(key.rate->per_minute)) +
              " requests a minute; wait " + std::to_string(verdict.rate->retry_after) + " s");
    }
  }
  const uint64_t room = std::numeric_limits<uint64_t>::max() - std::max(count.total, count.today);
  credits = std::min(credits, room);
  count.total += credits;
  count.today += credits;
  ++count.under_way;
  if (credits != 0) state_->is_changed = true;
  verdict.lease = std::make_shared<OneLease>(state_, key.name, credits, count.day);
  return verdict;
}

KeyUse::Balance KeyUse::BalanceOf(const Key& key, System time) const {
  const auto found = state_->counts.find(key.name);
  const Count count = found == state_->counts.end() ? Count() : found->second;
  Balance balance;
  if (key.credits) balance.credits = Less(*key.credits, count.total);
  if (key.credits_per_day) {
    balance.credits_today = Less(*key.credits_per_day, DayOf(time) > count.day ? 0 : count.today);
  }
  return balance;
}

int KeyUse::under_way(std::string_view name) const {
  const auto found = state_->counts.find(name);
  return found == state_->counts.end() ? 0 : found->second.under_way;
}

Status KeyUse::Load(const std::string& path) {
  if (!InfoOf(path)) return OkStatus();
  auto bytes = ReadWholeFile(path, kMaxFile);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(path);
  const auto root = nlohmann::json::parse(*bytes, nullptr, false);
  const auto broken = [&](const std::string& what) {
    return Corrupt(path + ": " + what + "; remove it to begin counting credits anew");
  };
  if (!root.is_object()) return broken("is no {…} of JSON");
  decltype(State::counts) counts;
  for (const auto& item : root.items()) {
    const std::string& name = item.key();
    const auto& entry = item.value();
    Count count;
    const auto number = [&](const char* word, auto* value) {
      const auto found = entry.find(word);
      if (found == entry.end() || !found->is_number_unsigned()) return false;
      *value = found->template get<std::remove_pointer_t<decltype(value)>>();
      return *value >= 0;
    };
    if (!entry.is_object() || !number("total", &count.total) || !number("today", &count.today) ||
        !number("day", &count.day)) {
      return broken("\"" + name + "\" has no total, today and day");
    }
    counts[name] = count;
  }
  for (const auto& [name, count] : state_->counts) counts[name].under_way = count.under_way;
  state_->counts = std::move(counts);
  state_->is_changed = false;
  return OkStatus();
}

Status KeyUse::Save(const std::string& path) {
  nlohmann::json root = nlohmann::json::object();
  for (const auto& [name, count] : state_->counts) {
    root[name] = {{"total", count.total}, {"today", count.today}, {"day", count.day}};
  }
  const std::string text = root.dump(1) + "\n";
  PEEL_RETURN_IF_ERROR(
      WriteFileAtomically(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()})
          .WithContext(path));
  state_->is_changed = false;
  return OkStatus();
}

}  // namespace peel::server
