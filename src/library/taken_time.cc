#include "src/library/taken_time.h"

#include <charconv>
#include <cstddef>

namespace peel::library {
namespace {

// So many digits at a place, followed by `mark` (0: by anything).
std::optional<int> Digits(std::string_view text, size_t at, size_t count, char mark) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, value);
  if (error != std::errc() || end != begin + count || value < 0) return std::nullopt;
  if (mark != 0 && (at + count >= text.size() || text[at + count] != mark)) return std::nullopt;
  return value;
}

// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level
// Date Algorithms").
int64_t DaysFromCivil(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

}  // namespace

std::optional<int64_t> TakenMilliseconds(std::string_view taken_at) {
  const auto year = Digits(taken_at, 0, 4, '-'), month = Digits(taken_at, 5, 2, '-');
  const auto day = Digits(taken_at, 8, 2, 'T'), hour = Digits(taken_at, 11, 2, ':');
  const auto minute = Digits(taken_at, 14, 2, ':'), second = Digits(taken_at, 17, 2, 0);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59 ||
      *second > 60) {
    return std::nullopt;
  }
  int64_t milliseconds = 0;
  if (taken_at.size() > 20 && taken_at[19] == '.') {
    int64_t unit = 100;
    for (size_t i = 20; i < taken_at.size() && i < 23; ++i, unit /= 10) {
      if (taken_at[i] < '0' || taken_at[i] > '9') return std::nullopt;
      milliseconds += (taken_at[i] - '0') * unit;
    }
  }
  const int64_t seconds = DaysFromCivil(*year, *month, *day) * 86400 + int64_t{*hour} * 3600 +
                          int64_t{*minute} * 60 + *second;
  return seconds * 1000 + milliseconds;
}

}  // namespace peel::library
