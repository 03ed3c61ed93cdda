#include "caf_pool/backend/redis_cluster/batch_splitter.hpp"

#include "caf_pool/core/ascii.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

namespace caf_pool::cluster {

namespace {

/// Names a command in the text of an error.
std::string described(const redis_command& x, std::size_t number) {
  constexpr std::size_t longest = 40;
  return "command " + std::to_string(number + 1) + " ("
         + without_controls(x.name().substr(0, longest)) + ")";
}

error cross_slot(const std::string& what, slot_number x, slot_number y,
                 bool can_be_cut) {
  auto text = what + " has keys in the slots " + std::to_string(x) + " and "
              + std::to_string(y)
              + "; keys lie in one slot if they share what stands in braces, "
                "as in {user:7}:name";
  if (can_be_cut)
    text += ", or let the command be cut (split)";
  return {errc::invalid_argument, std::move(text), "CROSSSLOT"};
}

error no_reply() {
  return {errc::outcome_unknown,
          "the node did not answer; the command may have been executed",
          {}};
}

void append(batch& to, redis_command command, std::uint32_t part) {
  to.work.items.push_back(std::move(command));
  to.parts.push_back(part);
}

std::optional<slot_number> other_slot(const std::vector<std::string_view>& keys,
                                      slot_number first) {
  for (auto& key : keys)
    if (auto slot = slot_of(key); slot != first)
      return slot;
  return std::nullopt;
}

/// Collects commands into one batch per node.
class batch_router {
public:
  explicit batch_router(const batch& like) : like_(like), unserved_(like) {
    unserved_.target.reset();
    unserved_.work.items.clear();
    unserved_.parts.clear();
  }

  void add(redis_command command, std::uint32_t part,
           const node_address* target) {
    if (target == nullptr) {
      append(unserved_, std::move(command), part);
      return;
    }
    auto [i, is_new] = places_.try_emplace(*target, found_.size());
    if (is_new) {
      found_.push_back({*target, false, like_.why, {{}, like_.work.as}, {}});
    }
    append(found_[i->second], std::move(command), part);
  }

