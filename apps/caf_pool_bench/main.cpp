#include "caf_pool/version.hpp"

#include "echo.hpp"
#include "figure.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <sysexits.h>
#include <vector>

namespace {

using namespace caf_pool;

struct arguments {
  bool list = false;
  bool json = false;
  std::vector<std::string> figures;
  bench::run_options run;
};

void print(const bench::measurement& x, bool as_json) {
  auto ratio = x.baseline > 0 ? x.value / x.baseline : 0;
  if (as_json) {
    nlohmann::ordered_json params = nlohmann::ordered_json::object();
    for (auto& [key, value] : x.params)
      params[key] = value;
    std::cout << nlohmann::ordered_json{{"figure", x.figure},
                                        {"params", params},
                                        {"value", x.value},
                                        {"unit", x.unit},
                                        {"baseline", x.baseline},
                                        {"baseline_name", x.baseline_name},
                                        {"ratio", ratio},
                                        {"goal", x.goal},
                                        {"reached", x.reached}}
                   .dump()
              << std::endl;
    return;
  }
  std::cout << x.figure;
  for (auto& [key, value] : x.params)
    std::cout << "  " << key << ' ' << value;
  std::cout << ": " << x.value << ' ' << x.unit;
  if (x.baseline > 0)
    std::cout << "; " << x.baseline_name << ' ' << x.baseline << ", ratio "
              << ratio;
  std::cout << "; goal: " << x.goal << (x.reached ? ", reached" : ", MISSED")
            << std::endl;
}

int run_figures(const arguments& x) {
  auto reached = true;
  auto found = false;
  for (auto& figure : bench::all_figures()) {
    if (x.list) {
      std::cout << figure.id << "  " << figure.title << '\n';
      continue;
    }
    auto wanted = x.figures.empty()
                  || std::find(x.figures.begin(), x.figures.end(), figure.id)
                       != x.figures.end();
    if (!wanted)
      continue;
    found = true;
    if (auto why = figure.missing ? figure.missing(x.run) : std::string{};
        !why.empty()) {
      std::cerr << "caf_pool_bench: " << figure.id << ' ' << why << '\n';
      if (!x.figures.empty())
        return EX_USAGE;
      continue;
    }
    for (auto& m : figure.run(x.run)) {
      print(m, x.json);
      reached = reached && m.reached;
    }
  }
  if (!found && !x.list) {
    std::cerr << "caf_pool_bench: no such figure; see --list\n";
    return EX_USAGE;
  }
  return reached ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// Finds the other programs of the same build.
void find_programs(bench::run_options& x) {
  namespace fs = std::filesystem;
  std::error_code failed;
  auto self = fs::read_symlink("/proc/self/exe", failed);
  x.self = self.string();
  auto find = [&self](std::string& name, const char* place) {
    if (auto path = self.parent_path() / place; name.empty() && exists(path))
      name = path.lexically_normal().string();
  };
  find(x.node, "caf_pool_node");
  find(x.simulation, "../tests/simulation/simulate");
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures caf_pool beside its baselines."};
  arguments x;
  app.set_version_flag("-V,--version", "caf_pool_bench " + version());
  app.add_flag("--list", x.list, "Lists the figures.");
  app.add_option("--figure", x.figures, "Runs only these.");
  app.add_flag("--json", x.json, "Prints one JSON object a line.");
  app.add_option("--repeats", x.run.repeats, "Medians over so many repeats.");
  app.add_flag("--quick", x.run.quick, "Short repeats, to try it out.");
  app.add_option("--postgres", x.run.postgres,
                 "A PostgreSQL server to measure with, as libpq names it.");
  app.add_option("--postgres-control", x.run.postgres_control,
                 "What kills and starts it; see tests/bench/run.");
  app.add_option("--redis", x.run.redis,
                 "The unix socket of a Redis server to measure with.");
  app.add_option("--node", x.run.node, "The program caf_pool_node.");
  app.add_option("--simulation", x.run.simulation, "The program simulate.");
  // The other process of figures that need one.
  auto* echo = app.add_subcommand("echo", "Answers other programs.")->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ex) {
    return app.exit(ex) == 0 ? EXIT_SUCCESS : EX_USAGE;
  }
  if (echo->parsed())
    return bench::run_echo();
  find_programs(x.run);
  try {
    return run_figures(x);
  } catch (const std::exception& ex) {
    std::cerr << "caf_pool_bench: " << ex.what() << '\n';
    return EX_SOFTWARE;
  }
}
