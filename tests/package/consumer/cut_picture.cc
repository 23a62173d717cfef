// usage: cut_shared PICTURE OUT.png
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <peel/peel.hpp>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    std::ifstream in(argv[1], std::ios::binary);
    const std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
    const std::vector<uint8_t> picture(file.begin(), file.end());
    const peel::Engine engine;
    const peel::Result cut = engine.Cut(picture);
    std::ofstream out(argv[2], std::ios::binary);
    out.write(reinterpret_cast<const char*>(cut.bytes().data()),
              static_cast<std::streamsize>(cut.bytes().size()));
    return out ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