  std::vector<batch> take() {
    if (!unserved_.parts.empty()) {
      unserved_.why = redirect::kind::unserved;
      found_.push_back(std::move(unserved_));
    }
    return std::move(found_);
  }

private:
  const batch& like_;
  batch unserved_;
  std::vector<batch> found_;
  std::map<node_address, std::size_t> places_;
};

} // namespace

// -- making -------------------------------------------------------------------

batch_splitter::batch_splitter(split_options options)
  : options_(std::move(options)) {
  // nop
}

result<batch_splitter> batch_splitter::make(redis_commands call,
                                            split_options options) {
  auto result = batch_splitter{std::move(options)};
  result.as_ = result.unsent_.work.as = result.held_.work.as = call.as;
  for (std::size_t i = 0; i < call.items.size(); ++i)
    if (auto added = result.add(std::move(call.items[i]), i); !added)
      return added.error();
  if (auto checked = result.check_transaction(); !checked)
    return checked.error();
  result.under_way_ = result.parts_.size();
  return result;
}

result<void> batch_splitter::add(redis_command command, std::size_t number) {
  auto keys = options_.facts.keys_of(command);
  if (!keys) {
    auto why = keys.error();
    why.message = described(command, number) + ": " + why.message;
    return why;
  }
  items_.push_back({parts_.size(), 1, merging::none});
  if (keys->empty()) {
    add_part(std::move(command), std::nullopt, {});
    return {};
  }
  auto slot = slot_of(keys->front());
  auto other = other_slot(*keys, slot);
  if (!other) {
    add_part(std::move(command), slot, {});
    return {};
  }
  auto how = as_ == redis_commands::form::pipeline ? merging_of(command)
                                                   : merging::none;
  if (!options_.split || how == merging::none)
    return cross_slot(described(command, number), slot, *other,
                      how != merging::none);
  auto pieces = cut_by_slot(command);
  items_.back().parts = pieces.size();
  items_.back().how = how;
  for (auto& x : pieces)
    add_part(std::move(x.command), x.slot, std::move(x.keys));
  return {};
}

void batch_splitter::add_part(redis_command command,
                              std::optional<slot_number> slot,
                              std::vector<std::uint32_t> keys) {
  append(unsent_, std::move(command),
         static_cast<std::uint32_t>(parts_.size()));
  parts_.push_back({slot, std::move(keys), 0, std::nullopt});
}

/// A transaction lies in one slot.
result<void> batch_splitter::check_transaction() {
  if (as_ != redis_commands::form::transaction)
    return {};
  std::optional<slot_number> first;
  for (auto& x : parts_) {
    if (first && x.slot && *x.slot != *first)
      return cross_slot("the transaction", *first, *x.slot, false);
    if (!first)
      first = x.slot;
  }
  // All of it goes where its keys are.
  for (auto& x : parts_)
    x.slot = first;
  return {};
}

// -- sending ------------------------------------------------------------------

std::vector<batch> batch_splitter::start(const slot_table& table,
                                         std::uint64_t any) {
  return route(std::exchange(unsent_, {}), table, any);
}

std::vector<batch> batch_splitter::route(batch x, const slot_table& table,
                                         std::uint64_t any) const {
  std::vector<batch> result;
  if (x.target) {
    result.push_back(std::move(x));
    return result;
  }
  // A command without keys joins another one, if there is another one.
  std::optional<node_address> anywhere;
  for (auto i : x.parts)
    if (auto& slot = parts_[i].slot; slot && !anywhere)
      if (auto* master = table.master_of(*slot))
        anywhere = *master;
  if (!anywhere)
    if (auto masters = table.masters(); !masters.empty())
      anywhere = masters[any % masters.size()];
  auto like = batch{{}, false, x.why, {{}, x.work.as}, {}};
  batch_router router{like};
  for (std::size_t i = 0; i < x.parts.size(); ++i) {
    auto& slot = parts_[x.parts[i]].slot;
    auto* target = slot       ? table.master_of(*slot)
                   : anywhere ? &*anywhere
                              : nullptr;
    router.add(std::move(x.work.items[i]), x.parts[i], target);
  }
  return router.take();
}

// -- replies ------------------------------------------------------------------

batch_splitter::step batch_splitter::answered(
  batch sent, std::vector<result<redis_value>> replies,
  const slot_table& table) {
  auto plan = resending{};
  auto from = sent.target.value_or(node_address{});
  if (as_ == redis_commands::form::pipeline)
    plan = plan_of_resending(sent.work.items, replies, from, options_.facts);
  replies.resize(sent.parts.size(), no_reply());
  for (std::size_t i = 0; i < sent.parts.size(); ++i)
    parts_[sent.parts[i]].reply = std::move(replies[i]);
  if (as_ == redis_commands::form::transaction)
    plan_transaction(sent, plan);
  under_way_ -= sent.parts.size();
  step next;
  for (auto& x : plan.moved) {
    if (follow(x, table))
      next.moved.push_back(x);
    next.leads_back = next.leads_back || x.target == sent.target;
  }
  next.refresh = !plan.moved.empty();
  for (auto& x : plan.groups)
    send_again(sent, x, table, next);
  keep_held(sent, plan.held);
  release_held(next);
  return next;
}

/// A transaction that a node refused has errors only, and was not executed: the
/// first redirect counts for all of it.
void batch_splitter::plan_transaction(const batch& sent,
                                      resending& plan) const {
  auto first = redirect{};
  for (auto i : sent.parts) {
    auto& x = parts_[i];
    if (x.reply->has_value())
      return;
    auto said = read_redirect(*x.reply, *sent.target);
    auto names_slot
      = said.what == redirect::kind::moved || said.what == redirect::kind::ask;
    if (!first && said && (!names_slot || x.slot == said.slot))
      first = said;
  }
  if (!first)
    return;
  auto& group = plan.groups.emplace_back();
  group.why = first.what;
  group.target = first.target;
  group.commands.resize(sent.parts.size());
  std::iota(group.commands.begin(), group.commands.end(), 0);
  if (first.what == redirect::kind::moved)
    plan.moved.push_back(first);
}

bool batch_splitter::follow(const redirect& said,
                            const slot_table& table) const {
  return said.target
         && (table.knows(*said.target)
             || (options_.trusted && options_.trusted(*said.target)));
}

void batch_splitter::send_again(batch& sent, const resending::group& group,
                                const slot_table& table, step& next) {
  using kind = redirect::kind;
  auto counts = group.why == kind::moved || group.why == kind::ask;
  next.refresh = next.refresh || group.why == kind::unserved;
  if (counts && group.target && !follow({group.why, 0, group.target}, table)) {
    for (auto i : group.commands) {
      auto& reply = parts_[sent.parts[i]].reply;
      auto why = reply->error();
      why.message += "; that address is neither known nor allowed";
      reply = std::move(why);
    }
    return;
  }
  batch again;
  again.target = counts ? group.target : std::nullopt;
  again.asking = group.why == kind::ask && group.target;
  // Without a target only a newer table can tell where to.
  again.why = counts && !group.target ? kind::unserved : group.why;
  again.work.as = as_;
  for (auto i : group.commands) {
    auto& x = parts_[sent.parts[i]];
    if (!counts || x.redirects++ < options_.max_redirects)
      append(again, std::move(sent.work.items[i]), sent.parts[i]);
  }
  under_way_ += again.parts.size();
  if (!again.parts.empty())
    next.batches.push_back(std::move(again));
}

void batch_splitter::keep_held(batch& sent,
                               const std::vector<std::uint32_t>& numbers) {
  under_way_ += numbers.size();
  for (auto i : numbers)
    append(held_, std::move(sent.work.items[i]), sent.parts[i]);
}

void batch_splitter::release_held(step& next) {
  if (held_.parts.empty() || under_way_ > held_.parts.size())
    return;
  // They come from several batches, whose replies came in any order.
  std::map<std::uint32_t, redis_command> ordered;
  for (std::size_t i = 0; i < held_.parts.size(); ++i)
    ordered.emplace(held_.parts[i], std::move(held_.work.items[i]));
  held_.parts.clear();
  held_.work.items.clear();
  batch released;
  released.why = redirect::kind::moved;
  released.work.as = as_;
  for (auto& [number, command] : ordered)
    append(released, std::move(command), number);
  next.batches.push_back(std::move(released));
}

batch_splitter::step batch_splitter::abandon(batch unsent, const error& why) {
  for (auto i : unsent.parts)
    if (!parts_[i].reply)
      parts_[i].reply = why;
  under_way_ -= unsent.parts.size();
  step next;
  release_held(next);
  return next;
}

redis_replies batch_splitter::finish() && {
  redis_replies all;
  all.items.reserve(items_.size());
  for (auto& x : items_) {
    if (x.how == merging::none) {
      all.items.push_back(*std::move(parts_[x.first_part].reply));
      continue;
    }
    std::vector<piece_reply> pieces;
    for (auto i = x.first_part; i < x.first_part + x.parts; ++i)
      pieces.push_back({&parts_[i].keys, &*parts_[i].reply});
    all.items.push_back(merged(x.how, pieces));
  }
  return all;
}

} // namespace caf_pool::cluster
