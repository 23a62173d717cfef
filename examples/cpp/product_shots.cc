// Shop pictures: every subject cropped, on white, at most 800 pixels, as JPEG. One engine serves
// several threads. product_shots FOLDER INPUT...
#include <peel/peel.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <syncstream>
#include <thread>
#include <vector>

namespace {

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

void Shoot(const peel::Engine& engine, const std::string& input,
           const std::filesystem::path& output) {
  peel::CutOptions options;
  options.format = PEEL_JPEG;
  options.background = "white";
  options.crop_margin = 20;
  options.max_size = 800;
  const peel::Result shot = engine.Cut(ReadFile(input), options);
  std::ofstream file(output, std::ios::binary);
  file.write(reinterpret_cast<const char*>(shot.bytes().data()),
             static_cast<std::streamsize>(shot.bytes().size()));
  if (!file) throw std::runtime_error("cannot write " + output.string());
  std::osyncstream(std::cout) << input << " -> " << output.string() << ", " << shot.width() << " x "
                              << shot.height() << (shot.has_subject() ? "" : ", no subject")
                              << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: product_shots FOLDER INPUT... (libpeel " << peel::Version() << ")\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const std::vector<std::string> inputs(argv + 2, argv + argc);
  try {
    std::filesystem::create_directories(folder);
    const peel::Engine engine;  // loaded once, shared by all threads
    std::atomic<size_t> next = 0, done = 0;
    const auto work = [&] {
      for (size_t i = next++; i < inputs.size(); i = next++) {
        const std::string name = std::to_string(i + 1) + ".jpg";
        try {
          Shoot(engine, inputs[i], folder / name);
          ++done;
        } catch (const std::exception& error) {  // peel::Error among them
          std::osyncstream(std::cerr) << inputs[i] << ": " << error.what() << "\n";
        }
      }
    };
    std::thread helper(work);
    work();
    helper.join();
    std::cout << done << " of " << inputs.size() << " pictures in " << folder.string() << "\n";
    return done > 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
