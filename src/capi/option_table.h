#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "src/base/status.h"

// The structs of peel.h are read by tables: one row a member, or for members that belong together,
// that says what it sets in the library's own options. HasAllMembers proves while compiling that
// no member is left out.
namespace peel {

template <typename Read, auto... kMembers>
struct OptionRow {
  Read read;
};

// Take<&peel_cut_options::quality>([](int quality, CutOptions& to) { … }); what is called returns
// nothing, or a Status.
template <auto... kMembers, typename Read>
constexpr OptionRow<Read, kMembers...> Take(Read read) {
  return {read};
}

template <typename From, typename To, typename Read, auto... kMembers>
Status ReadRow(const OptionRow<Read, kMembers...>& row, const From& from, To& to) {
  if constexpr (std::is_void_v<decltype(row.read((from.*kMembers)..., to))>) {
    row.read((from.*kMembers)..., to);
    return OkStatus();
  } else {
    return row.read((from.*kMembers)..., to);
  }
}

// Row by row, in the table's order, until one fails.
template <typename From, typename To, typename... Rows>
Status ReadTable(const std::tuple<Rows...>& table, const From& from, To& to) {
  Status status;
  const auto read = [&](const auto& row) {
    status = ReadRow(row, from, to);
    return status.ok();
  };
  std::apply([&](const auto&... rows) { static_cast<void>((read(rows) && ...)); }, table);
  return status;
}

// Of an aggregate without arrays: it can be initialised by as many values as it has members.
struct AnyValue {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor)
};
template <typename Struct, typename... Values>
consteval size_t CountMembers() {
  if constexpr (requires { Struct{Values{}..., AnyValue{}}; }) {
    return CountMembers<Struct, Values..., AnyValue>();
  } else {
    return sizeof...(Values);
  }
}

template <auto kMember>
struct MemberName {};

template <typename First, typename... Others>
consteval bool AllDiffer(std::tuple<First, Others...>*) {
  if constexpr (sizeof...(Others) == 0) {
    return true;
  } else {
    return (!std::is_same_v<First, Others> && ...) &&
           AllDiffer(static_cast<std::tuple<Others...>*>(nullptr));
  }
}

template <typename Read, auto... kMembers>
std::tuple<MemberName<kMembers>...> NamesOf(const OptionRow<Read, kMembers...>&);

// Whether every member of the struct but `size`, which all have, is in one row of the table.
template <typename Struct, typename... Rows>
consteval bool HasAllMembers(const std::tuple<Rows...>&) {
  using Names = decltype(std::tuple_cat(NamesOf(std::declval<Rows>())...));
  return std::tuple_size_v<Names> + 1 == CountMembers<Struct>() &&
         AllDiffer(static_cast<Names*>(nullptr));
}

// A value of a C enumeration by a table of pairs; any number may come in.
template <typename C, typename T, size_t kCount>
Status ReadChoice(C value, const std::pair<C, T> (&table)[kCount], const char* refusal, T* to) {
  for (const auto& [from, meant] : table) {
    if (from == value) {
      *to = meant;
      return OkStatus();
    }
  }
  return InvalidArgument(refusal);
}

}  // namespace peel
