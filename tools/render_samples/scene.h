#pragma once

#include <span>

#include "tools/render_samples/vec.h"

namespace render {

// What a surface looks like where a ray meets it.
struct Material {
  Vec colour{0.8f, 0.8f, 0.8f};  // linear, of the diffuse part
  float coat = 0.0f;             // share of the mirror-like varnish at normal incidence, 0 to 1
  float rough = 0.3f;            // of the varnish
};

// A distance and which material it belongs to.
struct Hit {
  float distance = 1e9f;
  int material = 0;
};

// The subject stands on the plane y = 0 near the origin, some two units tall.
struct Scene {
  const char* name;
  Hit (*distance)(Vec p);               // to the subject
  Material (*material)(int id, Vec p);  // of the subject
  Material (*ground)(Vec p);            // of the plane
  Vec (*surroundings)(Vec direction);   // light from afar
  Vec bound_centre;                     // a sphere around the subject
  float bound_radius;
  Vec eye, target;
  float field_of_view;  // vertical, in degrees
  float aperture;       // radius of the lens
  Vec light;            // centre of the soft box
  float light_radius;
  Vec light_colour;
};

std::span<const Scene> Scenes();

}  // namespace render
