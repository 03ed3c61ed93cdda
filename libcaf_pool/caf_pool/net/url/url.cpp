#include "caf_pool/net/url/url.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/parse_number.hpp"

#include <boost/url/grammar/ci_string.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

namespace caf_pool {

namespace {

error bad(std::string why) {
  return {errc::invalid_argument,
          "cannot read the URL: " + std::move(why)
            + "; write scheme://user:password@host:port/path?key=value, and "
              "in a user, a password or a value %40 for @, %2F for /, %3A for "
              ":, %23 for #, %3F for ?, %26 for &, %25 for %, %20 for a blank",
          {}};
}

/// Tells whether only a colon and digits stand behind the host, if anything.
bool has_sound_port(std::string_view authority) {
  auto place = authority.substr(authority.find('@') + 1);
  if (place.starts_with('['))
    place.remove_prefix(std::min(place.find(']'), place.size()));
  auto colon = place.find(':');
  return colon == place.npos
         || place.find_first_not_of("0123456789", colon + 1) == place.npos;
}

/// Finds what the parser takes, or refuses without a reason, although its
/// writer must have meant something else. Boost 1.81 reads "//a@b@c" as the
/// host "b" and the path "@c".
std::string flaw_of(std::string_view text) {
  if (text.find("://") == text.npos)
    return "it has no scheme";
  if (text.find('#') != text.npos)
    return "there is a '#'";
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return is_blank(c) || is_control(c); }))
    return "there is a blank or a control character";
  auto rest = text.substr(text.find("://") + 3);
  auto authority = rest.substr(0, rest.find_first_of("/?"));
  if (std::count(authority.begin(), authority.end(), '@') > 1)
    return "it has several '@'";
  // Boost 1.81 reads "//a:b" as the host "a" and the path "b".
  if (!has_sound_port(authority))
    return "the port is not a number";
  if (rest.substr(authority.size()).find('@') != rest.npos)
    return "there is an '@' behind the first '/' or '?'";
  return {};
}

/// Returns 0 for a port that is not told; none for what is no port. Boost 1.81
/// takes 99999 for 34463.
std::optional<std::uint16_t> port_of(std::string_view digits) {
  if (digits.empty())
    return std::uint16_t{0};
  auto port = parse_number<std::uint16_t>(digits);
  return port && *port != 0 ? port : std::nullopt;
}

} // namespace

result<url> parse_url(std::string_view text) {
  if (auto flaw = flaw_of(text); !flaw.empty())
    return bad(std::move(flaw));
  auto parsed = boost::urls::parse_uri(text);
  if (!parsed)
    return bad(
      "a character, a port or an IPv6 address is not what RFC 3986 "
      "allows");
  auto& raw = *parsed;
  auto port = port_of(raw.port());
  if (!port)
    return bad("the port is not a number from 1 to 65535");
  auto result = url{};
  result.scheme = boost::urls::string_view{raw.scheme()};
  for (auto& c : result.scheme)
    c = boost::urls::grammar::to_lower(c);
  result.user = raw.user();
  result.password = secret{raw.password()};
  result.host = raw.host_address();
  if (*port != 0)
    result.port = *port;
  result.path = raw.path();
  for (auto option : raw.params())
    result.options.emplace_back(option.key, option.value);
  return result;
}

} // namespace caf_pool
