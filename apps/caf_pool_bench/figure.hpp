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
  /// How to connect to a PostgreSQL server, as libpq reads it.
  std::string postgres;
  /// Program that kills and starts that server: tests/bench/postgres.
  std::string postgres_control;
  /// The unix socket of a Redis server.
  std::string redis;
  /// Program that runs seeds of the simulation.
  std::string simulation;
  /// Program of the node, for figures with two processes.
  std::string node;
  /// This program, to start it a second time.
  std::string self;
};

/// One figure of the list that the project reports.
struct figure {
  std::string id;
  std::string title;
  std::function<std::vector<measurement>(const run_options&)> run;
  /// What it cannot do without; empty means nothing.
  std::function<std::string(const run_options&)> missing = {};
};

std::vector<figure> all_figures();

figure f1_lease();
figure f2_contention();
figure f3_messages();
figure f4_select();
figure f5_connect();
figure f6_remote();
figure f7_open_loop();
figure f8_footprint();
figure f9_outage();
figure f10_simulation();
figure f24_reset();
figure f27_overload();
figure f40_get();
figure f41_pipeline();
figure f42_shared();
figure f45_remote_get();

// -- what figures cannot do without -------------------------------------------

std::string without_postgres(const run_options& x);
std::string without_redis(const run_options& x);
std::string without_node(const run_options& x);

} // namespace caf_pool::bench
