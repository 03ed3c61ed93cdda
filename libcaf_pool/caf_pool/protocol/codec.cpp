#include "caf_pool/protocol/codec.hpp"

#include "caf_pool/protocol/codec_parts.hpp"

#include <string_view>

namespace caf_pool::wire {

static std::string_view name_of(content x) {
  switch (x) {
    case content::order:
      return "an order";
    case content::outcome:
      return "an outcome";
    case content::grant:
      return "a grant";
    case content::failure:
      return "an error";
    case content::operation:
      return "an operation";
    case content::names:
      return "names";
    case content::snapshot:
      return "a snapshot";
    case content::health:
      return "a health report";
    case content::event:
      return "an event";
  }
  return "something";
}

// -- shared -------------------------------------------------------------------

void put(byte_writer& out, const std::string& x) {
  out.text(x);
}

void get(byte_reader& in, std::string& x) {
  x = in.text();
}

void put(byte_writer& out, const caf_pool::error& x) {
  out.number(static_cast<std::uint8_t>(x.code));
  out.text(x.message);
  out.text(x.state);
}

void get(byte_reader& in, caf_pool::error& x) {
  x.code
    = static_cast<errc>(in.number_until(static_cast<std::uint8_t>(last_errc)));
  get(in, x.message);
  get(in, x.state);
}

result<byte_reader> open_payload(content what, std::string_view bytes) {
  if (bytes.size() > max_payload)
    return too_large(bytes.size());
  byte_reader in{bytes};
  auto version = in.byte();
  if (!in.failed() && version != codec_version)
    return error{errc::protocol_mismatch,
                 "the other side encodes by version " + std::to_string(version)
                   + ", this one by version " + std::to_string(codec_version)
                   + "; use the same release on both",
                 {}};
  if (in.byte() != static_cast<std::uint8_t>(what))
    return malformed(what);
  return in;
}

error too_large(std::uint64_t size) {
  return {errc::result_too_large,
          std::to_string(size) + " bytes where " + std::to_string(max_payload)
            + " are allowed",
          {}};
}

error malformed(content what) {
  return {errc::protocol_mismatch,
          "bytes that should hold " + std::string{name_of(what)} + " do not",
          {}};
}

std::string encode(const std::vector<std::string>& xs) {
  return encode_as(content::names, xs);
}

template <>
result<std::vector<std::string>> decode(std::string_view bytes) {
  return decode_as<std::vector<std::string>>(content::names, bytes);
}

bool holds(content what, std::string_view bytes) noexcept {
  return bytes.size() > 1
         && static_cast<std::uint8_t>(bytes[1])
              == static_cast<std::uint8_t>(what);
}

} // namespace caf_pool::wire
