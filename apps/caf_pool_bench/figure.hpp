#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool::bench {

/// One measured number beside its baseline.
struct measurement {
  std::string figure;
  /// What was varied: {"threads", "8"}.
  std::vector<std::pair<std::string, std::string>> params;
  double value = 0;
  std::string unit;
  double baseline = 0;
  std::string baseline_name;
  /// What the project promises, for people: "at most 40 ns".
  std::string goal;
  /// Whether the promise holds in this run.
  bool reached = true;
};

struct run_options {
  /// Medians are taken over so many repeats, baseline and value in turn.
  int repeats = 5;
  /// Makes each repeat shorter, for tests of the benchmark itself.
  bool quick = false;
  /// Program that runs seeds of the simulation, for F10.
  std::string simulation;
  /// Program of the node, for figures with two processes.
  std::string node;
};

/// One figure of the list that the project reports.
struct figure {
  std::string id;
  std::string title;
  std::function<std::vector<measurement>(const run_options&)> run;
};

std::vector<figure> all_figures();

figure f1_lease();
figure f2_contention();
figure f3_messages();

} // namespace caf_pool::bench
