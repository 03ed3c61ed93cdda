#pragma once

#include "simulation/plan.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace caf_pool::simulation {

/// How a run ended.
struct verdict_of_run {
  /// Empty if every promise was kept.
  std::string broken;
  std::uint64_t inputs = 0;
  /// What happened, if it was to be kept.
  std::vector<std::string> history;
};

verdict_of_run run(const plan& what, bool keep_history = false);

/// What is broken, whoever and whichever it is about.
std::string kind_of(std::string broken);

/// Leaves out of a failing plan what it can fail without: stimuli by delta
/// debugging ("Simplifying and Isolating Failure-Inducing Input", Zeller and
/// Hildebrandt, 2002), then misbehaviour.
plan shorten(const plan& what);

/// The plan that a seed fails with, short, and what happened in it.
std::string explain(std::uint64_t seed);

/// Plays seeds until one fails; returns it, or nothing. Counts inputs.
struct campaign {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1000;
  /// Filled in.
  std::uint64_t played = 0;
  std::uint64_t inputs = 0;
  std::uint64_t failing_seed = 0;

  /// Returns whether all went well.
  bool play();
};

} // namespace caf_pool::simulation
