#include "front/front_model.hpp"

#include "front/front_world.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace caf_pool::test {

namespace {

struct world_hash {
  std::size_t operator()(const world& x) const {
    auto bytes = reinterpret_cast<const char*>(&x);
    return std::hash<std::string_view>{}({bytes, sizeof(x)});
  }
};

struct world_equal {
  bool operator()(const world& x, const world& y) const {
    return std::memcmp(&x, &y, sizeof(world)) == 0;
  }
};

/// Breadth first, so that the first violation is one of the nearest.
class explorer {
public:
  explorer(const scenario& what, fault deliberate)
    : what_(what), fault_(deliberate) {
    // nop
  }

  finding run() {
    add(first_world(), 0, "", -1);
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      auto violation = unsound(*seen_[i].here);
      if (violation.empty() && !expand(i))
        violation = unsound_end(*seen_[i].here);
      if (!violation.empty())
        return {seen_.size(), violation, way_to(i)};
    }
    return {seen_.size(), {}, {}};
  }

private:
  struct node {
    const world* here;
    std::size_t parent;
    const char* step;
    /// The caller that did the step, or -1 for the actor.
    int who;
  };

  world first_world() const {
    world w;
    w.actor.idle = static_cast<std::uint8_t>((1u << what_.slots) - 1);
    w.actor.recalls = what_.recall;
    w.actor.revokes = what_.revoke;
    w.actor.restarts = what_.restart;
    w.actor.closes = what_.close;
    for (std::size_t i = 0; i < max_callers; ++i) {
      w.callers[i].rounds = i < what_.callers ? what_.rounds : 0;
      if (i >= what_.callers)
        w.callers[i].next = caller_step::done;
    }
    return w;
  }

  void add(const world& x, std::size_t parent, const char* step, int who) {
    auto [pos, fresh] = index_.try_emplace(x, seen_.size());
    if (fresh)
      seen_.push_back({&pos->first, parent, step, who});
  }

  /// Adds all successors; returns false if there are none.
  bool expand(std::size_t i) {
    auto moved = false;
    for (std::size_t c = 0; c < what_.callers; ++c) {
      auto next = *seen_[i].here;
      if (auto name = step(next, c, what_, fault_)) {
        add(next, i, name, static_cast<int>(c));
        moved = true;
      }
    }
    for (auto choice = 0;; ++choice) {
      auto next = *seen_[i].here;
      auto name = step_actor(next, choice, what_, fault_);
      if (name == nullptr)
        return moved;
      if (*name == '\0')
        continue;
      add(next, i, name, -1);
      moved = true;
    }
  }

  std::string unsound(const world& w) const {
    for (std::size_t slot = 0; slot < what_.slots; ++slot) {
      auto users = std::count_if(w.callers.begin(), w.callers.end(),
                                 [&](const caller_state& x) {
                                   return x.uses_connection() && x.slot == slot;
                                 });
      if (users > 1)
        return "two callers hold one connection";
      auto actors = ((w.actor.idle | w.actor.busy) >> slot & 1) != 0;
      if (users > 0 && (actors || w.dropped > 0))
        return "a holder's connection is taken from under it";
      if (actors && slot_word{w.words[slot]}.state() != slot_state::empty)
        return "the actor's connection is lent behind its back";
    }
    if (w.dropped > 1)
      return "the keep-alive is dropped twice";
    return {};
  }

  /// Nothing moves any more.
  std::string unsound_end(const world& w) const {
    for (auto& x : w.callers)
      if (x.next != caller_step::done)
        return "a caller waits for ever";
    if (w.look() == front_gate::closed)
      return w.dropped == 1 ? "" : "the keep-alive is never dropped";
    for (std::size_t slot = 0; slot < what_.slots; ++slot)
      if (slot_word{w.words[slot]}.state() != slot_state::offered)
        return "a connection is lost";
    return w.look() == front_gate::open ? "" : "the front stays shut";
  }

  std::vector<std::string> way_to(std::size_t i) const {
    std::vector<std::string> result;
    for (; i != 0; i = seen_[i].parent) {
      auto& x = seen_[i];
      auto who = x.who < 0 ? std::string{"actor "}
                           : "caller " + std::to_string(x.who) + ' ';
      result.push_back(who + x.step);
    }
    std::reverse(result.begin(), result.end());
    return result;
  }

  const scenario& what_;
  fault fault_;
  std::unordered_map<world, std::size_t, world_hash, world_equal> index_;
  std::vector<node> seen_;
};

} // namespace

finding explore(const scenario& what, fault deliberate) {
  return explorer{what, deliberate}.run();
}

} // namespace caf_pool::test
