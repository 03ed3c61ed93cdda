// Plays many seeds of the simulation and tells the rate, and the shortened
// history of a failing seed.

#include "simulation/simulate.hpp"

#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>

namespace {

using namespace caf_pool::simulation;

int usage() {
  std::cerr
    << "usage: simulate [--seeds N] [--from S]   plays seeds\n"
       "       simulate --seed S                 explains one\n"
       "       simulate --hunt N                 finds a failing one, or "
       "fails\n"
       "       simulate --shorten N              the same, and shortens "
       "it\n";
  return 64;
}

// The process's own time, because other processes share the core.
double seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int play(campaign x) {
  auto begin = seconds();
  auto ok = x.play();
  auto rate = static_cast<double>(x.played) * 60 / (seconds() - begin);
  std::cout << x.played << " seeds, " << x.inputs << " inputs, "
            << static_cast<std::uint64_t>(rate) << " seeds a minute\n";
  if (!ok)
    std::cout << explain(x.failing_seed);
  return ok ? 0 : 1;
}

/// For machines with a deliberate fault: a plan that finds it is shortened by
/// half at least, and finds the same.
int shortens(std::uint64_t seeds) {
  auto x = campaign{.seeds = seeds};
  if (x.play())
    return 1;
  auto whole = make_plan(x.failing_seed);
  auto brief = shorten(whole);
  auto before = run(whole).broken;
  auto after = run(brief).broken;
  std::cout << before << "\n"
            << after << "\nshortened from " << whole.stimuli.size() << " to "
            << brief.stimuli.size() << '\n';
  auto shorter = 2 * brief.stimuli.size() <= whole.stimuli.size();
  return shorter && kind_of(before) == kind_of(after) ? 0 : 1;
}

/// For machines with a deliberate fault: to find it is success.
int hunt(std::uint64_t seeds) {
  auto x = campaign{.seeds = seeds};
  if (x.play()) {
    std::cout << "not found within " << seeds << " seeds\n";
    return 1;
  }
  std::cout << "found by seed " << x.failing_seed << ": "
            << run(make_plan(x.failing_seed)).broken << '\n';
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  campaign x;
  for (int i = 1; i + 1 < argc; i += 2) {
    auto option = std::string{argv[i]};
    auto value = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--seeds") {
      x.seeds = value;
    } else if (option == "--from") {
      x.from = value;
    } else if (option == "--seed") {
      std::cout << explain(value);
      return run(make_plan(value)).broken.empty() ? 0 : 1;
    } else if (option == "--hunt") {
      return hunt(value);
    } else if (option == "--shorten") {
      return shortens(value);
    } else {
      return usage();
    }
  }
  return argc % 2 == 1 ? play(x) : usage();
}
