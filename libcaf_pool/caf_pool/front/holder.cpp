#include "caf_pool/front/holder.hpp"

#include <atomic>
#include <string_view>

namespace caf_pool {

namespace detail {

std::uint32_t next_thread_number() noexcept {
  constinit static std::atomic<std::uint32_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

} // namespace detail

std::string place_of(const holder& x) {
  if (x.file == nullptr)
    return {};
  auto file = std::string_view{x.file};
  file.remove_prefix(file.rfind('/') + 1); // nothing if there is none
  return std::string{file} + ':' + std::to_string(x.line);
}

std::string to_string(const holder& x) {
  if (x.thread == 0)
    return {};
  auto str = std::string{x.label != nullptr ? x.label : ""};
  if (x.label != nullptr)
    str += ", ";
  str += "thread " + std::to_string(x.thread);
  if (x.file != nullptr)
    str += " at " + place_of(x);
  return str;
}

} // namespace caf_pool
