#include "caf_pool/actor/pool_estate.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// Tells the present pool actor about releases. Holds the estate weakly: the
/// front may live longer.
class shell_sink : public release_sink {
public:
  explicit shell_sink(std::weak_ptr<pool_estate> estate)
    : estate_(std::move(estate)) {
    // nop
  }

  void released(slot_index slot) noexcept override {
    if (auto estate = estate_.lock())
      if (auto shell = estate->shell())
        post_to(shell, slot_released{slot});
  }

private:
  std::weak_ptr<pool_estate> estate_;
};

} // namespace

pool_estate::pool_estate(const pool_config& cfg, backend_ptr w)
  : backend(std::move(w)), config(cfg), desk(cfg) {
  // nop
}

pool_estate::~pool_estate() {
  // The front would wait for them.
  for (auto& [id, entry] : vault)
    give_back(entry, condition::broken);
}

void pool_estate::finish() {
  over_.store(true);
  install({});
  for (auto& [id, entry] : vault)
    give_back(entry, condition::broken);
  slots->close(shared_from_this());
}

void pool_estate::queue(acquire_input wish, granter answer, const holder& who) {
  if (over_.load()) {
    answer.fail({errc::closed, "the pool is closed", {}});
    return;
  }
  auto shared = std::make_shared<granter>(std::move(answer));
  if (auto dst = shell())
    post_to(dst, queue_caller{std::move(wish), std::move(shared), who});
}

void pool_estate::withdraw(ticket caller) {
  if (auto dst = shell())
    post_to(dst, withdraw_caller{caller});
}

ticket pool_estate::next_ticket() noexcept {
  return ticket{tickets_.fetch_add(1, std::memory_order_relaxed) + 1};
}

slot_table& pool_estate::front() noexcept {
  return *slots;
}

pool_shell pool_estate::shell() const {
  auto guard = std::lock_guard{mutex_};
  return shell_;
}

void pool_estate::install(pool_shell next) {
  if (next)
    slots->set_sink(std::make_shared<shell_sink>(weak_from_this()));
  auto guard = std::lock_guard{mutex_};
  shell_ = std::move(next);
}

pool_machine& pool_estate::next_machine() {
  predecessor = std::move(machine);
  machine = std::make_unique<pool_machine>(config, pool_epoch{++epochs},
                                           seed_of(clock::now()));
  return *machine;
}

vault_entry& pool_estate::store(connection_id id, connection_ptr object) {
  auto held = std::make_shared<pooled_connection>();
  held->id = id;
  held->object = std::move(object);
  held->meters = meters;
  held->execute_timeout = config.execute_timeout;
  auto& entry = vault[id];
  entry.held = std::move(held);
  return entry;
}

vault_entry* pool_estate::find(connection_id id) noexcept {
  auto i = vault.find(id);
  return i != vault.end() ? &i->second : nullptr;
}

void pool_estate::hold_by_id(connection_id id, id_holder who) {
  if (auto* entry = find(id))
    entry->by_id = std::move(who);
}

bool pool_estate::held_by_id(connection_id id) noexcept {
  auto* entry = find(id);
  return entry != nullptr && entry->by_id.holder;
}

void pool_estate::give_back(vault_entry& entry, condition how) noexcept {
  if (auto held = std::exchange(entry.by_id.from_front, {}))
    slots->give_back(held, how);
}

std::optional<slot_index> pool_estate::slot_of(connection_id id) {
  auto* entry = find(id);
  if (entry == nullptr)
    return std::nullopt;
  if (!entry->slot) {
    entry->slot = slots->bind(id, entry->held.get());
    if (entry->slot)
      entry->first_generation = slots->view(*entry->slot).generation;
  }
  return entry->slot;
}

lease_end pool_estate::end_of(const slot_return& back, vault_entry& entry) {
  end_grant(entry);
  auto end = lease_end{};
  end.front_uses = front_uses(entry, back.generation);
  auto reason = std::exchange(entry.held->discarded_because, {});
  switch (back.left) {
    case condition::clean:
      break;
    case condition::dirty:
      end.left = trace::dirty;
      break;
    case condition::broken:
      end.left = trace::broken;
      if (entry.held->object->state() == trace::broken)
        end.why = {errc::connection_lost,
                   reason.empty() ? "it broke while it was leased" : reason,
                   {}};
      break;
  }
  return end;
}

