#include "caf_pool/protocol/codec_opaque.hpp"
#include "caf_pool/protocol/codec_redis.hpp"
#include "caf_pool/protocol/codec_sql.hpp"
#include "caf_pool/protocol/messages.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>

namespace caf_pool::wire {

namespace {

// -- alternatives -------------------------------------------------------------

// A variant is the number of its alternative, and that.
template <class... Ts>
void put_variant(byte_writer& out, const std::variant<Ts...>& x) {
  out.byte(static_cast<std::uint8_t>(x.index()));
  std::visit([&out](auto& y) { put(out, y); }, x);
}

template <class... Ts>
void get_variant(byte_reader& in, std::variant<Ts...>& x) {
  auto index = std::size_t{in.byte()};
  auto read = [&]<std::size_t... Is>(std::index_sequence<Is...>) {
    return ((Is == index && (get(in, x.template emplace<Is>()), true)) || ...);
  };
  if (!read(std::index_sequence_for<Ts...>{}))
    in.fail();
}

// -- options ------------------------------------------------------------------

// Zero for none, otherwise one more than what is left.
void put_time(byte_writer& out, const std::optional<time_point>& x,
              time_point now) {
  out.number(x ? static_cast<std::uint64_t>(to_us(left_until(*x, now))) + 1
               : 0);
}

std::optional<time_point> get_time(byte_reader& in, time_point now) {
  auto left = in.number();
  if (left == 0)
    return std::nullopt;
  return add_saturated(now, from_us(static_cast<std::int64_t>(left - 1)));
}

enum flag : std::uint8_t {
  only_if_free = 1,
  read_only = 2,
  bound_by_pool = 4,
};

constexpr std::uint64_t all_flags = only_if_free | read_only | bound_by_pool;

void put(byte_writer& out, const call_options& x, time_point now) {
  put_time(out, x.wait_until, now);
  put_time(out, x.deadline, now);
  out.number(static_cast<std::uint64_t>(to_us(x.allowed)));
  out.number(static_cast<std::uint64_t>(to_us(x.expected)));
  out.byte(x.priority);
  out.number(x.tenant);
  out.byte(static_cast<std::uint8_t>((x.only_if_free ? only_if_free : 0)
                                     | (x.read_only ? read_only : 0)
                                     | (x.bound_by_pool ? bound_by_pool : 0)));
  out.text(x.holder);
}

void get(byte_reader& in, call_options& x, time_point now) {
  x.wait_until = get_time(in, now);
  x.deadline = get_time(in, now);
  x.allowed = from_us(static_cast<std::int64_t>(in.number()));
  x.expected = from_us(static_cast<std::int64_t>(in.number()));
  x.priority = in.byte();
  x.tenant = static_cast<std::uint32_t>(in.number_until(0xffffffff));
  auto flags = in.number_until(all_flags);
  x.only_if_free = (flags & only_if_free) != 0;
  x.read_only = (flags & read_only) != 0;
  x.bound_by_pool = (flags & bound_by_pool) != 0;
  x.holder = in.text();
}

} // namespace

// -- payloads -----------------------------------------------------------------

std::string encode_order(const call_options& how, const work& what,
                         time_point now) {
  byte_writer out;
  out.byte(codec_version);
  out.byte(static_cast<std::uint8_t>(content::order));
  put(out, how, now);
  put_variant(out, what.what);
  return out.take();
}

result<order> decode_order(std::string_view bytes, time_point now) {
  auto in = open_payload(content::order, bytes);
  if (!in)
    return in.error();
  auto x = order{};
  get(*in, x.how, now);
  get_variant(*in, x.what.what);
  if (!in->complete())
    return malformed(content::order);
  return x;
}

static void put(byte_writer& out, const outcome& x) {
  put_variant(out, x.value);
}

static void get(byte_reader& in, outcome& x) {
  get_variant(in, x.value);
}

static void put(byte_writer& out, const grant& x) {
  out.text(x.token);
  out.number(static_cast<std::uint64_t>(to_us(x.waited)));
}

static void get(byte_reader& in, grant& x) {
  get(in, x.token);
  x.waited = from_us(static_cast<std::int64_t>(in.number()));
}

static void put(byte_writer& out, const operation& x) {
  out.byte(static_cast<std::uint8_t>(x.what));
  out.number(static_cast<std::uint64_t>(to_us(x.limit)));
}

static void get(byte_reader& in, operation& x) {
  auto what = in.byte();
  if (what == 0 || what > static_cast<std::uint8_t>(last_verb))
    in.fail();
  x.what = static_cast<verb>(what);
  x.limit = from_us(static_cast<std::int64_t>(in.number()));
}

std::string encode(const outcome& x) {
  return encode_as(content::outcome, x);
}

std::string encode(const grant& x) {
  return encode_as(content::grant, x);
}

std::string encode(const error& x) {
  return encode_as(content::failure, x);
}

std::string encode(const operation& x) {
  return encode_as(content::operation, x);
}

template <>
result<outcome> decode(std::string_view bytes) {
  return decode_as<outcome>(content::outcome, bytes);
}

template <>
result<grant> decode(std::string_view bytes) {
  return decode_as<grant>(content::grant, bytes);
}

template <>
result<operation> decode(std::string_view bytes) {
  return decode_as<operation>(content::operation, bytes);
}

error decode_error(std::string_view bytes) {
  auto in = open_payload(content::failure, bytes);
  if (!in)
    return in.error();
  auto x = error{};
  get(*in, x);
  // One that says nothing is none that a node sends.
  return in->complete() && x ? x : malformed(content::failure);
}

} // namespace caf_pool::wire
