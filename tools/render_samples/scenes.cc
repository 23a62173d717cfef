// The subjects: a bath duck, a cactus in its pot, a fluffy chick, and a mug of tea.
#include <array>

#include "tools/render_samples/scene.h"

namespace render {
namespace {

constexpr float kPi = 3.14159265f;

void Join(Hit& hit, float distance, int material) {
  if (distance < hit.distance) hit = {distance, material};
}

Vec Wood(Vec p, Vec light, Vec dark) {
  const float plank = std::floor(p.z * 1.1f);
  const float rings =
      Fractal({p.x * 0.7f + plank * 7.3f, p.z * 9.0f, plank * 3.1f}, 5) + 0.1f * Noise(p * 40.0f);
  const float seam = Smoothstep(0.0f, 0.02f, std::abs(p.z * 1.1f - plank - 0.5f) - 0.475f);
  return Mix(light, dark, Clamp(rings * 1.5f - 0.3f)) * (1 - 0.7f * (seam > 0.5f));
}

// A room out of focus: warm wall, a window on the left, and lamps.
Vec Room(Vec d, Vec wall_low, Vec wall_high, Vec lamp) {
  Vec c = Mix(wall_low, wall_high, Smoothstep(-0.1f, 0.6f, d.y));
  c = c * (0.75f + 0.5f * Fractal(d * 3.0f, 3));
  const float wx = std::atan2(d.x, -d.z);
  const float window = Smoothstep(0.32f, 0.28f, std::abs(wx + 0.95f)) *
                       Smoothstep(0.32f, 0.28f, std::abs(d.y - 0.42f));
  const float cross = Smoothstep(0.012f, 0.02f, std::abs(wx + 0.95f)) *
                      Smoothstep(0.012f, 0.02f, std::abs(d.y - 0.42f));
  c = c + Vec{1.5f, 1.8f, 2.3f} * (window * cross);
  for (int i = 0; i < 9; ++i) {
    const float a = -0.2f + 0.13f * static_cast<float>(i) + 0.05f * Hash(i, 1, 0);
    const Vec at = Normalize({std::sin(a), 0.12f + 0.3f * Hash(i, 2, 0), -std::cos(a)});
    c = c + lamp * (Smoothstep(0.9990f, 0.9996f, Dot(d, at)) * (1.0f + 2.0f * Hash(i, 3, 0)));
  }
  return c;
}

// ---- duck -------------------------------------------------------------------------------------

Hit Duck(Vec p) {
  p = RotateY(p, 0.55f);
  Hit hit;
  float body = Ellipsoid(p - Vec{0, 0.62f, 0}, {1.0f, 0.62f, 0.78f});
  body = SmoothMin(body, Capsule(p, {-0.75f, 0.75f, 0}, {-1.22f, 1.15f, 0}, 0.3f, 0.06f), 0.35f);
  body = SmoothMin(body, Sphere(p - Vec{0.52f, 1.55f, 0}, 0.56f), 0.28f);
  const Vec m{p.x, p.y, std::abs(p.z)};
  const float wing =
      Ellipsoid(RotateZ(m - Vec{-0.15f, 0.78f, 0.72f}, -0.35f), {0.55f, 0.28f, 0.12f});
  body = SmoothMin(body, wing, 0.08f);
  Join(hit, body, 0);
  const Vec q = p - Vec{1.05f, 1.47f, 0};
  const float upper = Ellipsoid(RotateZ(q - Vec{0.05f, 0.05f, 0}, 0.22f), {0.3f, 0.075f, 0.25f});
  const float lower = Ellipsoid(RotateZ(q - Vec{0.0f, -0.06f, 0}, -0.16f), {0.24f, 0.06f, 0.19f});
  Join(hit, SmoothMin(upper, lower, 0.05f), 1);
  Join(hit, Sphere(m - Vec{0.88f, 1.74f, 0.32f}, 0.115f), 2);
  Join(hit, Sphere(m - Vec{0.965f, 1.785f, 0.345f}, 0.035f), 3);
  return hit;
}

Material DuckMaterial(int id, Vec) {
  switch (id) {
    case 0:
      return {{0.95f, 0.62f, 0.03f}, 0.05f, 0.18f};
    case 1:
      return {{0.85f, 0.17f, 0.02f}, 0.05f, 0.2f};
    case 2:
      return {{0.012f, 0.012f, 0.015f}, 0.06f, 0.05f};
    default:
      return {{0.95f, 0.95f, 0.95f}, 0.04f, 0.1f};
  }
}

Material Tiles(Vec p) {
  const float u = p.x * 1.4f - std::floor(p.x * 1.4f), v = p.z * 1.4f - std::floor(p.z * 1.4f);
  const float edge = std::min(std::min(u, 1 - u), std::min(v, 1 - v));
  const float joint = Smoothstep(0.015f, 0.03f, edge);
  const float tint =
      Hash(static_cast<int>(std::floor(p.x * 1.4f)), static_cast<int>(std::floor(p.z * 1.4f)), 5);
  const Vec tile = Mix(Vec{0.28f, 0.5f, 0.55f}, Vec{0.42f, 0.62f, 0.64f}, tint);
  return {Mix(Vec{0.6f, 0.6f, 0.57f}, tile, joint), 0.03f * joint, 0.08f};
}

Vec Bathroom(Vec d) {
  return Room(d, {0.45f, 0.52f, 0.55f}, {0.75f, 0.78f, 0.8f}, {3.0f, 2.6f, 2.0f});
}

// ---- cactus -----------------------------------------------------------------------------------

// Ribbed column along y: angle decides the radius; spines sit in rows on the ribs.
float Column(Vec p, float radius, float height, int ribs) {
  const float angle = std::atan2(p.z, p.x);
  const float wave = 0.5f + 0.5f * std::cos(angle * static_cast<float>(ribs));
  const Vec top{p.x, std::max(p.y - height, 0.0f) + std::min(p.y, 0.0f), p.z};
  return (Length(top) - radius * (0.84f + 0.16f * wave)) * 0.8f;
}

float Spines(Vec p, float radius, float height, int ribs) {
  const float sector = 2 * kPi / static_cast<float>(ribs);
  const float angle = std::round(std::atan2(p.z, p.x) / sector) * sector;
  const Vec q = RotateY(p, angle);  // the rib now lies along +x
  const float step = 0.16f;
  const float y = Clamp(std::round(q.y / step) * step, 0, height + radius * 0.6f);
  const float over = std::max(y - height, 0.0f);
  const float reach = std::sqrt(std::max(radius * radius - over * over, 0.0f));
  const Vec root{reach * 0.96f, y, 0};
  float d = 1e9f;
  for (int i = -1; i <= 1; ++i) {
    const Vec tip = root + Vec{0.19f, 0.09f * static_cast<float>(i) + 0.03f + over * 0.3f,
                               0.08f * static_cast<float>(i)};
    d = std::min(d, Capsule(q, root, tip, 0.007f, 0.0018f));
  }
  return d * 0.8f;
}

Hit Cactus(Vec p) {
  p = RotateY(p, -0.3f);
  Hit hit;
  const Vec pot = p - Vec{0, 0.42f, 0};
  const float taper = 0.55f + 0.13f * (p.y / 0.85f);
  float clay = Cylinder(pot, taper, 0.42f, 0.04f) * 0.9f;
  clay = std::min(clay, Cylinder(p - Vec{0, 0.8f, 0}, 0.74f, 0.11f, 0.03f));
  clay = std::max(clay, -Cylinder(p - Vec{0, 0.95f, 0}, 0.6f, 0.16f, 0.01f));
  Join(hit, clay, 0);
  Join(hit, Cylinder(p - Vec{0, 0.8f, 0}, 0.61f, 0.04f, 0.01f) - 0.03f * Noise(p * 18.0f), 1);
  const Vec c = p - Vec{0, 0.95f, 0};
  float plant = Column(c, 0.36f, 1.15f, 12);
  float spines = Spines(c, 0.36f, 1.15f, 12);
  const Vec elbow = c - Vec{0.62f, 0.72f, 0};
  plant = SmoothMin(plant, Capsule(c, {0.2f, 0.5f, 0}, {0.6f, 0.62f, 0}, 0.14f, 0.16f), 0.08f);
  plant = SmoothMin(plant, Column(elbow, 0.19f, 0.42f, 9), 0.1f);
  spines = std::min(spines, Spines(elbow, 0.19f, 0.42f, 9));
  const Vec arm = c - Vec{-0.56f, 0.55f, 0.1f};
  plant =
      SmoothMin(plant, Capsule(c, {-0.2f, 0.4f, 0}, {-0.54f, 0.48f, 0.1f}, 0.12f, 0.14f), 0.08f);
  plant = SmoothMin(plant, Column(arm, 0.16f, 0.25f, 8), 0.1f);
  spines = std::min(spines, Spines(arm, 0.16f, 0.25f, 8));
  Join(hit, plant, 2);
  Join(hit, spines, 3);
  for (int i = 0; i < 7; ++i) {  // a flower on top
    const float a = static_cast<float>(i) * 2 * kPi / 7;
    const Vec q = RotateY(c - Vec{0.04f, 1.53f, 0}, a);
    Join(hit, Ellipsoid(RotateZ(q - Vec{0.13f, 0.05f, 0}, 0.5f), {0.15f, 0.022f, 0.065f}) * 0.8f,
         4);
  }
  Join(hit, Sphere(c - Vec{0.04f, 1.56f, 0}, 0.055f), 5);
  return hit;
}

Material CactusMaterial(int id, Vec p) {
  switch (id) {
    case 0:
      return {Mix(Vec{0.5f, 0.17f, 0.07f}, Vec{0.62f, 0.26f, 0.13f}, Fractal(p * 6.0f, 4)), 0,
              0.6f};
    case 1:
      return {Vec{0.09f, 0.05f, 0.03f} * (0.5f + Noise(p * 40.0f)), 0, 1};
    case 2:
      return {Mix(Vec{0.05f, 0.2f, 0.05f}, Vec{0.12f, 0.34f, 0.09f}, Fractal(p * 5.0f, 3)), 0.03f,
              0.4f};
    case 3:
      return {{0.75f, 0.68f, 0.5f}, 0, 1};
    case 4:
      return {{0.85f, 0.08f, 0.25f}, 0.02f, 0.5f};
    default:
      return {{0.9f, 0.6f, 0.05f}, 0, 1};
  }
}

Material Table(Vec p) {
  return {Wood(p, {0.46f, 0.27f, 0.14f}, {0.2f, 0.1f, 0.045f}), 0.015f, 0.12f};
}

Vec Study(Vec d) { return Room(d, {0.3f, 0.21f, 0.16f}, {0.5f, 0.43f, 0.37f}, {5.0f, 3.0f, 1.3f}); }

// ---- chick ------------------------------------------------------------------------------------

// Hairs on a ball: the nearest root by the inverse of the spherical Fibonacci lattice (Keinert et
// al. 2015), here by trying the lattice's neighbours, and a thin cone from the root outwards.
float Fluff(Vec p, float radius, float length, int count, float seed) {
  const float r = Length(p);
  if (r > radius + length * 1.3f + 0.05f) return r - radius - length * 1.3f;
  const Vec n = p * (1 / std::max(r, 1e-6f));
  const float golden = 2.39996323f;
  const auto total = static_cast<float>(count);
  const float middle = (1 - n.y) * 0.5f * total;
  const float phi = std::atan2(n.z, n.x);
  // Roots within this many lattice steps of the point's height can be nearest.
  const int spread = 28;
  float best = 1e9f;
  for (int i = -spread; i <= spread; ++i) {
    const float k = std::floor(middle) + static_cast<float>(i);
    if (k < 0 || k >= total) continue;
    float turn = k * golden - phi;
    turn -= 2 * kPi * std::round(turn / (2 * kPi));
    const float y = 1 - (2 * k + 1) / total, ring = std::sqrt(std::max(0.0f, 1 - y * y));
    if (std::abs(turn) * ring * radius > 0.12f) continue;
    const int key = static_cast<int>(k);
    const float a = k * golden;
    const Vec root{ring * std::cos(a), y, ring * std::sin(a)};
    const Vec lean{Hash(key, 1, 7) - 0.5f, Hash(key, 2, 7) - 0.62f, Hash(key, 3, 7) - 0.5f};
    const float tall = length * (0.55f + 0.75f * Hash(key, 4, static_cast<int>(seed)));
    const Vec base = root * (radius * 0.97f);
    const Vec tip = base + Normalize(root + lean * 0.95f) * tall;
    best = std::min(best, Capsule(p, base, tip, 0.0085f, 0.0022f));
  }
  return std::min(best, 0.05f) * 0.75f;
}

Hit Chick(Vec p) {
  p = RotateY(p, 0.5f);
  Hit hit;
  const Vec body = p - Vec{0, 0.86f, 0}, head = p - Vec{0.3f, 1.72f, 0};
  Join(hit, Sphere(body, 0.68f), 0);
  Join(hit, Sphere(head, 0.42f), 0);
  Join(hit, Fluff(body, 0.68f, 0.2f, 5200, 3), 1);
  Join(hit, Fluff(head, 0.42f, 0.16f, 3000, 5), 1);
  const Vec m{p.x, p.y, std::abs(p.z)};
  Join(hit, Ellipsoid(RotateZ(p - Vec{0.86f, 1.68f, 0}, -0.15f), {0.2f, 0.075f, 0.09f}) * 0.9f, 2);
  Join(hit, Sphere(m - Vec{0.66f, 1.86f, 0.26f}, 0.085f), 3);
  for (int i = -1; i <= 1; ++i) {
    const auto t = static_cast<float>(i);
    Join(hit, Capsule(m, {0.08f, 0.05f, 0.3f}, {0.42f, 0.035f, 0.3f + 0.16f * t}, 0.05f, 0.03f), 2);
  }
  Join(hit, Capsule(m, {0.05f, 0.06f, 0.3f}, {0.0f, 0.35f, 0.26f}, 0.045f, 0.05f), 2);
  return hit;
}

Material ChickMaterial(int id, Vec p) {
  switch (id) {
    case 0:
      return {{0.75f, 0.45f, 0.08f}, 0, 1};
    case 1:
      return {Mix(Vec{0.9f, 0.6f, 0.14f}, Vec{1.0f, 0.8f, 0.35f}, Noise(p * 9.0f)), 0, 1};
    case 2:
      return {{0.8f, 0.28f, 0.06f}, 0.03f, 0.4f};
    default:
      return {{0.01f, 0.008f, 0.006f}, 0.06f, 0.04f};
  }
}

Material Meadow(Vec p) {
  const float blades = Fractal({p.x * 9, p.z * 9, 0}, 4);
  return {Mix(Vec{0.04f, 0.1f, 0.02f}, Vec{0.16f, 0.26f, 0.05f}, Clamp(blades * 1.6f - 0.3f)), 0,
          1};
}

Vec Garden(Vec d) {
  Vec c = Mix(Vec{0.1f, 0.2f, 0.05f}, Vec{0.3f, 0.42f, 0.15f}, Fractal(d * 6.0f, 4) * 1.2f);
  c = Mix(c, Vec{0.75f, 0.9f, 1.15f},
          Smoothstep(0.22f, 0.5f, d.y + 0.2f * (Noise(d * 5.0f) - 0.5f)));
  for (int i = 0; i < 14; ++i) {
    const float a = -0.9f + 0.13f * static_cast<float>(i);
    const Vec at = Normalize({std::sin(a), 0.02f + 0.25f * Hash(i, 9, 1), -std::cos(a)});
    c = c + Vec{1.2f, 1.15f, 0.5f} * (Smoothstep(0.9985f, 0.9995f, Dot(d, at)) * Hash(i, 4, 2));
  }
  return c;
}

// ---- mug --------------------------------------------------------------------------------------

Hit Mug(Vec p) {
  Hit hit;
  const Vec c = p - Vec{-0.15f, 0.86f, 0};
  float mug = Cylinder(c, 0.7f, 0.86f, 0.07f);
  mug = std::max(mug, -Cylinder(c - Vec{0, 0.1f, 0}, 0.62f, 0.86f, 0.06f));
  const Vec h = RotateX(c - Vec{0.72f, 0.0f, 0}, kPi / 2);
  const float ear = std::max(Torus({h.x, h.y, h.z * 0.82f}, 0.42f, 0.085f), -(c.x - 0.64f));
  mug = SmoothMin(mug, ear, 0.07f);
  Join(hit, mug * 0.9f, 0);
  Join(hit, Cylinder(c - Vec{0, 0.3f, 0}, 0.63f, 0.3f, 0.01f), 1);
  const Vec d = RotateX(RotateZ(p - Vec{1.32f, 0.27f, 0.72f}, 0.04f), 0.08f);
  const float dough = Torus(d, 0.38f, 0.25f);
  Join(hit, dough * 0.9f, 2);
  const float edge = 0.02f + 0.06f * Noise(d * 5.0f);
  Join(hit, std::max(Torus(d - Vec{0, 0.02f, 0}, 0.38f, 0.262f), edge - d.y) * 0.8f, 3);
  for (int i = 0; i < 46; ++i) {  // sugar strands
    const float a = static_cast<float>(i) * 2.39996f, b = 0.4f + 1.9f * Hash(i, 1, 3);
    const float ring = 0.38f + 0.27f * std::cos(b);
    const Vec at{ring * std::cos(a), 0.02f + 0.27f * std::sin(b), ring * std::sin(a)};
    const float turn = 6.28f * Hash(i, 2, 3);
    const Vec along = Vec{std::cos(turn), 0.15f, std::sin(turn)} * 0.045f;
    Join(hit, Capsule(d, at - along, at + along, 0.017f, 0.017f), 4 + i % 4);
  }
  return hit;
}

Material MugMaterial(int id, Vec p) {
  const Vec c = p - Vec{-0.15f, 0.86f, 0};
  switch (id) {
    case 0: {
      const float band = std::abs(c.y + 0.05f);
      const float angle = std::atan2(c.z, c.x) * 6;
      const bool dot = band < 0.3f && std::hypot(std::fmod(angle + 60 * kPi, 2 * kPi) - kPi,
                                                 c.y * 9 + 0.45f) < 1.25f;
      return {dot ? Vec{0.85f, 0.3f, 0.08f} : Vec{0.08f, 0.3f, 0.42f}, 0.05f, 0.08f};
    }
    case 1:
      return {{0.16f, 0.05f, 0.015f}, 0.04f, 0.03f};
    case 2:
      return {Mix(Vec{0.62f, 0.34f, 0.13f}, Vec{0.8f, 0.55f, 0.27f}, Noise(p * 8.0f)), 0.01f, 0.6f};
    case 3:
      return {{0.9f, 0.35f, 0.5f}, 0.05f, 0.15f};
    case 4:
      return {{0.95f, 0.9f, 0.85f}, 0.03f, 0.3f};
    case 5:
      return {{0.1f, 0.45f, 0.75f}, 0.03f, 0.3f};
    case 6:
      return {{0.95f, 0.75f, 0.1f}, 0.03f, 0.3f};
    default:
      return {{0.25f, 0.65f, 0.2f}, 0.03f, 0.3f};
  }
}

Material Cloth(Vec p) {
  const float weave = 0.9f + 0.1f * std::sin(p.x * 90) * std::sin(p.z * 90);
  const bool stripe = std::fmod(std::abs(p.x + 40.35f), 1.6f) < 0.5f;
  return {(stripe ? Vec{0.55f, 0.6f, 0.66f} : Vec{0.8f, 0.78f, 0.72f}) * weave, 0, 1};
}

Vec Kitchen(Vec d) {
  return Room(d, {0.55f, 0.45f, 0.33f}, {0.8f, 0.72f, 0.6f}, {4.0f, 3.2f, 2.0f});
}

constexpr std::array kScenes = {
    Scene{"duck",
          Duck,
          DuckMaterial,
          Tiles,
          Bathroom,
          {0, 1.05f, 0},
          1.75f,
          {1.4f, 2.5f, 7.4f},
          {0.1f, 0.98f, 0},
          27,
          0.06f,
          {-4, 6, 5},
          1.3f,
          {17, 16.5f, 15.5f}},
    Scene{"cactus",
          Cactus,
          CactusMaterial,
          Table,
          Study,
          {0, 1.3f, 0},
          1.75f,
          {-0.8f, 2.1f, 7.2f},
          {0, 1.27f, 0},
          29,
          0.07f,
          {-5, 5.5f, 3.5f},
          1.2f,
          {30, 27, 22}},
    Scene{"chick",
          Chick,
          ChickMaterial,
          Meadow,
          Garden,
          {0.1f, 1.15f, 0},
          1.5f,
          {1.1f, 1.7f, 7.3f},
          {0.1f, 1.12f, 0},
          25,
          0.08f,
          {4.5f, 6.5f, 3},
          1.1f,
          {34, 31, 26}},
    Scene{"mug",
          Mug,
          MugMaterial,
          Cloth,
          Kitchen,
          {0.4f, 0.9f, 0.2f},
          2.0f,
          {1.5f, 3.3f, 6.6f},
          {0.32f, 0.72f, 0},
          28,
          0.05f,
          {-4.5f, 5.5f, 2.5f},
          1.2f,
          {17, 16, 15}},
};

}  // namespace

std::span<const Scene> Scenes() { return kScenes; }

}  // namespace render
