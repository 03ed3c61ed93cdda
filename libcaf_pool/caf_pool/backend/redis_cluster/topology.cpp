#include "caf_pool/backend/redis_cluster/topology.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::cluster {

namespace {

using std::chrono::seconds;

/// How often idle connections are looked through.
constexpr duration sweep_interval = seconds{30};

/// Clocks overflow beyond the end of time.
constexpr duration longest_wait = std::chrono::hours{1};

/// How long an address may take to be confirmed.
constexpr duration longest_doubt = seconds{2};

void add_once(std::vector<node_address>& to, const node_address& x) {
  if (std::find(to.begin(), to.end(), x) == to.end())
    to.push_back(x);
}

} // namespace

topology::topology(node_pools& nodes, std::vector<node_address> seeds,
                   const refresh_config& config)
  : nodes_(nodes),
    seeds_(std::move(seeds)),
    now_{std::make_shared<slot_table>(), 0},
    policy_(config, random_source{seed_of(clock::now())}),
    asker_(nodes) {
  // nop
}

topology::view topology::now() const {
  auto lock = guard{mutex_};
  return now_;
}

result<void> topology::first(const std::stop_token& stop, time_point deadline) {
  auto lock = guard{mutex_};
  if (now_.table->covered() > 0)
    return {};
  if (!thread_.joinable())
    thread_ = std::jthread{[this](const std::stop_token& x) { run(x); }};
  policy_.want_urgently(clock::now());
  changed_.notify_all();
  auto before = failures_;
  auto done = [&] { return now_.table->covered() > 0 || failures_ != before; };
  auto end = std::min(deadline, add_saturated(clock::now(), longest_wait));
  changed_.wait_until(lock, stop, end, done);
  if (now_.table->covered() > 0)
    return {};
  if (stop.stop_requested())
    return error{errc::cancelled, "the opening was called off", {}};
  if (last_)
    return last_;
  return error{
    errc::open_timeout, "no node of the cluster told its slots in time", {}};
}

void topology::learn(const redirect& moved) {
  auto lock = guard{mutex_};
  auto next = learned(now_.table, moved.slot, *moved.target);
  if (next == now_.table)
    return;
  now_ = {std::move(next), now_.version + 1};
  changed_.notify_all();
}

void topology::want(const std::optional<node_address>& whom) {
  auto lock = guard{mutex_};
  policy_.want(clock::now(), whom);
  changed_.notify_all();
}

void topology::want_urgently() {
  auto lock = guard{mutex_};
  policy_.want_urgently(clock::now());
  changed_.notify_all();
}

bool topology::wait(std::uint64_t version, time_point deadline,
                    const std::function<bool()>& woken) const {
  auto lock = guard{mutex_};
  auto is_new = [&] { return now_.version != version; };
  auto end = std::min(deadline, add_saturated(clock::now(), longest_wait));
  changed_.wait_until(lock, end, [&] { return is_new() || woken(); });
  return is_new();
}

void topology::wake() const {
  auto lock = guard{mutex_};
  changed_.notify_all();
}

bool topology::confirms(const node_address& node, time_point deadline) {
  auto lock = guard{mutex_};
  auto end = std::min(deadline, add_saturated(clock::now(), longest_doubt));
  doubt_ = true;
  policy_.want_urgently(clock::now());
  changed_.notify_all();
  // An answer that is under way may be older than the node.
  auto enough = answers_ + (policy_.asking() ? 2 : 1);
  changed_.wait_until(lock, end,
                      [&] { return names(node) || answers_ >= enough; });
  return names(node);
}

bool topology::names(const node_address& x) const {
  return now_.table->knows(x)
         || std::find(members_.begin(), members_.end(), x) != members_.end();
}

std::vector<node_address> topology::nodes_to_ask() const {
  auto lock = guard{mutex_};
  return order(lock);
}

// -- asking -------------------------------------------------------------------

/// Whom callers name comes first, then who answered last, then masters.
std::vector<node_address> topology::order(const guard&) const {
  std::vector<node_address> result;
  if (policy_.whom())
    result.push_back(*policy_.whom());
  if (answered_)
    add_once(result, *answered_);
  for (auto& x : now_.table->masters())
    add_once(result, x);
  for (auto& x : seeds_)
    add_once(result, x);
  for (auto& x : now_.table->nodes())
    add_once(result, x);
  return result;
}

void topology::run(const std::stop_token& stop) {
  auto lock = guard{mutex_};
  auto next_sweep = add_saturated(clock::now(), sweep_interval);
  while (!stop.stop_requested()) {
    auto now = clock::now();
    if (policy_.begin(now)) {
      refresh(lock, stop);
    } else if (now >= next_sweep) {
      next_sweep = add_saturated(now, sweep_interval);
      auto table = now_.table;
      lock.unlock();
      nodes_.keep(*table);
      lock.lock();
    } else {
      auto due = [&] { return clock::now() >= policy_.next(); };
      auto end = std::min(policy_.next(), next_sweep);
      changed_.wait_until(lock, stop, end,
                          [&] { return due() || policy_.next() < end; });
    }
  }
}

void topology::refresh(guard& lock, const std::stop_token& stop) {
  auto nodes = order(lock);
  auto present = now_.table;
  auto doubt = std::exchange(doubt_, false);
  lock.unlock();
  std::vector<node_address> members;
  auto got = asker_.ask(nodes, *present, stop, doubt ? &members : nullptr);
  lock.lock();
  ++answers_;
  if (doubt)
    members_ = std::move(members);
  if (got) {
    take(*std::move(got), lock);
  } else {
    last_ = got.error();
    ++failures_;
    policy_.failed(clock::now());
  }
  changed_.notify_all();
}

void topology::take(slot_table next, guard& lock) {
  auto changed = !next.serves_as(*now_.table);
  auto table = std::make_shared<const slot_table>(std::move(next));
  now_ = {table, now_.version + (changed ? 1 : 0)};
  last_ = {};
  answered_ = asker_.answered();
  policy_.finished(clock::now(), changed);
  if (!changed)
    return;
  lock.unlock();
  nodes_.keep(*table);
  lock.lock();
}

} // namespace caf_pool::cluster
