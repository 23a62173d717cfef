// Renders the pictures of samples/: a small path tracer over signed distance fields.
// usage: render_samples OUTPUT_DIRECTORY [SCENE [PATHS_PER_PIXEL [HEIGHT]]]   writes SCENE.ppm
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "src/base/thread_pool.h"
#include "tools/render_samples/scene.h"

namespace render {
namespace {

constexpr float kFar = 60.0f;
constexpr float kNear = 1e-3f;
constexpr float kPi = 3.14159265f;

struct Surface {
  float t = kFar;
  Vec point, normal;
  Material material;
};

// Where the ray enters and leaves the sphere around the subject.
bool Bounds(const Scene& s, Vec from, Vec dir, float* enter, float* leave) {
  const Vec o = from - s.bound_centre;
  const float b = Dot(o, dir), c = Dot(o, o) - s.bound_radius * s.bound_radius;
  const float root = b * b - c;
  if (root < 0) return false;
  *enter = std::max(-b - std::sqrt(root), 0.0f);
  *leave = -b + std::sqrt(root);
  return *leave > 0;
}

float GroundDistance(Vec from, Vec dir) {
  return dir.y < -1e-5f && from.y > 0 ? -from.y / dir.y : kFar;
}

// First meeting with the subject by sphere tracing (Hart 1996); kFar where there is none.
float March(const Scene& s, Vec from, Vec dir, float limit, int* material) {
  float t = 0, leave = 0;
  if (!Bounds(s, from, dir, &t, &leave)) return kFar;
  leave = std::min(leave, limit);
  for (int step = 0; step < 400 && t < leave; ++step) {
    const Hit hit = s.distance(from + dir * t);
    if (hit.distance < 0.0004f + 0.00008f * t) {
      *material = hit.material;
      return t;
    }
    t += std::max(hit.distance, 0.0004f);
  }
  return kFar;
}

Vec Normal(const Scene& s, Vec p) {
  constexpr float e = 0.0006f;
  const Vec a{e, -e, -e}, b{-e, -e, e}, c{-e, e, -e}, d{e, e, e};
  return Normalize(a * s.distance(p + a).distance + b * s.distance(p + b).distance +
                   c * s.distance(p + c).distance + d * s.distance(p + d).distance);
}

bool Trace(const Scene& s, Vec from, Vec dir, Surface* out) {
  int material = 0;
  const float ground = GroundDistance(from, dir);
  const float t = March(s, from, dir, ground, &material);
  if (t < kFar) {
    out->t = t;
    out->point = from + dir * t;
    out->normal = Normal(s, out->point);
    out->material = s.material(material, out->point);
    return true;
  }
  // The ground ends where the surroundings take over, softly by distance in Radiance.
  if (ground < kFar) {
    out->t = ground;
    out->point = from + dir * ground;
    out->normal = {0, 1, 0};
    out->material = s.ground(out->point);
    return true;
  }
  return false;
}

Vec AroundNormal(Vec n, float u, float v, float power) {  // power 1: cosine; larger: narrower
  const float z = std::pow(u, 1 / (power + 1)), r = std::sqrt(std::max(0.0f, 1 - z * z));
  const Vec side = Normalize(Cross(std::abs(n.y) < 0.9f ? Vec{0, 1, 0} : Vec{1, 0, 0}, n));
  const Vec up = Cross(n, side);
  return Normalize(side * (r * std::cos(2 * kPi * v)) + up * (r * std::sin(2 * kPi * v)) + n * z);
}

// Light of the soft box that arrives, one shadow ray.
Vec Direct(const Scene& s, const Surface& at, Random& random) {
  const Vec jitter{random.Next() - 0.5f, random.Next() - 0.5f, random.Next() - 0.5f};
  const Vec to = s.light + jitter * (2 * s.light_radius) - at.point;
  const float distance = Length(to);
  const Vec dir = to * (1 / distance);
  const float cosine = Dot(dir, at.normal);
  if (cosine <= 0) return {};
  int ignored = 0;
  if (March(s, at.point + at.normal * (4 * kNear), dir, distance, &ignored) < kFar) return {};
  return s.light_colour * (cosine / (distance * distance));
}

Vec Radiance(const Scene& s, Vec from, Vec dir, Random& random) {
  Vec sum, weight{1, 1, 1};
  for (int bounce = 0; bounce < 4; ++bounce) {
    Surface at;
    if (!Trace(s, from, dir, &at)) return sum + weight * s.surroundings(dir);
    // Distant ground melts into the room so that there is no horizon line.
    const float haze = Smoothstep(8, 26, Length(at.point));
    if (haze > random.Next())
      return sum + weight * s.surroundings(Normalize({dir.x, 0.02f, dir.z}));
    const float facing = std::max(0.0f, -Dot(dir, at.normal));
    const float fresnel = at.material.coat > 0 ? at.material.coat + (1 - at.material.coat) *
                                                                        std::pow(1 - facing, 5.0f) *
                                                                        (1 - at.material.rough)
                                               : 0;
    from = at.point + at.normal * (2 * kNear);
    if (random.Next() < fresnel) {
      const Vec mirror = dir - at.normal * (2 * Dot(dir, at.normal));
      const float power = 2 / (at.material.rough * at.material.rough * at.material.rough + 1e-4f);
      dir = AroundNormal(mirror, random.Next(), random.Next(), power);
      if (Dot(dir, at.normal) <= 0) return sum;
      const Vec to = Normalize(s.light - from);  // the box in the mirror
      const float spread = Dot(to, dir);
      const float size = s.light_radius / Length(s.light - from);
      if (spread > std::cos(size)) sum = sum + weight * Vec{3, 3, 3};
    } else {
      weight = weight * at.material.colour;
      sum = sum + weight * Direct(s, at, random);
      dir = AroundNormal(at.normal, random.Next(), random.Next(), 1);
    }
  }
  return sum;
}

// Film: a filmic curve (Narkowicz 2015, fit of ACES) and sRGB.
uint8_t Develop(float v, float grain) {
  v = Clamp(v * (2.51f * v + 0.03f) / (v * (2.43f * v + 0.59f) + 0.14f));
  v = v <= 0.0031308f ? 12.92f * v : 1.055f * std::pow(v, 1 / 2.4f) - 0.055f;
  return static_cast<uint8_t>(Clamp(v + grain) * 255 + 0.5f);
}

bool Render(const Scene& s, int width, int height, int paths, const std::string& file) {
  std::vector<uint8_t> pixels(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  const Vec forward = Normalize(s.target - s.eye), right = Normalize(Cross(forward, {0, 1, 0}));
  const Vec up = Cross(right, forward);
  const float focus = Length(s.target - s.eye) - 0.45f;
  const float scale = std::tan(s.field_of_view * kPi / 360);
  peel::ThreadPool pool;
  pool.ParallelFor(height, [&](int64_t row, int) {
    const int y = static_cast<int>(row);
    for (int x = 0; x < width; ++x) {
      Random random(static_cast<uint64_t>(y) * 65536 + static_cast<uint64_t>(x));
      Vec sum;
      for (int i = 0; i < paths; ++i) {
        const float px = (2 * (static_cast<float>(x) + random.Next()) - static_cast<float>(width)) /
                         static_cast<float>(height) * scale;
        const float py =
            (static_cast<float>(height) - 2 * (static_cast<float>(y) + random.Next())) /
            static_cast<float>(height) * scale;
        const Vec at = s.eye + (forward + right * px + up * py) * focus;
        const float a = 2 * kPi * random.Next(), r = s.aperture * std::sqrt(random.Next());
        const Vec from = s.eye + right * (r * std::cos(a)) + up * (r * std::sin(a));
        const Vec light = Radiance(s, from, Normalize(at - from), random);
        // A path that found a lamp by luck would leave a white dot.
        const float brightest = std::max({light.x, light.y, light.z, 1e-6f});
        sum = sum + light * std::min(1.0f, 3.0f / brightest);
      }
      const float grain = (random.Next() - 0.5f) * 0.012f;
      uint8_t* p =
          &pixels[(static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)) *
                  3];
      sum = sum * (1.0f / static_cast<float>(paths));
      p[0] = Develop(sum.x, grain);
      p[1] = Develop(sum.y, grain);
      p[2] = Develop(sum.z, grain);
    }
  });
  std::FILE* out = std::fopen(file.c_str(), "wb");
  if (out == nullptr) return false;
  std::fprintf(out, "P6\n%d %d\n255\n", width, height);
  const bool written = std::fwrite(pixels.data(), 1, pixels.size(), out) == pixels.size();
  return (std::fclose(out) == 0) && written;
}

}  // namespace
}  // namespace render

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s OUTPUT_DIRECTORY [SCENE [PATHS_PER_PIXEL [HEIGHT]]]\n",
                 argv[0]);
    return 2;
  }
  const std::string only = argc > 2 ? argv[2] : "";
  const int paths = argc > 3 ? std::atoi(argv[3]) : 48;
  const int height = argc > 4 ? std::atoi(argv[4]) : 840;
  for (const render::Scene& scene : render::Scenes()) {
    if (!only.empty() && only != scene.name) continue;
    const std::string file = std::string(argv[1]) + "/" + scene.name + ".ppm";
    if (!render::Render(scene, height * 4 / 3, height, paths, file)) {
      std::fprintf(stderr, "%s: cannot be written\n", file.c_str());
      return 1;
    }
    std::printf("%s\n", file.c_str());
  }
  return 0;
}
