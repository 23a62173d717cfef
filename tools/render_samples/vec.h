#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace render {

// Three floats: a point, a direction or linear RGB.
struct Vec {
  float x = 0, y = 0, z = 0;
};
inline Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec operator-(Vec a) { return {-a.x, -a.y, -a.z}; }
inline Vec operator*(Vec a, Vec b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline Vec operator*(Vec a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline Vec operator*(float s, Vec a) { return a * s; }
inline float Dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec Cross(Vec a, Vec b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float Length(Vec a) { return std::sqrt(Dot(a, a)); }
inline Vec Normalize(Vec a) { return a * (1.0f / std::max(Length(a), 1e-20f)); }
inline Vec Mix(Vec a, Vec b, float t) { return a * (1 - t) + b * t; }
inline float Mix(float a, float b, float t) { return a * (1 - t) + b * t; }
inline float Clamp(float v, float lo = 0, float hi = 1) { return std::min(std::max(v, lo), hi); }
inline float Smoothstep(float a, float b, float v) {
  const float t = Clamp((v - a) / (b - a));
  return t * t * (3 - 2 * t);
}
inline Vec RotateY(Vec p, float angle) {
  const float c = std::cos(angle), s = std::sin(angle);
  return {c * p.x + s * p.z, p.y, -s * p.x + c * p.z};
}
inline Vec RotateX(Vec p, float angle) {
  const float c = std::cos(angle), s = std::sin(angle);
  return {p.x, c * p.y - s * p.z, s * p.y + c * p.z};
}
inline Vec RotateZ(Vec p, float angle) {
  const float c = std::cos(angle), s = std::sin(angle);
  return {c * p.x - s * p.y, s * p.x + c * p.y, p.z};
}

// Small, fast and the same everywhere: PCG (O'Neill 2014), so that a picture is reproducible.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 6364136223846793005ull + 1442695040888963407ull) {
    Next();
  }
  float Next() {
    const uint64_t old = state_;
    state_ = old * 6364136223846793005ull + 1442695040888963407ull;
    const auto shifted = static_cast<uint32_t>(((old >> 18) ^ old) >> 27);
    const auto turn = static_cast<uint32_t>(old >> 59);
    return static_cast<float>(((shifted >> turn) | (shifted << ((32 - turn) & 31))) >> 8) *
           0x1p-24f;
  }

 private:
  uint64_t state_;
};

// Value noise in [0, 1], smooth over one unit, and its sum over octaves.
inline float Hash(int x, int y, int z) {
  uint32_t h = static_cast<uint32_t>(x) * 374761393u + static_cast<uint32_t>(y) * 668265263u +
               static_cast<uint32_t>(z) * 2147483647u;
  h = (h ^ (h >> 13)) * 1274126177u;
  return static_cast<float>((h ^ (h >> 16)) & 0xffffffu) * 0x1p-24f;
}
inline float Noise(Vec p) {
  const float fx = std::floor(p.x), fy = std::floor(p.y), fz = std::floor(p.z);
  const int x = static_cast<int>(fx), y = static_cast<int>(fy), z = static_cast<int>(fz);
  const float u = Smoothstep(0, 1, p.x - fx), v = Smoothstep(0, 1, p.y - fy),
              w = Smoothstep(0, 1, p.z - fz);
  const auto plane = [&](int k) {
    return Mix(Mix(Hash(x, y, k), Hash(x + 1, y, k), u),
               Mix(Hash(x, y + 1, k), Hash(x + 1, y + 1, k), u), v);
  };
  return Mix(plane(z), plane(z + 1), w);
}
inline float Fractal(Vec p, int octaves) {
  float sum = 0, weight = 0.5f;
  for (int i = 0; i < octaves; ++i, weight *= 0.5f, p = p * 2.03f) sum += weight * Noise(p);
  return sum;
}

// Signed distances (Quilez, "distance functions"): negative inside, never more than the true one.
inline float Sphere(Vec p, float r) { return Length(p) - r; }
inline float Ellipsoid(Vec p, Vec r) {
  const Vec a{p.x / r.x, p.y / r.y, p.z / r.z};
  const Vec b{a.x / r.x, a.y / r.y, a.z / r.z};
  const float k0 = Length(a), k1 = Length(b);
  return k1 < 1e-9f ? -std::min({r.x, r.y, r.z}) : k0 * (k0 - 1) / k1;
}
inline float Capsule(Vec p, Vec a, Vec b, float ra, float rb) {
  const Vec pa = p - a, ba = b - a;
  const float h = Clamp(Dot(pa, ba) / Dot(ba, ba));
  return Length(pa - ba * h) - Mix(ra, rb, h);
}
inline float Torus(Vec p, float big, float small) {  // around the y axis
  const float q = std::hypot(p.x, p.z) - big;
  return std::hypot(q, p.y) - small;
}
inline float Cylinder(Vec p, float radius, float half_height, float round) {
  const float dx = std::hypot(p.x, p.z) - radius + round, dy = std::abs(p.y) - half_height + round;
  return std::min(std::max(dx, dy), 0.0f) + std::hypot(std::max(dx, 0.0f), std::max(dy, 0.0f)) -
         round;
}
inline float SmoothMin(float a, float b, float k) {
  const float h = std::max(k - std::abs(a - b), 0.0f) / k;
  return std::min(a, b) - h * h * k * 0.25f;
}

}  // namespace render
