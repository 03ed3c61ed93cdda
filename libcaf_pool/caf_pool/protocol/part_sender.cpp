#include "caf_pool/protocol/part_sender.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::wire {

void part_sender::add(std::uint64_t request, std::string payload) {
  payloads_.push_back({request, std::move(payload), 0});
}

std::string part_sender::cut() {
  auto& x = payloads_.front();
  auto result = x.bytes.substr(x.sent, part_size);
  x.sent += result.size();
  ahead_.push_back(x.request);
  if (x.sent == x.bytes.size())
    payloads_.pop_front();
  return result;
}

void part_sender::arrived(std::uint64_t request) {
  if (!ahead_.empty() && ahead_.front() == request)
    ahead_.pop_front();
}

void part_sender::give_up(std::uint64_t request) {
  std::erase_if(payloads_, [request](auto& x) { return x.request == request; });
}

void part_sender::clear() noexcept {
  payloads_.clear();
  ahead_.clear();
}

bool part_sender::holds(std::uint64_t request) const noexcept {
  return std::any_of(payloads_.begin(), payloads_.end(),
                     [request](auto& x) { return x.request == request; });
}

} // namespace caf_pool::wire
