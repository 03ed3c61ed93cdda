#include "figure.hpp"
#include "statistics.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

// F10: how many seeds of the simulation a minute plays, by what the program
// `simulate` says of itself. There is nothing to compare it with. That it finds
// every deliberate fault is shown by the tests of the simulation.

namespace caf_pool::bench {

namespace {

std::string output_of(const std::string& command) {
  struct closer {
    void operator()(std::FILE* x) const {
      ::pclose(x);
    }
  };
  auto pipe = std::unique_ptr<std::FILE, closer>{::popen(command.c_str(), "r")};
  if (pipe == nullptr)
    throw std::runtime_error{"cannot run " + command};
  std::string result;
  std::array<char, 4096> buf;
  while (std::fgets(buf.data(), static_cast<int>(buf.size()), pipe.get()))
    result += buf.data();
  return result;
}

/// Reads "..., 123456 seeds a minute".
double rate_in(const std::string& text) {
  auto end = text.find(" seeds a minute");
  if (end == std::string::npos)
    throw std::runtime_error{"the simulation told no rate: " + text};
  auto begin = text.find_last_of(" \n", end - 1);
  return std::atof(text.c_str() + (begin == std::string::npos ? 0 : begin + 1));
}

std::vector<measurement> run(const run_options& x) {
  std::vector<double> rates;
  auto seeds = x.quick ? 50 : 2000;
  for (int i = 0; i < x.repeats; ++i)
    rates.push_back(rate_in(output_of('\'' + x.simulation + "' --seeds "
                                      + std::to_string(seeds) + " --from "
                                      + std::to_string(1 + i * seeds))));
  auto value = median(rates);
  return {{"F10",
           {{"seeds", std::to_string(seeds)}},
           value,
           "seeds/min",
           0,
           "none",
           "at least 10000 seeds/min",
           value >= 10'000}};
}

std::string missing(const run_options& x) {
  if (x.simulation.empty())
    return "needs the program simulate of the tests: name it by --simulation";
  return {};
}

} // namespace

figure f10_simulation() {
  return {"F10", "simulation", run, missing};
}

} // namespace caf_pool::bench
