#include "caf_pool/front/slot_table.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

namespace caf_pool {

// -- life ---------------------------------------------------------------------

/// Keeps the memory of all tables: one that ends lies here until the next one
/// begins. Never destroyed, because leases may outlive every static object.
class table_shelf {
public:
  static table_shelf& instance() {
    static auto* shelf = new table_shelf;
    return *shelf;
  }

  std::shared_ptr<slot_table> get(std::shared_ptr<release_sink> sink) {
    std::lock_guard guard{mutex_};
    if (free_.empty()) {
      all_.reserve(all_.size() + 1);
      free_.reserve(all_.size() + 1);
      free_.push_back(all_.emplace_back(new slot_table));
    }
    auto* table = free_.back();
    table->begin(++serial_, std::move(sink));
    free_.pop_back();
    return {table, put_back};
  }

private:
  /// Ends a table whose last pointer is gone.
  static void put_back(slot_table* table) noexcept {
    if (!table->closed()) {
      std::shared_ptr<slot_table> {
        table, put_back
        } -> close();
      return;
    }
    table->end();
    auto& shelf = instance();
    std::lock_guard guard{shelf.mutex_};
    shelf.free_.push_back(table); // has room since the table was made
  }

  std::mutex mutex_;
  std::uint64_t serial_ = 0;
  std::vector<slot_table*> free_;
  /// Lets leak checkers find tables that only leases know.
  std::vector<slot_table*> all_;
};

std::shared_ptr<slot_table> slot_table::make(
  std::shared_ptr<release_sink> sink) {
  return table_shelf::instance().get(std::move(sink));
}

void slot_table::begin(std::uint64_t serial,
                       std::shared_ptr<release_sink> sink) {
  use_times_ = std::make_unique<histogram>();
  sink_.set(std::move(sink));
  uses_.clear();
  peak_.clear();
  serial_ = serial;
  clock_.store(0, std::memory_order_relaxed);
  gate_.store(front_gate::open, std::memory_order_seq_cst);
}

void slot_table::end() noexcept {
  for (slot_index i = 0; i < in_use(); ++i) {
    auto& x = slots_.at(i);
    x.connection.store(0, std::memory_order_relaxed);
    x.object.store(nullptr, std::memory_order_relaxed);
    x.word.store(x.load().clear().bits(), std::memory_order_seq_cst);
  }
  in_use_.store(0, std::memory_order_release);
  lowest_free_ = 0;
}

void slot_table::close(std::shared_ptr<void> what) noexcept {
  if (closed())
    return;
  gate_.store(front_gate::closed, std::memory_order_seq_cst);
  sink_.set(nullptr);
  keep_alive_.start(std::move(what), shared_from_this());
  for (slot_index i = 0; i < in_use(); ++i) {
    // Counted before the holder can see it, taken back if there is none.
    keep_alive_.add();
    auto was = change(i, slot_rules::close);
    if (!was || was->state() == slot_state::offered)
      keep_alive_.drop();
  }
  keep_alive_.drop();
}

// -- slots --------------------------------------------------------------------

std::optional<slot_word> slot_table::change(slot_index i, rule next) noexcept {
  auto* x = slots_.find(i);
  if (x == nullptr)
    return std::nullopt;
  auto word = x->load();
  for (;;) {
    auto to = next(word);
    if (!to)
      return std::nullopt;
    if (x->replace(word, *to))
      return word;
  }
}

std::optional<slot_index> slot_table::bind(connection_id id, void* object) {
  auto i = lowest_free_;
  while (i < in_use() && slots_.at(i).connection.load() != 0)
    ++i;
  if (!slots_.grow(i + 1))
    return std::nullopt;
  auto& x = slots_.at(i);
  x.object.store(object, std::memory_order_relaxed);
  x.connection.store(id.value, std::memory_order_release);
  // A late word of the former connection's holder must never fit again.
  auto word = x.load();
  x.word.store(slot_word{slot_state::empty, word.generation() + 1}.bits(),
               std::memory_order_seq_cst);
  lowest_free_ = i + 1;
  in_use_.store(std::max(in_use(), i + 1), std::memory_order_release);
  return i;
}

bool slot_table::unbind(slot_index i) noexcept {
  auto* x = slots_.find(i);
  if (x == nullptr || x->connection.load() == 0
      || x->load().state() != slot_state::empty)
    return false;
  x->connection.store(0, std::memory_order_release);
  x->object.store(nullptr, std::memory_order_relaxed);
  lowest_free_ = std::min(lowest_free_, i);
  auto size = in_use();
  while (size > 0 && slots_.at(size - 1).connection.load() == 0)
    --size;
  in_use_.store(size, std::memory_order_release);
  return true;
}

bool slot_table::offer(slot_index i) noexcept {
  if (closed() || i >= in_use() || slots_.at(i).connection.load() == 0)
    return false;
  if (!change(i, slot_rules::offer))
    return false;
  peak_.recheck();
  return true;
}

bool slot_table::withdraw(slot_index i) noexcept {
  return change(i, slot_rules::withdraw).has_value();
}

std::optional<slot_index> slot_table::withdraw_any() noexcept {
  for (slot_index i = 0; i < in_use(); ++i)
    if (withdraw(i))
      return i;
  return std::nullopt;
}

loan slot_table::grant(slot_index i, const holder& who,
                       bool to_actor) noexcept {
  if (closed() || i >= in_use() || slots_.at(i).connection.load() == 0)
    return {};
  auto& x = slots_.at(i);
  auto word = x.load();
  if (word.state() != slot_state::empty)
    return {};
  auto next = to_actor ? word.take().with(slot_word::recall) : word.take();
  if (!x.replace(word, next))
    return {};
  peak_.count(slots_, in_use());
  return lend({next.generation(), i}, who);
}

recalled slot_table::recall(slot_index i) noexcept {
  auto was = change(i, slot_rules::recall);
  if (!was)
    return recalled::nothing;
  return was->state() == slot_state::offered ? recalled::withdrawn
                                             : recalled::awaited;
}

bool slot_table::revoke(slot_index i, std::uint64_t generation) noexcept {
  auto* x = slots_.find(i);
  if (x == nullptr)
    return false;
  auto word = x->load();
  for (;;) {
    auto next = slot_rules::revoke(word, generation);
    if (!next)
      return false;
    if (x->replace(word, *next))
      return true;
  }
}

std::optional<slot_return> slot_table::collect(slot_index i) noexcept {
  auto was = change(i, slot_rules::collect);
  if (!was)
    return std::nullopt;
  return slot_return{
    .connection = {slots_.at(i).connection.load(std::memory_order_relaxed)},
    .generation = was->generation(),
    .left = was->left(),
    .fenced = was->has(slot_word::fenced)};
}

// -- the whole ----------------------------------------------------------------

void slot_table::set_shut(bool shut) noexcept {
  if (!closed())
    gate_.store(shut ? front_gate::shut : front_gate::open,
                std::memory_order_seq_cst);
}

void slot_table::advance_clock(time_point now) noexcept {
  clock_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

void slot_table::note_leased_elsewhere(std::uint32_t n,
                                       std::uint32_t in_slots) noexcept {
  peak_.note_elsewhere(n, in_slots, slots_, in_use());
}

void slot_table::set_sink(std::shared_ptr<release_sink> sink) noexcept {
  if (!closed())
    sink_.set(std::move(sink));
}

} // namespace caf_pool
