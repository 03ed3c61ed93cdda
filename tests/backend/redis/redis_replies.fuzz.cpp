// Feeds bytes to the reader of replies, at once and one by one: both must see
// the same replies and fail for the same bytes.

#include "caf_pool/backend/redis/redis_reader.hpp"
#include "caf_pool/backend/redis/redis_reply_class.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

using namespace caf_pool;

namespace {

std::vector<redis_value> read(redis_reader& in, std::string_view bytes,
                              std::size_t piece) {
  std::vector<redis_value> result;
  while (!bytes.empty()) {
    in.feed(bytes.substr(0, piece));
    while (auto x = in.next())
      result.push_back(*std::move(x));
    bytes.remove_prefix(piece < bytes.size() ? piece : bytes.size());
  }
  return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  redis_reader whole;
  redis_reader single;
  auto xs = read(whole, bytes, size + 1);
  auto ys = read(single, bytes, 1);
  if (xs != ys || whole.failed() != single.failed())
    std::abort();
  if (whole.failed() && (whole.reason().empty() || whole.next()))
    std::abort();
  for (auto& x : xs) {
    // Every reply can be shown, and every error has a code.
    if (to_string(x).empty() && !x.text())
      std::abort();
    if (auto* why = std::get_if<redis_failure>(&x.value))
      if (!redis_error(why->text))
        std::abort();
  }
  return 0;
}
