#include "src/library/duplicates/links.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace peel::library {
namespace {

// Each pair once from either side, by its ends.
std::vector<Link> FromBothSides(std::span<const Link> links) {
  std::vector<Link> both;
  both.reserve(links.size() * 2);
  for (const Link& link : links) {
    if (link.a == link.b) continue;
    both.push_back(link);
    both.push_back({link.b, link.a, link.distance});
  }
  std::sort(both.begin(), both.end(), [](const Link& x, const Link& y) {
    return std::tie(x.a, x.b, x.distance) < std::tie(y.a, y.b, y.distance);
  });
  both.erase(std::unique(both.begin(), both.end(),
                         [](const Link& x, const Link& y) { return x.a == y.a && x.b == y.b; }),
             both.end());
  return both;
}

}  // namespace

std::vector<Star> TakeStars(std::span<const Link> links, size_t items) {
  const std::vector<Link> both = FromBothSides(links);
  std::vector<size_t> begins(items + 1, 0);
  for (const Link& link : both) ++begins[link.a + 1];
  for (size_t i = 0; i < items; ++i) begins[i + 1] += begins[i];
  const auto links_of = [&](uint32_t item) {
    return std::span(both).subspan(begins[item], begins[item + 1] - begins[item]);
  };
  std::vector<size_t> degree(items);
  // Most links first, then the first item: a set, since taking a star lessens its neighbours'.
  const auto before = [&](uint32_t x, uint32_t y) {
    return degree[x] > degree[y] || (degree[x] == degree[y] && x < y);
  };
  for (uint32_t i = 0; i < items; ++i) degree[i] = links_of(i).size();
  std::set<uint32_t, decltype(before)> open(before);
  for (uint32_t i = 0; i < items; ++i) {
    if (degree[i] > 0) open.insert(i);
  }
  const auto take = [&](uint32_t item) {
    open.erase(item);
    for (const Link& link : links_of(item)) {
      const auto at = open.find(link.b);
      if (at == open.end()) continue;
      open.erase(at);
      if (--degree[link.b] > 0) open.insert(link.b);
    }
    degree[item] = 0;
  };
  std::vector<Star> stars;
  while (!open.empty()) {
    Star star;
    star.centre = *open.begin();
    for (const Link& link : links_of(star.centre)) {
      if (open.count(link.b) != 0) star.rays.push_back(link);
    }
    take(star.centre);
    for (const Link& ray : star.rays) take(ray.b);
    std::sort(star.rays.begin(), star.rays.end(), [](const Link& x, const Link& y) {
      return std::tie(x.distance, x.b) < std::tie(y.distance, y.b);
    });
    stars.push_back(std::move(star));
  }
  std::sort(stars.begin(), stars.end(),
            [](const Star& x, const Star& y) { return x.centre < y.centre; });
  return stars;
}

}  // namespace peel::library
