#include "caf_pool/front/slot_lender.hpp"

#include "caf_pool/front/pause.hpp"

#include <array>

namespace caf_pool {

namespace {

/// Where a thread found a connection of a table the last time. Valid until the
/// coarse clock moves: then the thread begins at the first slot again, so that
/// under light load all meet on the lowest slots and the others stay idle long
/// enough to be retired.
struct hint {
  std::uint64_t serial = 0;
  time_point::rep tick = 0;
  slot_index slot = 0;

  bool fits(std::uint64_t table, time_point::rep now) const noexcept {
    return serial == table && tick == now;
  }
};

/// What the front keeps for each thread.
struct thread_notes {
  std::array<hint, 4> hints;
  std::uint32_t takes = 0;

  hint& of(std::uint64_t serial) noexcept {
    return hints[serial % hints.size()];
  }
};

constinit thread_local thread_notes notes;

/// Bounds the search of a thread that finds nothing: giving the core away may
/// take longer than the tries are worth.
class search_spin {
public:
  /// Before the `n`-th try.
  bool goes_on(std::uint32_t n) noexcept {
    if (n < free_tries)
      return true;
    auto now = clock::now();
    if (n == free_tries)
      end_ = now + longest;
    return now < end_;
  }

private:
  /// These only pause.
  static constexpr std::uint32_t free_tries = 8;
  static constexpr duration longest = std::chrono::milliseconds{1};

  time_point end_{};
};

// Without the clock in all but one take: reading it costs more than the take.
time_point sample_begin() noexcept {
  if (++notes.takes % slot_lender::sample_interval != 0)
    return {};
  return clock::now();
}

} // namespace

// -- taking -------------------------------------------------------------------

// Inline, because the compiler must not look through functions that another
// library could replace; on this path it shows.
inline slot_lender::holding slot_lender::take(slot_index i) noexcept {
  auto& x = slots_.at(i);
  auto word = x.load();
  auto next = slot_rules::take(word);
  if (!next || !x.replace(word, *next))
    return {};
  if (peak_.wants_count(i)) [[unlikely]]
    peak_.count(slots_, in_use());
  return {next->generation(), i};
}

inline loan slot_lender::describe(holding what, const holder& who) noexcept {
  auto& x = slots_.at(what.slot);
  x.note(who, clock_.load(std::memory_order_relaxed), what.generation);
  return {.table = this,
          .object = x.object.load(std::memory_order_relaxed),
          .connection = {x.connection.load(std::memory_order_relaxed)},
          .generation = what.generation,
          .slot = what.slot,
          .sampled_at = sample_begin()};
}

loan slot_lender::lend(holding what, const holder& who) noexcept {
  return describe(what, who);
}

loan slot_lender::try_take(const holder& who, std::uint32_t tries) noexcept {
  auto& last = notes.of(serial_);
  auto tick = clock_.load(std::memory_order_relaxed);
  holding found;
  if (tries > 0 && last.fits(serial_, tick) && !shut()) [[likely]]
    found = take(last.slot);
  if (!found) [[unlikely]]
    found = search(tries);
  if (!found)
    return {};
  return describe(found, who);
}

slot_lender::holding slot_lender::search(std::uint32_t tries) noexcept {
  auto& last = notes.of(serial_);
  auto spin = search_spin{};
  for (std::uint32_t n = 0; n < tries && spin.goes_on(n); ++n) {
    if (auto now = gate(); now == front_gate::open) {
      auto tick = clock_.load(std::memory_order_relaxed);
      if (auto found = scan(last.fits(serial_, tick) ? last.slot : 0)) {
        last = {serial_, tick, peak_.wants_count(found.slot) ? 0 : found.slot};
        return found;
      }
    } else if (now == front_gate::closed || !uses_.brief()) {
      return {};
    }
    pause_after(n);
  }
  return {};
}

slot_lender::holding slot_lender::scan(slot_index start) noexcept {
  auto size = in_use();
  for (slot_index n = 0, i = start; n < size; ++n, ++i) {
    if (i >= size)
      i = 0;
    if (auto found = take(i))
      return found;
  }
  return {};
}

// -- giving back --------------------------------------------------------------

handed_back slot_lender::give_back(const loan& x, condition how) noexcept {
  if (x.sampled_at != time_point{}) [[unlikely]]
    record_use(x);
  // A guess that is nearly always right saves reading the word.
  auto word = slot_word{slot_state::taken, x.generation};
  auto& at = slots_.at(x.slot);
  for (;;) {
    auto next = slot_rules::release(word, x.generation, how, gate());
    if (!next)
      return handed_back::stale;
    if (!at.replace(word, *next))
      continue;
    // From here on the life of the table may be over: only the gate, the
    // slot's word and the sink may be used. A later life of the memory bears
    // that as well.
    if (next->state() != slot_state::offered)
      return settle(x.slot, word, *next);
    if (gate() == front_gate::open) [[likely]]
      return handed_back::lent_again;
    return pull_back(x.slot, *next);
  }
}

handed_back slot_lender::pull_back(slot_index i, slot_word offered) noexcept {
  if (closed())
    return handed_back::orphaned;
  auto next = slot_rules::pull_back(offered, offered.generation());
  if (!next || !slots_.at(i).replace(offered, *next))
    return handed_back::lent_again;
  sink_.released(i);
  return handed_back::to_actor;
}

handed_back slot_lender::settle(slot_index i, slot_word was,
                                slot_word is) noexcept {
  auto fenced = was.state() == slot_state::revoked;
  if (is.state() == slot_state::returned) {
    sink_.released(i);
    return fenced ? handed_back::stale : handed_back::to_actor;
  }
  if (was.has(slot_word::orphan))
    keep_alive_.drop();
  return fenced ? handed_back::stale : handed_back::orphaned;
}

void slot_lender::record_use(const loan& x) noexcept {
  if (!holds(x))
    return;
  auto took = clock::now() - x.sampled_at;
  use_times_->record(took);
  uses_.note(took);
}

bool slot_lender::holds(const loan& x) const noexcept {
  auto word = slots_.at(x.slot).load();
  return word.state() == slot_state::taken && word.generation() == x.generation;
}

// -- looking at it ------------------------------------------------------------

slot_view slot_lender::view(slot_index i) const noexcept {
  constexpr auto get = std::memory_order_acquire;
  slot_view result;
  auto* x = slots_.find(i);
  if (x == nullptr)
    return result;
  for (auto word = x->load();;) {
    result = {};
    result.slot = i;
    result.state = word.state();
    result.recall = word.has(slot_word::recall);
    result.connection = {x->connection.load(get)};
    result.generation = word.generation();
    if (word.held_by(word.generation())
        && x->noted.load(get) == word.generation()) {
      result.who = {x->thread.load(get), x->line.load(get), x->file.load(get),
                    x->label.load(get)};
      result.since = time_point{duration{x->since.load(get)}};
    }
    auto again = x->load();
    if (again == word)
      return result;
    word = again;
  }
}

histogram_snapshot slot_lender::use_times() const {
  return use_times_->snapshot();
}

} // namespace caf_pool
