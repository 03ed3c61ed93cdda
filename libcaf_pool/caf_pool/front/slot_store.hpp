#pragma once

#include "caf_pool/front/holder.hpp"
#include "caf_pool/front/loan.hpp"
#include "caf_pool/front/slot_word.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace caf_pool {

/// A slot of a `slot_table`: one cache line, so that holders of different slots
/// do not disturb each other.
struct alignas(64) slot {
  /// A `slot_word`.
  std::atomic<std::uint64_t> word{0};
  /// The connection's id; 0 if no connection is bound.
  std::atomic<std::uint64_t> connection{0};
  std::atomic<void*> object{nullptr};

  // -- written by the holder --------------------------------------------------

  std::atomic<time_point::rep> since{0};
  std::atomic<const char*> file{nullptr};
  std::atomic<const char*> label{nullptr};
  std::atomic<std::uint32_t> line{0};
  std::atomic<std::uint32_t> thread{0};
  /// The generation whose holder wrote the members above; written last.
  std::atomic<std::uint64_t> noted{0};

  slot_word load() const noexcept {
    return slot_word{word.load(std::memory_order_seq_cst)};
  }

  /// Replaces `expected`, or puts the present word there and returns false.
  bool replace(slot_word& expected, slot_word next) noexcept {
    auto bits = expected.bits();
    auto ok = word.compare_exchange_strong(bits, next.bits(),
                                           std::memory_order_seq_cst);
    if (!ok)
      expected = slot_word{bits};
    return ok;
  }

  /// Writes down who holds generation `x`.
  void note(const holder& who, time_point::rep at, std::uint64_t x) noexcept;
};

// Each store releases, so that whoever reads one of the new values and then the
// word again finds the new holding there. On x86 this costs nothing.
inline void slot::note(const holder& who, time_point::rep at,
                       std::uint64_t x) noexcept {
  constexpr auto put = std::memory_order_release;
  since.store(at, put);
  file.store(who.file, put);
  label.store(who.label, put);
  line.store(who.line, put);
  thread.store(who.thread, put);
  noted.store(x, put);
}

static_assert(sizeof(slot) == 64);

/// A growing array of slots that never move and are never freed.
///
/// Thread-safety: `at` from any thread, `grow` by one thread at a time.
class slot_store {
public:
  static constexpr slot_index chunk_size = 64;
  static constexpr slot_index max_size = 16384;

  constexpr slot_store() = default;
  slot_store(const slot_store&) = delete;
  slot_store& operator=(const slot_store&) = delete;

  /// Requires that `grow` has made room for `i`.
  slot& at(slot_index i) const noexcept {
    auto* chunk = chunks_[i / chunk_size].load(std::memory_order_acquire);
    return chunk[i % chunk_size];
  }

  /// Returns nullptr for a slot that does not exist.
  slot* find(slot_index i) const noexcept {
    return i < size_.load(std::memory_order_acquire) ? &at(i) : nullptr;
  }

  slot_index size() const noexcept {
    return size_.load(std::memory_order_acquire);
  }

  /// Makes room for `size` slots; false if that is more than `max_size`.
  bool grow(slot_index size);

private:
  std::array<std::atomic<slot*>, max_size / chunk_size> chunks_{};
  std::atomic<slot_index> size_{0};
};

} // namespace caf_pool