void pool_estate::measure(pool_snapshot& out) const {
  out.counters.executed = meters->executed.load();
  out.counters.execute_errors = meters->execute_errors.load();
  out.counters.shed += meters->turned_away.load();
  out.counters.server_warnings = meters->warnings.count();
  out.wait_time = meters->wait_time.snapshot();
  out.open_time = meters->open_time.snapshot();
  out.execute_time = meters->execute_time.snapshot();
  out.use_time = slots->use_times();
  out.use_time += meters->use_time.snapshot();
  out.peak_leased = slots->peak_leased();
}

std::vector<std::pair<connection_id, std::string>> pool_estate::
  take_warnings() {
  std::vector<std::pair<connection_id, std::string>> result;
  auto news = meters->warnings.take();
  for (auto& x : news.kept) {
    auto& text = x.what.text;
    if (!x.what.state.empty())
      text += " (" + x.what.state + ')';
    result.emplace_back(x.connection, std::move(text));
  }
  if (news.left_out > 0)
    result.emplace_back(connection_id{}, std::to_string(news.left_out)
                                           + " more warnings were left out");
  return result;
}

void pool_estate::end_grant(vault_entry& entry) noexcept {
  if (std::exchange(entry.granted_generation, 0) != 0)
    --granted_in_slots;
}

void pool_estate::note_leases() noexcept {
  auto& table = machine->state().table;
  auto n = table.count(connection_state::leased);
  auto elsewhere = n - std::min(n, granted_in_slots);
  if (elsewhere == std::exchange(leased_elsewhere_, elsewhere))
    return;
  slots->note_leased_elsewhere(elsewhere, table.count(connection_state::offered)
                                            + granted_in_slots);
}

std::uint64_t pool_estate::front_uses(const vault_entry& entry,
                                      std::uint64_t generation) noexcept {
  return generation - entry.first_generation - entry.grants;
}

std::vector<front_view> pool_estate::look_at_front(bool with_names) {
  std::vector<front_view> result;
  slots->for_each([&](const slot_view& x) {
    auto* entry = find(x.connection);
    if (entry == nullptr)
      return;
    auto view = front_view{};
    view.connection = x.connection;
    view.taken
      = x.state == slot_state::taken || x.state == slot_state::returned;
    view.uses = front_uses(*entry, x.generation);
    view.generation = x.generation;
    auto by_id = static_cast<bool>(entry->by_id.from_front);
    view.since = by_id ? entry->by_id.since : x.since;
    if (with_names && view.taken)
      view.holder = by_id ? entry->by_id.name : to_string(x.who);
    result.push_back(std::move(view));
  });
  return result;
}

lease_id pool_estate::hold_from_front(const loan& held, id_holder who,
                                      pool_epoch epoch) {
  auto lease = lease_id::in_front(epoch, held.connection, held.generation);
  who.lease = lease;
  who.from_front = held;
  who.since = clock::now();
  hold_by_id(held.connection, std::move(who));
  return lease;
}

std::optional<lease_claim> pool_estate::claim(connection_id id) {
  auto* entry = find(id);
  if (entry == nullptr || !entry->by_id.from_front)
    return std::nullopt;
  auto held = entry->by_id.from_front;
  // So that it comes here, not to the next caller.
  slots->recall(held.slot);
  give_back(*entry, condition::clean);
  slots->collect(held.slot);
  auto& who = entry->by_id;
  return lease_claim{who.lease, who.name, who.since,
                     front_uses(*entry, held.generation)};
}

std::optional<loan> pool_estate::lend(connection_id id, const holder& who) {
  auto slot = slot_of(id);
  if (!slot)
    return std::nullopt;
  // First, because granting counts the peak: this lease is in a slot now, and
  // the one before it may have been by message.
  ++granted_in_slots;
  note_leases();
  auto held = slots->grant(*slot, who);
  if (!held) {
    --granted_in_slots;
    return std::nullopt;
  }
  auto* entry = find(id);
  ++entry->grants;
  entry->granted_generation = held.generation;
  return held;
}

void pool_estate::take_back_unused(connection_id id, const loan& held) {
  slots->give_back(held, condition::clean);
  slots->collect(held.slot);
  end_grant(*find(id));
}

void pool_estate::dismiss_workers() {
  for (auto& [id, worker] : workers)
    post_to(worker, dismiss{});
  workers.clear();
}

} // namespace caf_pool
