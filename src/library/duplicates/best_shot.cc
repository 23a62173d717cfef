#include "src/library/duplicates/best_shot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <vector>

namespace peel::library {
namespace {

// One thing to compare by: a number (more is better), how far it has to be ahead, and the words for
// having won by it: against the best of the others, among so many.
struct Criterion {
  std::function<double(const ShotFacts&)> value;
  std::function<double(double most)> margin;
  std::function<std::string(const ShotFacts& best, const ShotFacts& next, size_t among)> words;
};

double Pixels(const ShotFacts& shot) {
  return static_cast<double>(shot.width) * static_cast<double>(shot.height);
}

std::string Size(const ShotFacts& shot) {
  return std::to_string(shot.width) + "×" + std::to_string(shot.height);
}

std::string Text(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

std::string Megabytes(const ShotFacts& shot) {
  return Text("%.1f MB", static_cast<double>(shot.bytes) / 1e6);
}

double Nothing(double /*most*/) { return 0; }

Criterion Stars() {
  return {[](const ShotFacts& s) { return s.rating; }, Nothing,
          [](const ShotFacts& best, const ShotFacts&, size_t) {
            if (best.rating <= 0) return std::string("the others are rated as rejected");
            return "rated " + std::to_string(best.rating) + (best.rating == 1 ? " star" : " stars");
          }};
}

Criterion Largest() {
  // A hundredth is what cropping to whole blocks takes away.
  return {Pixels, [](double most) { return most / 100; },
          [](const ShotFacts& best, const ShotFacts& next, size_t) {
            return "largest: " + Size(best) + ", the next " + Size(next);
          }};
}

// Keeps those within the margin of the best by one criterion after another until one is left.
BestShot Decide(std::span<const ShotFacts> shots, std::span<const Criterion> criteria) {
  std::vector<size_t> left(shots.size());
  std::iota(left.begin(), left.end(), size_t{0});
  for (const Criterion& criterion : criteria) {
    if (left.size() < 2) break;
    const auto value = [&](size_t i) { return criterion.value(shots[i]); };
    std::vector<size_t> order = left;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return value(a) > value(b); });
    const double most = value(order.front());
    const double margin = criterion.margin(most);
    std::erase_if(left, [&](size_t i) { return value(i) < most - margin; });
    if (left.size() == 1) {
      return {left.front(), criterion.words(shots[order[0]], shots[order[1]], order.size())};
    }
  }
  const std::string all = std::to_string(shots.size());
  return {left.front(), left.size() < shots.size()
                            ? "one of " + std::to_string(left.size()) + " that are best of " + all +
                                  " and alike in all that was measured"
                            : "the first of " + all + " that are alike in all that was measured"};
}

}  // namespace

BestShot BestOfSameCapture(std::span<const ShotFacts> shots) {
  const std::vector<Criterion> criteria = {
      Stars(),
      {[](const ShotFacts& s) { return s.camera_metadata ? 1 : 0; }, Nothing,
       [](const ShotFacts&, const ShotFacts&, size_t) {
         return std::string("original: the one with its camera's metadata");
       }},
      {[](const ShotFacts& s) { return s.edited ? 0 : 1; }, Nothing,
       [](const ShotFacts&, const ShotFacts&, size_t) {
         return std::string("original: not saved again by a program that edits pictures");
       }},
      {[](const ShotFacts& s) { return s.has_film ? 1 : 0; }, Nothing,
       [](const ShotFacts&, const ShotFacts&, size_t) {
         return std::string("a live photo: the one with its film");
       }},
      Largest(),
      {[](const ShotFacts& s) { return s.format_rank; }, Nothing,
       [](const ShotFacts& best, const ShotFacts&, size_t) {
         return std::string(best.format_rank >= 3 ? "the camera's raw file"
                                                  : "the format that loses least");
       }},
      {[](const ShotFacts& s) { return static_cast<double>(s.bytes); },
       [](double most) { return most / 50; },
       [](const ShotFacts& best, const ShotFacts& next, size_t) {
         return "least compressed: " + Megabytes(best) + ", the next " + Megabytes(next);
       }}};
  return Decide(shots, criteria);
}

BestShot BestOfShots(std::span<const ShotFacts> shots) {
  const std::vector<Criterion> criteria = {
      Stars(),
      {[](const ShotFacts& s) { return s.sharpness; }, [](double) { return 0.08; },
       [](const ShotFacts& best, const ShotFacts& next, size_t among) {
         std::string text =
             "sharpest of " + std::to_string(among) + ": " + Text("%.2f", best.sharpness);
         if (next.sharpness >= 0) text += ", the next " + Text("%.2f", next.sharpness);
         return text;
       }},
      {[](const ShotFacts& s) { return s.faces; }, Nothing,
       [](const ShotFacts& best, const ShotFacts& next, size_t) {
         return "most faces: " + std::to_string(best.faces) + ", the next " +
                std::to_string(next.faces);
       }},
      {[](const ShotFacts& s) { return -std::abs(s.exposure); }, [](double) { return 0.1; },
       [](const ShotFacts&, const ShotFacts& next, size_t) {
         return std::string(next.exposure < 0 ? "best lit: the next is too dark"
                                              : "best lit: the next is too bright");
       }},
      {[](const ShotFacts& s) { return s.cut_off ? 0 : 1; }, Nothing,
       [](const ShotFacts&, const ShotFacts&, size_t) {
         return std::string("the one whose subject is not cut off");
       }},
      Largest(),
      {[](const ShotFacts& s) { return s.quality; }, Nothing,
       [](const ShotFacts& best, const ShotFacts& next, size_t) {
         return "best quality: " + Text("%.4f", best.quality) + ", the next " +
                Text("%.4f", next.quality);
       }}};
  BestShot best = Decide(shots, criteria);
  if (shots[best.index].faces > 0) best.reason += "; whether eyes are open is not judged";
  return best;
}

}  // namespace peel::library
