#include "caf_pool/net/greeting.hpp"

#include "caf_pool/net/remote_header.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

constexpr std::string_view advice
  = "; clients connect to the port that the readiness line of a node calls "
    "remote=, 4700 unless it is configured";

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

/// Returns a header's value if that is an address, and nothing else.
std::string address_in(std::string_view said) {
  auto name = "\r\n" + lower(remote_header) + ": ";
  auto begin = lower(said).find(name);
  if (begin == std::string::npos)
    return {};
  auto value = said.substr(begin + name.size());
  value = value.substr(0, value.find('\r'));
  auto plain = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '.'
           || c == ':' || c == '[' || c == ']';
  });
  return plain && value.size() < 60 ? std::string{value} : std::string{};
}

} // namespace

std::string question_for(std::string_view address) {
  return "GET / HTTP/1.1\r\nHost: " + std::string{address}
         + "\r\nConnection: close\r\n\r\n";
}

greeting_kind judge_greeting(std::string_view said) noexcept {
  if (said.empty())
    return greeting_kind::unclear;
  if (said.front() == '\0')
    return greeting_kind::node;
  auto whole = said.find('\n') != said.npos;
  if (said.starts_with("HTTP/"))
    whole = said.find("\r\n\r\n") != said.npos;
  return whole || said.size() >= 4096 ? greeting_kind::stranger
                                      : greeting_kind::unclear;
}

std::string describe_stranger(std::string_view address, std::string_view said) {
  auto result = std::string{address};
  if (!said.starts_with("HTTP/"))
    return result + " is no node of caf_pool: another server answers there"
           + std::string{advice};
  auto remote = address_in(said);
  if (lower(said).find(lower(remote_header)) == std::string::npos)
    return result + " is no node of caf_pool: a server for HTTP answers there"
           + std::string{advice};
  if (remote.empty())
    return result
           + " is the admin port of a node that lets no clients in; set "
             "remote.enabled = true there";
  return result + " is the admin port of a node; the remote port is " + remote;
}

} // namespace caf_pool
