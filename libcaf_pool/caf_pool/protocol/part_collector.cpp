#include "caf_pool/protocol/part_collector.hpp"

#include "caf_pool/protocol/codec.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::wire {

namespace {

error misplaced(std::uint64_t request, const char* why) {
  return {errc::protocol_mismatch,
          "the payload of request " + std::to_string(request) + ' ' + why
            + "; use the same release on both sides",
          {}};
}

/// An assignment would keep the room.
void free_room(std::string& x) noexcept {
  std::string{}.swap(x);
}

} // namespace

result<void> part_collector::expect(std::uint64_t request, std::uint64_t size) {
  if (size > max_payload)
    return too_large(size);
  if (find(request) != expected_.end())
    return misplaced(request, "was announced twice");
  expected_.push_back({request, size});
  return {};
}

result<std::optional<std::string>> part_collector::add(std::uint64_t request,
                                                       std::string_view bytes) {
  auto i = find(request);
  if (i == expected_.end())
    return std::optional<std::string>{};
  if (i != expected_.begin()) {
    expected_.erase(i);
    return misplaced(request, "came before its turn");
  }
  if (bytes.size() > i->size - gathered_.size()) {
    forget(request);
    return misplaced(request, "is longer than was announced");
  }
  gathered_ += bytes;
  if (gathered_.size() < i->size)
    return std::optional<std::string>{};
  expected_.pop_front();
  return std::optional{std::exchange(gathered_, {})};
}

std::deque<part_collector::announcement>::iterator part_collector::find(
  std::uint64_t request) {
  return std::find_if(expected_.begin(), expected_.end(),
                      [request](auto& x) { return x.request == request; });
}

void part_collector::forget(std::uint64_t request) {
  auto i = find(request);
  if (i == expected_.end())
    return;
  if (i == expected_.begin())
    free_room(gathered_);
  expected_.erase(i);
}

void part_collector::clear() noexcept {
  expected_.clear();
  free_room(gathered_);
}

} // namespace caf_pool::wire
