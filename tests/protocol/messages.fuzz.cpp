// Feeds every message to CAF's decoder, as a peer's bytes do: the first byte
// picks the type. What is accepted has to survive another round.

#include "caf_pool/protocol/messages.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace caf_pool;

// As the two versions of CAF have it.
using byte_vector = std::conditional_t<
  std::is_constructible_v<caf::binary_serializer, caf::actor_system&,
                          std::vector<char>&>,
  std::vector<char>, std::vector<std::byte>>;

using all_messages
  = std::tuple<wire::hello, wire::welcome, wire::call, wire::release,
               wire::cancel, wire::renew, wire::goodbye, wire::answer,
               wire::event, wire::revoked, wire::renewed, wire::farewell,
               wire::part, wire::more>;

constexpr auto known = std::tuple_size_v<all_messages>;

static_assert(known == wire_messages::end - wire_messages::begin,
              "a message is not fuzzed");

[[maybe_unused]] bool good(bool x) {
  return x;
}

[[maybe_unused]] bool good(const caf::error& x) {
  return !x;
}

struct config : caf::actor_system_config {
  config() {
    set_fair_scheduler(*this, 2);
    register_messages<wire_messages>(*this);
  }
};

caf::actor_system& system() {
  // Never ends: libFuzzer leaves by _Exit.
  static auto* cfg = new config;
  static auto* result = new caf::actor_system{*cfg};
  return *result;
}

template <class T>
bool decode(const char* data, std::size_t size, T& x) {
  caf::binary_deserializer source{system(), data, size};
  return good(source.apply(x));
}

template <class T>
void feed(const char* data, std::size_t size) {
  T x;
  if (!decode(data, size, x))
    return;
  byte_vector bytes;
  caf::binary_serializer sink{system(), bytes};
  T back;
  if (!good(sink.apply(x))
      || !decode(reinterpret_cast<const char*>(bytes.data()), bytes.size(),
                 back)
      || !(back == x))
    std::abort();
}

template <std::size_t... Is>
void feed_one(std::size_t which, const char* data, std::size_t size,
              std::index_sequence<Is...>) {
  ((which == Is ? feed<std::tuple_element_t<Is, all_messages>>(data, size)
                : void()),
   ...);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size > 0)
    feed_one(data[0] % known, reinterpret_cast<const char*>(data + 1), size - 1,
             std::make_index_sequence<known>{});
  return 0;
}
