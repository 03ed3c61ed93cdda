#include "simulation/simulate.hpp"

#include "simulation/world.hpp"

#include <algorithm>

namespace caf_pool::simulation {

verdict_of_run run(const plan& what, bool keep_history) {
  verdict_of_run result;
  auto uut = world{what};
  if (keep_history)
    uut.log().keep();
  try {
    uut.play();
  } catch (const broken_promise& x) {
    result.broken = x.what();
  }
  result.inputs = uut.inputs();
  result.history = uut.log().lines();
  return result;
}

std::string kind_of(std::string broken) {
  std::erase_if(broken, [](char x) { return x >= '0' && x <= '9'; });
  return broken;
}

namespace {

/// Shortens a plan as long as it fails in the same way.
class shortener {
public:
  explicit shortener(const plan& what)
    : best_(what), kind_(kind_of(run(what).broken)) {
    // nop
  }

  plan work() {
    drop_stimuli();
    calm_workers();
    if (best_.stimuli.size() <= 20)
      calm_callers();
    drop_stimuli();
    return best_;
  }

private:
  bool accept(plan candidate) {
    if (kind_of(run(candidate).broken) != kind_)
      return false;
    best_ = std::move(candidate);
    return true;
  }

  template <class Change>
  void try_with(Change change) {
    auto candidate = best_;
    change(candidate);
    accept(std::move(candidate));
  }

  bool try_without(std::size_t from, std::size_t n) {
    auto candidate = best_;
    auto first = candidate.stimuli.begin() + static_cast<std::ptrdiff_t>(from);
    candidate.stimuli.erase(first, first + static_cast<std::ptrdiff_t>(n));
    return accept(std::move(candidate));
  }

  /// Removes pieces of the stimuli, from large to small, until none can go.
  void drop_stimuli() {
    for (auto piece = best_.stimuli.size() / 2 + 1; piece > 0;) {
      auto progress = false;
      for (std::size_t i = 0; i < best_.stimuli.size();) {
        auto n = std::min(piece, best_.stimuli.size() - i);
        if (try_without(i, n))
          progress = true;
        else
          i += n;
      }
      if (!progress || piece > 1)
        piece /= 2;
    }
  }

  void calm_workers() {
    try_with([](plan& x) { x.manners = {}; });
    try_with([](plan& x) { x.interleaves = false; });
    try_with([](plan& x) { x.timer_slack = duration::zero(); });
    try_with([](plan& x) { x.settings.front().fast_lane = false; });
    try_with([](plan& x) { x.settings.front().health_check_interval = {}; });
    try_with([](plan& x) { x.settings.front().leak_threshold = {}; });
    try_with([](plan& x) { x.settings.front().warm_up = {}; });
    try_with([](plan& x) {
      x.settings.front().sweep_interval = std::chrono::seconds{60};
    });
  }

  void calm_callers() {
    for (std::size_t i = 0; i < best_.scripts.size(); ++i) {
      try_with([i](plan& x) { x.scripts[i].end = fate::clean; });
      try_with([i](plan& x) { x.scripts[i].releases_again = {}; });
      try_with([i](plan& x) { x.scripts[i].gives_up_after = {}; });
      try_with([i](plan& x) { x.scripts[i].local = false; });
    }
  }

  plan best_;
  std::string kind_;
};

} // namespace

plan shorten(const plan& what) {
  return shortener{what}.work();
}

std::string explain(std::uint64_t seed) {
  auto whole = make_plan(seed);
  auto first = run(whole);
  if (first.broken.empty())
    return "seed " + std::to_string(seed) + " keeps every promise\n";
  auto x = shorten(whole);
  auto last = run(x, true);
  auto result = "seed " + std::to_string(seed) + ": " + first.broken + "\n";
  result += "shortened from " + std::to_string(whole.stimuli.size()) + " to "
            + std::to_string(x.stimuli.size()) + " stimuli: " + last.broken
            + "\n";
  result += "pool " + to_string(x.settings.front()) + "\n\n";
  for (auto& line : last.history)
    if (line.back() != ' ')
      result += line + '\n';
  return result + "=> " + last.broken + '\n';
}

bool campaign::play() {
  for (auto seed = from; seed < from + seeds; ++seed) {
    auto result = run(make_plan(seed));
    ++played;
    inputs += result.inputs;
    if (!result.broken.empty()) {
      failing_seed = seed;
      return false;
    }
  }
  return true;
}

} // namespace caf_pool::simulation
