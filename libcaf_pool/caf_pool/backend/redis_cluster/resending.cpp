#include "caf_pool/backend/redis_cluster/resending.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace caf_pool::cluster {

namespace {

using key_list = std::vector<std::string_view>;

/// A command of the batch, and what the node said to it.
struct answered_command {
  key_list keys;
  bool reads = false;
  redirect said;
};

/// To which groups earlier commands went that use a key.
class users_of_key {
public:
  /// Stands for a command that is held.
  static constexpr std::size_t held = static_cast<std::size_t>(-1);

  /// Tells whether a command that goes to `group` keeps its place behind all
  /// earlier ones of the same key.
  bool allow(bool reads, std::size_t group) const noexcept {
    return writers_.only(group) && (reads || readers_.only(group));
  }

  void add(bool reads, std::size_t group) noexcept {
    (reads ? readers_ : writers_).add(group);
  }

private:
  struct group_set {
    bool only(std::size_t group) const noexcept {
      return !several && (!first || *first == group);
    }

    void add(std::size_t group) noexcept {
      if (!first)
        first = group;
      several = several || group == held || *first != group;
    }

    std::optional<std::size_t> first;
    bool several = false;
  };

  group_set readers_;
  group_set writers_;
};

/// Makes the plan from what is known of each command.
class resending_planner {
public:
  explicit resending_planner(const std::vector<answered_command>& all)
    : all_(all), refused_(all.size()) {
    // nop
  }

  resending run() {
    give_up_reversed();
    collect_moved();
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (refused_[i])
        place(i);
    return std::move(plan_);
  }

private:
  /// Goes from the last command to the first, and keeps what was executed.
  void give_up_reversed() {
    for (auto i = all_.size(); i-- > 0;) {
      auto& x = all_[i];
      refused_[i] = x.said && !is_reversed(x);
      if (x.said && !refused_[i])
        plan_.given_up.push_back(static_cast<std::uint32_t>(i));
      if (!x.said)
        (x.reads ? read_ : written_).insert(x.keys.begin(), x.keys.end());
    }
    std::reverse(plan_.given_up.begin(), plan_.given_up.end());
  }

  bool is_reversed(const answered_command& x) const {
    return std::any_of(x.keys.begin(), x.keys.end(), [&](auto& key) {
      return written_.contains(key) || (!x.reads && read_.contains(key));
    });
  }

  void collect_moved() {
    std::map<slot_number, const redirect*> slots;
    for (auto& x : all_)
      if (x.said.what == redirect::kind::moved)
        slots.insert_or_assign(x.said.slot, &x.said);
    for (auto& [slot, said] : slots)
      plan_.moved.push_back(*said);
  }

  void place(std::size_t i) {
    auto& x = all_[i];
    auto number = static_cast<std::uint32_t>(i);
    auto group = group_of(x.said);
    auto fits = std::all_of(x.keys.begin(), x.keys.end(), [&](auto& key) {
      return users_[key].allow(x.reads, group);
    });
    if (fits) {
      if (group == plan_.groups.size())
        plan_.groups.push_back({x.said.what, x.said.target, {}});
      plan_.groups[group].commands.push_back(number);
    } else {
      group = users_of_key::held;
      plan_.held.push_back(number);
    }
    for (auto& key : x.keys)
      users_[key].add(x.reads, group);
  }

  /// Returns the place of a group, behind the last one if it is a new one.
  std::size_t group_of(const redirect& why) const {
    auto i
      = std::find_if(plan_.groups.begin(), plan_.groups.end(), [&](auto& x) {
          return x.why == why.what && x.target == why.target;
        });
    return static_cast<std::size_t>(i - plan_.groups.begin());
  }

  const std::vector<answered_command>& all_;
  std::vector<bool> refused_;
  std::unordered_set<std::string_view> read_;
  std::unordered_set<std::string_view> written_;
  std::unordered_map<std::string_view, users_of_key> users_;
  resending plan_;
};

/// Tells whether the slot that a node named is that of the command.
bool fits_keys(const redirect& said, const key_list& keys) {
  if (said.what != redirect::kind::moved && said.what != redirect::kind::ask)
    return true;
  return !keys.empty() && slot_of(keys.front()) == said.slot;
}

} // namespace

resending plan_of_resending(std::span<const redis_command> commands,
                            std::span<const result<redis_value>> replies,
                            const node_address& from,
                            const command_facts& facts) {
  std::vector<answered_command> all(commands.size());
  auto any = false;
  for (std::size_t i = 0; i < std::min(commands.size(), replies.size()); ++i) {
    all[i].said = read_redirect(replies[i], from);
    any = any || all[i].said;
  }
  if (!any)
    return {};
  for (std::size_t i = 0; i < commands.size(); ++i) {
    auto& x = all[i];
    if (auto keys = facts.keys_of(commands[i]))
      x.keys = *std::move(keys);
    x.reads = facts.is_read(commands[i]);
    if (!fits_keys(x.said, x.keys))
      x.said = {};
  }
  return resending_planner{all}.run();
}

} // namespace caf_pool::cluster
